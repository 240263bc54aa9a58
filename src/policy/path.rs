//! One path, one reading.
//!
//! A policy names paths, and the server behind the gateway reads them again. Wherever the two could read differently
//! (`/v1/../admin`, `/v1//admin`, `/v1%2f..`, `/admin;x`), a permit or a forbid could be slipped past, so a path that
//! admits two readings is refused rather than guessed at. What remains is percent-decoded and loses one trailing
//! slash, so that `/%61dmin`, `/admin/` and `/admin` are the same path to a policy.

/// The longest path that is read, in bytes.
const MAX_LENGTH: usize = 8192;

/// The most segments a path may have; each is a parent to build.
const MAX_SEGMENTS: usize = 64;

/// The path as policies know it, or why it is refused.
pub fn canonical(path: &str) -> Result<String, &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("the path does not start with a slash");
    };
    if path.len() > MAX_LENGTH {
        return Err("the path is too long");
    }
    if rest.split('/').count() > MAX_SEGMENTS {
        return Err("the path has too many segments");
    }
    let rest = match rest.strip_suffix('/') {
        Some("") => return Err("the path has an empty segment"),
        Some(rest) => rest,
        None => rest,
    };
    let mut canonical = String::with_capacity(path.len());
    if !rest.is_empty() {
        for raw in rest.split('/') {
            canonical.push('/');
            push_segment(&mut canonical, raw)?;
        }
    }
    Ok(if canonical.is_empty() { "/".to_owned() } else { canonical })
}

/// A canonical path and each prefix of it, down to the root.
pub(super) fn prefixes(canonical: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(canonical), |path| match path.rsplit_once('/') {
        Some(("", "")) | None => None,
        Some(("", _)) => Some("/"),
        Some((parent, _)) => Some(parent),
    })
}

fn push_segment(canonical: &mut String, raw: &str) -> Result<(), &'static str> {
    let decoded = percent_decode(raw, false).ok_or("the path has a broken percent escape")?;
    if decoded.is_empty() {
        return Err("the path has an empty segment");
    }
    if decoded == "." || decoded == ".." {
        return Err("the path has a dot segment");
    }
    if decoded.contains(['/', '\\', ';', '#']) || decoded.chars().any(char::is_control) {
        return Err("the path has a character that servers read differently");
    }
    if holds_escape(&decoded) {
        return Err("the path is percent-encoded twice");
    }
    canonical.push_str(&decoded);
    Ok(())
}

/// Decodes percent escapes, and `+` where it stands for a space; none if an escape is broken or the result is not text.
pub(super) fn percent_decode(raw: &str, plus_is_space: bool) -> Option<String> {
    if !raw.contains(['%', '+']) {
        return Some(raw.to_owned());
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (hex(bytes.next()?)? << 4) | hex(bytes.next()?)?,
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn holds_escape(text: &str) -> bool {
    text.as_bytes().windows(3).any(|w| matches!(w, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_one_reading() {
        for (sent, read) in [
            ("/", "/"),
            ("/v1/orders", "/v1/orders"),
            ("/v1/orders/", "/v1/orders"),
            ("/%61dmin", "/admin"),
            ("/caf%C3%A9", "/café"),
            ("/a%20b", "/a b"),
            ("/100%25", "/100%"),
            ("/.well-known/x", "/.well-known/x"),
            ("/a+b", "/a+b"),
            ("/...", "/..."),
        ] {
            assert_eq!(canonical(sent).as_deref(), Ok(read), "{sent}");
        }
    }

    #[test]
    fn a_path_with_two_readings_is_refused() {
        let long = format!("/{}", "a".repeat(MAX_LENGTH));
        let deep = "/a".repeat(MAX_SEGMENTS + 1);
        for sent in [
            "",
            "*",
            "v1",
            "http://orders.example/v1",
            "//",
            "//admin",
            "/v1//admin",
            "/v1/../admin",
            "/v1/./admin",
            "/v1/..",
            "/v1/%2e%2e/admin",
            "/v1/.%2E/admin",
            "/v1/%2fadmin",
            "/v1%2F..%2Fadmin",
            "/v1%5cadmin",
            "/v1\\..\\admin",
            "/v1/..;/admin",
            "/admin;x=1",
            "/v1/%252e%252e/admin",
            "/%2561dmin",
            "/v1/%00",
            "/v1/%0d%0a",
            "/v1/%zz",
            "/v1/%",
            "/v1/%4",
            "/v1/%ff",
            "/v1#frag",
            &long,
            &deep,
        ] {
            assert!(canonical(sent).is_err(), "{sent}");
        }
    }

    #[test]
    fn prefixes_end_at_the_root() {
        assert_eq!(prefixes("/v1/orders/42").collect::<Vec<_>>(), ["/v1/orders/42", "/v1/orders", "/v1", "/"]);
        assert_eq!(prefixes("/").collect::<Vec<_>>(), ["/"]);
    }
}
