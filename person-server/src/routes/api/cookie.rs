//! The session's cookie: unreadable to scripts, sent to this origin alone and by its own pages alone.

use aauth_authorizer::aauth::identifier::ServerId;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::domain::session::{LASTS, Secret};

/// Its name where cookies can be `Secure`: the prefix makes browsers insist on that, on `Path=/`, and on this very host.
const NAME: &str = "__Host-person-server";
/// Its name on a loopback issuer without TLS.
const PLAIN_NAME: &str = "person-server";

fn is_secure(issuer: &ServerId) -> bool {
    !issuer.as_str().starts_with("http://")
}

fn name(issuer: &ServerId) -> &'static str {
    if is_secure(issuer) { NAME } else { PLAIN_NAME }
}

/// The session's secret that a request carries. Two of them are none: one of them was planted.
pub(super) fn read(headers: &HeaderMap, issuer: &ServerId) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == self::name(issuer)).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.to_owned()),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// `Set-Cookie` that keeps a session's secret.
pub(super) fn keep(secret: &Secret, issuer: &ServerId) -> Option<HeaderValue> {
    line(issuer, &secret.reveal(), LASTS)
}

/// `Set-Cookie` that forgets it.
pub(super) fn forget(issuer: &ServerId) -> Option<HeaderValue> {
    line(issuer, "", 0)
}

fn line(issuer: &ServerId, value: &str, max_age: i64) -> Option<HeaderValue> {
    let secure = if is_secure(issuer) { "; Secure" } else { "" };
    let line = format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}", name(issuer));
    let mut line = HeaderValue::try_from(line).ok()?;
    line.set_sensitive(true);
    Some(line)
}

#[cfg(test)]
mod tests {
    use aauth_authorizer::aauth::identifier::IdentifierRules;

    use super::*;
    use crate::domain::session::SecretKind;

    fn issuer(text: &str) -> ServerId {
        ServerId::parse_under(text, IdentifierRules::LoopbackAllowed).unwrap()
    }

    #[test]
    fn it_is_bound_to_the_host_where_there_is_tls() {
        let secret = Secret::new(SecretKind::Session, [0; 32]);
        let line = keep(&secret, &issuer("https://ps.example")).unwrap();
        let line = line.to_str().unwrap();
        assert!(line.starts_with("__Host-person-server=pss_AAAA"), "{line}");
        assert!(line.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"), "{line}");
        let plain = keep(&secret, &issuer("http://localhost:8765")).unwrap();
        assert!(plain.to_str().unwrap().starts_with("person-server=pss_"), "{plain:?}");
        assert!(plain.to_str().unwrap().ends_with("SameSite=Strict"), "{plain:?}");
    }

    #[test]
    fn one_is_read_and_a_planted_second_makes_it_none() {
        let read = |lines: &[&'static str]| {
            let lines = lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line)));
            super::read(&lines.collect(), &issuer("https://ps.example"))
        };
        assert_eq!(read(&["a=b; __Host-person-server=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(read(&["person-server=x"]), None);
        assert_eq!(read(&["__Host-person-server=x; __Host-person-server=y"]), None);
        let mut two = HeaderMap::new();
        two.append(header::COOKIE, HeaderValue::from_static("__Host-person-server=x"));
        two.append(header::COOKIE, HeaderValue::from_static("__Host-person-server=y"));
        assert_eq!(super::read(&two, &issuer("https://ps.example")), None);
    }
}
