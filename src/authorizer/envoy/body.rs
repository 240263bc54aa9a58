//! How much of a request's body a gateway forwarded. No proxy says it outright.

use crate::aauth::message::Fields;
use crate::authorizer::inbound::Body;

/// Judges what there is of a body. `marked` is Envoy's own word on whether it was cut off; `size` is what the gateway
/// has received of it, or negative where it does not know or did not forward all.
pub(super) fn judge(body: Vec<u8>, fields: &Fields, size: i64, marked: Option<bool>) -> Body {
    let announced = fields.single("content-length").and_then(|length| length.parse::<u64>().ok()).unwrap_or(0);
    let here = u64::try_from(body.len()).unwrap_or(u64::MAX);
    // The mark may be a client's own, where the gateway is none that drops it: what the length belies does not count.
    let belied = marked == Some(true) && here > 0 && announced == here;
    if (marked == Some(true) && !belied) || size < 0 {
        return Body::Partial;
    }
    if body.is_empty() {
        let expected = announced > 0 || size > 0 || fields.has("transfer-encoding");
        return if expected { Body::NotForwarded } else { Body::Whole(body) };
    }
    if announced > here { Body::Partial } else { Body::Whole(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_whole_only_where_nothing_says_otherwise() {
        let fields = |lines: &[(&str, &str)]| {
            Fields::lines(lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())))
        };
        let (none, length, chunked) =
            (fields(&[]), fields(&[("content-length", "4")]), fields(&[("transfer-encoding", "chunked")]));
        let whole = |text: &str| Body::Whole(text.into());
        for (body, fields, size, marked, expected) in [
            ("", &none, 0, None, whole("")),
            ("body", &none, 4, None, whole("body")),
            ("body", &length, 4, Some(false), whole("body")),
            ("body", &chunked, 0, None, whole("body")),
            ("bo", &length, 2, None, Body::Partial),
            ("body", &none, 4, Some(true), Body::Partial),
            ("body", &length, 4, Some(true), whole("body")),
            ("bo", &length, 4, Some(true), Body::Partial),
            ("body", &none, -1, None, Body::Partial),
            ("", &none, -1, None, Body::Partial),
            ("", &length, 0, None, Body::NotForwarded),
            ("", &chunked, 0, None, Body::NotForwarded),
            ("", &none, 4, None, Body::NotForwarded),
        ] {
            assert_eq!(judge(body.into(), fields, size, marked), expected, "{body} {fields:?} {size} {marked:?}");
        }
    }
}
