//! Parsers of single values that more than one section uses.

use std::ops::RangeInclusive;

use super::error::{Fault, quotable};
use super::reader::{Parsed, nearest};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// `true` or `false`.
pub(crate) fn flag(text: &str) -> Parsed<bool> {
    word("a switch", &[("true", true), ("false", false)])(text)
}

/// A whole number within bounds.
pub(crate) fn count(range: RangeInclusive<usize>) -> impl Fn(&str) -> Parsed<usize> {
    move |text| match text.parse() {
        Ok(n) if range.contains(&n) => Ok(n),
        Ok(_) | Err(_) => {
            let (low, high) = (range.start(), range.end());
            Err(Fault::new(format!("`{}` is not a whole number from {low} to {high}", quotable(text))))
        }
    }
}

/// A fraction from 0 to 1.
pub(crate) fn ratio(text: &str) -> Parsed<f64> {
    let number = text.parse().ok().filter(|n| (0.0..=1.0).contains(n));
    number.ok_or_else(|| Fault::new(format!("`{}` is not a number from 0 to 1", quotable(text))))
}

/// Text that is not empty, of a bounded length.
pub(crate) fn text(text: &str) -> Parsed<String> {
    if text.trim().is_empty() {
        return Err(Fault::new("is empty"));
    }
    if text.len() > 4096 {
        return Err(Fault::new("is longer than 4096 bytes"));
    }
    Ok(text.to_owned())
}

/// One of a few words, each standing for a value.
pub(crate) fn word<T: Copy>(what: &'static str, choices: &'static [(&'static str, T)]) -> impl Fn(&str) -> Parsed<T> {
    move |text| {
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        let words = choices.iter().map(|(word, _)| *word);
        let folded = text.trim().to_lowercase();
        let near = words.clone().find(|w| w.to_lowercase() == folded).or_else(|| nearest(text, words.clone()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}", words.map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or ")),
        };
        Err(Fault::new(format!("`{}` is not {what}", quotable(text))).hint(hint))
    }
}

/// The identifier of a server, under the deployment's rules.
pub(crate) fn server_id(rules: IdentifierRules) -> impl Fn(&str) -> Parsed<ServerId> {
    move |text| {
        ServerId::parse_under(text, rules).map_err(|why| {
            let fault = Fault::new(why.to_string());
            let trimmed = text.trim_end_matches('/');
            if ServerId::parse_under(text, IdentifierRules::LoopbackAllowed).is_ok() {
                fault.hint(LOOPBACK_HINT)
            } else if trimmed != text && ServerId::parse_under(trimmed, rules).is_ok() {
                fault.hint(format!("write `{trimmed}`"))
            } else {
                fault
            }
        })
    }
}

/// How a file for a developer's machine is mended.
pub(crate) const LOOPBACK_HINT: &str =
    "on a development machine set `development: { loopback_issuers: true }` to admit loopback issuers";

/// A host as requests name it: `orders.example`, `orders.localhost:3000`, `[::1]:8080`.
pub(crate) fn host(text: &str) -> Parsed<String> {
    let wrong = |message: &str| Fault::new(format!("`{}` {message}", quotable(text)));
    if let Some((_, rest)) = text.split_once("://") {
        let bare = rest.split('/').next().unwrap_or(rest).to_ascii_lowercase();
        return Err(wrong("is not a host: it has a scheme").hint(format!("write `{}`", quotable(&bare))));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        let lower = text.to_ascii_lowercase();
        return Err(wrong("is not in lower case").hint(format!("write `{}`", quotable(&lower))));
    }
    if text.is_empty() || text.len() > 255 {
        return Err(wrong("is not a host: it is empty or too long"));
    }
    let (name, port) = crate::aauth::identifier::split_port(text);
    if port.is_some_and(|p| p.parse::<u16>().is_err()) {
        return Err(wrong("is not a host: its port is not a number"));
    }
    let literal = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let is_name = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if literal.map_or_else(|| is_name(name), |ip| ip.parse::<std::net::Ipv6Addr>().is_ok()) {
        return Ok(text.to_owned());
    }
    Err(wrong("is not a host: hosts are names or addresses, each written out, with an optional port"))
}

/// The name of a header field, in lower case.
pub(crate) fn field_name(text: &str) -> Parsed<String> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(legal) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("`{}` is not a header field name in lower case", quotable(text)));
    let lower = text.to_ascii_lowercase();
    if lower != text && !lower.is_empty() && lower.bytes().all(legal) {
        return Err(fault.hint(format!("write `{lower}`")));
    }
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<T: std::fmt::Debug>(parsed: Parsed<T>) -> String {
        parsed.unwrap_err().to_string()
    }

    #[test]
    fn hosts_are_told_apart_from_urls() {
        for ok in ["orders.example", "orders.localhost:3000", "127.0.0.1:8080", "[::1]:8080", "orders"] {
            assert_eq!(host(ok).unwrap(), ok);
        }
        assert_eq!(
            said(host("https://A.example/x")),
            "`https://A.example/x` is not a host: it has a scheme; write `a.example`"
        );
        assert_eq!(said(host("A.example")), "`A.example` is not in lower case; write `a.example`");
        for bad in ["", "a.example/x", "*.example", "a b", "a.example:x", "a:1:2", "[::1", "a.example:99999"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_are_corrected() {
        assert_eq!(said(flag("yes")), "`yes` is not a switch; write `true` or `false`");
        assert_eq!(said(flag("True")), "`True` is not a switch; did you mean `true`?");
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(count(1..=10)("10").unwrap(), 10);
        assert_eq!(said(count(1..=10)("0")), "`0` is not a whole number from 1 to 10");
        for bad in ["-1", "1.5", "ten", ""] {
            assert!(count(0..=10)(bad).is_err(), "{bad}");
        }
        for bad in ["1.01", "-0.1", "NaN", "all"] {
            assert!(ratio(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_issuers_are_told_of_the_switch() {
        let strict = server_id(IdentifierRules::Strict);
        assert!(said(strict("http://127.0.0.1:8765")).contains("loopback_issuers: true"));
        assert!(!said(strict("http://ps.example")).contains("loopback_issuers"));
        assert!(said(strict("https://ps.example/")).ends_with("; write `https://ps.example`"));
        assert!(server_id(IdentifierRules::LoopbackAllowed)("http://127.0.0.1:8765").is_ok());
    }

    #[test]
    fn field_names_are_lower_case() {
        assert_eq!(
            said(field_name("X-Tenant")),
            "`X-Tenant` is not a header field name in lower case; write `x-tenant`"
        );
        assert!(field_name("x tenant").is_err());
        assert_eq!(field_name("x-tenant").unwrap(), "x-tenant");
    }
}
