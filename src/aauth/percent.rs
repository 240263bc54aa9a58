//! Percent-encoding, as RFC 9421 asks it of query parameters.

/// Form-decoding, then percent-encoding of all but unreserved characters.
pub(super) fn reencode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, hex_ahead(bytes.clone())) {
            (b'+', _) => decoded.push(b' '),
            (b'%', Some(value)) => {
                decoded.push(value);
                bytes.nth(1);
            }
            _ => decoded.push(byte),
        }
    }
    let mut encoded = String::with_capacity(decoded.len());
    for byte in decoded {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') {
            encoded.push(char::from(byte));
        } else {
            push_percent_encoded(&mut encoded, byte);
        }
    }
    encoded
}

/// `%` and two hexadecimal digits.
pub(crate) fn push_percent_encoded(text: &mut String, byte: u8) {
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
    text.extend(['%', hex(byte >> 4), hex(byte & 15)]);
}

/// The value of the two hexadecimal digits that come next.
fn hex_ahead(mut bytes: std::str::Bytes<'_>) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
    u8::try_from(high * 16 + low).ok()
}
