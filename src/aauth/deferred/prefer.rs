//! `Prefer: wait=N` (RFC 7240): for how many seconds a request may be held.

/// Preferences looked at.
const MAX_PREFERENCES: usize = 16;

/// For how long the sender of this `Prefer` header will wait, at most `cap` seconds. `None` where it does not say, or
/// says it in no way that RFC 7240 knows; the first of several counts.
pub fn prefer_wait(header: &str, cap: u32) -> Option<u32> {
    let preference = |text: &str| {
        // Parameters may follow; `wait` has none.
        let (name, value) = text.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().to_owned())
    };
    let stated = header.split(',').take(MAX_PREFERENCES).find_map(preference)?;
    let digits = stated.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&stated);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Too large for the type is "a very long time", not an error.
    Some(digits.parse().unwrap_or(u32::MAX).min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_preference_says() {
        for (header, seconds) in [
            ("wait=45", Some(45)),
            ("Wait = \"45\"", Some(45)),
            ("respond-async, wait=10", Some(10)),
            ("wait=10; foo=\"bar\"", Some(10)),
            ("wait=5, wait=50", Some(5)),
            ("wait=0", Some(0)),
            ("wait=600", Some(60)),
            ("wait=99999999999999999999", Some(60)),
            ("wait", None),
            ("wait=", None),
            ("wait=-1", None),
            ("wait=soon", None),
            ("await=45", None),
            ("return=minimal", None),
            ("", None),
        ] {
            assert_eq!(prefer_wait(header, 60), seconds, "{header}");
        }
    }

    #[test]
    fn a_long_header_is_not_read_to_its_end() {
        assert_eq!(prefer_wait(&format!("{}wait=1", "a,".repeat(1000)), 60), None);
    }
}
