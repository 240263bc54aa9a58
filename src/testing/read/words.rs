//! Single values that only suites have.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use crate::aauth::identifier::{AgentId, IdentifierRules};
use crate::authorizer::config::error::{Fault, quotable};
use crate::authorizer::config::reader::Parsed;
use crate::authorizer::config::{duration, values};
use crate::clock::Seconds;

/// A point in time: RFC 3339 in UTC, or seconds since 1970.
pub(super) fn time(text: &str) -> Parsed<Seconds> {
    if let Ok(seconds) = text.parse::<Seconds>() {
        return Ok(seconds);
    }
    let parsed = humantime::parse_rfc3339(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let seconds = parsed.and_then(|since| Seconds::try_from(since.as_secs()).ok());
    seconds.ok_or_else(|| {
        Fault::new(format!("`{}` is not a time", quotable(text))).hint("write it as `2026-01-31T09:30:00Z`")
    })
}

/// A span of time of either sign, in seconds: `5m`, `-30s`.
pub(super) fn span(text: &str) -> Parsed<Seconds> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parsed = duration::within(Duration::ZERO..=Duration::from_hours(24 * 366))(rest)?;
    Ok(sign * Seconds::try_from(parsed.as_secs()).unwrap_or(Seconds::MAX))
}

/// The identifier of an agent.
pub(super) fn agent_id(rules: IdentifierRules) -> impl Fn(&str) -> Parsed<AgentId> {
    move |text| {
        AgentId::parse_under(text, rules)
            .map_err(|why| Fault::new(why.to_string()).hint("write it as `aauth:robot@agents.example`"))
    }
}

/// An address.
pub(super) fn ip(text: &str) -> Parsed<IpAddr> {
    text.parse().map_err(|_| Fault::new(format!("`{}` is not an IP address", quotable(text))))
}

/// A method, as it is sent.
pub(super) fn method(text: &str) -> Parsed<String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
        return Ok(text.to_owned());
    }
    Err(Fault::new(format!("`{}` is not a method", quotable(text))).hint("such as `GET`"))
}

/// A path, with or without a query. Whether it is a good one is for the test to find out.
pub(super) fn target(text: &str) -> Parsed<String> {
    // A request line ends at white space, so nothing sends it.
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Fault::new(format!("`{}` is not a path", quotable(text))).hint("such as `/v1/orders`"));
    }
    Ok(text.to_owned())
}

/// A header field's name, in any case.
pub(super) fn field_name(text: &str) -> Parsed<String> {
    values::field_name(&text.to_ascii_lowercase())
}

/// Any text, also none.
#[expect(clippy::unnecessary_wraps, reason = "it stands where parsers stand")]
pub(super) fn any(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

/// Scopes, separated by white space.
#[expect(clippy::unnecessary_wraps, reason = "it stands where parsers stand")]
pub(super) fn scopes(text: &str) -> Parsed<BTreeSet<String>> {
    Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
}

/// A mission: its digest, or a name that stands for the digest of that name.
#[expect(clippy::unnecessary_wraps, reason = "it stands where parsers stand")]
pub(super) fn mission(text: &str) -> Parsed<String> {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    use sha2::{Digest as _, Sha256};
    Ok(match BASE64_URL_SAFE_NO_PAD.decode(text) {
        Ok(digest) if digest.len() == 32 => text.to_owned(),
        Ok(_) | Err(_) => BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_read() {
        assert_eq!(time("2026-01-01T12:00:00Z").unwrap(), super::super::DEFAULT_NOW);
        assert_eq!(time("17").unwrap(), 17);
        assert!(time("yesterday").is_err());
        assert_eq!((span("-2m").unwrap(), span("+5s").unwrap(), span("1h").unwrap()), (-120, 5, 3600));
        assert!(span("5").is_err());
    }

    #[test]
    fn a_mission_is_a_digest_or_stands_for_one() {
        let digest = mission("summer holidays").unwrap();
        assert_eq!(mission(&digest).unwrap(), digest);
        assert_ne!(mission("winter holidays").unwrap(), digest);
    }
}
