//! Whether a body is said to be JSON, in the encoding in which it is read here.
//!
//! Some frameworks decode a body by the `charset` that the sender names: in another one than UTF-8 the same bytes are
//! another call.

use crate::aauth::message::Fields;

/// JSON in UTF-8, not compressed.
pub(super) fn is_json(fields: &Fields) -> bool {
    let Some(media) = fields.single("content-type") else { return false };
    let mut parts = media.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && !fields.has("content-encoding")
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_json() {
        let is = |lines: &[(&str, &str)]| {
            is_json(&Fields::lines(lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))))
        };
        for media in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/a2a+json",
            "application/json; profile=x",
        ] {
            assert!(is(&[("content-type", media)]), "{media}");
        }
        for media in ["text/plain", "application/json; charset=ibm037", "application/jsonx", "", "application/xml"] {
            assert!(!is(&[("content-type", media)]), "{media}");
        }
        assert!(!is(&[]));
        assert!(!is(&[("content-type", "application/json"), ("content-encoding", "gzip")]));
        assert!(!is(&[("content-type", "application/json"), ("content-type", "text/plain")]));
    }
}
