//! Durations as Go writes them: `60s`, `5m`, `1h30m`, `500ms`, `1.5h`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::{Fault, quotable};
use super::reader::Parsed;

/// Longest first where one is the beginning of another.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A parser for durations within bounds.
pub(crate) fn within(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Parsed<Duration> {
    move |text| {
        let value = parse(text).ok_or_else(|| {
            let fault = Fault::new(format!("`{}` is not a duration", quotable(text)));
            let bare = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
            let example = if bare { format!("{}s", quotable(text)) } else { "60s` or `1h30m".to_owned() };
            fault.hint(format!("write it with a unit, such as `{example}`"))
        })?;
        if range.contains(&value) {
            return Ok(value);
        }
        Err(Fault::new(format!("`{}` is not between {:?} and {:?}", quotable(text), range.start(), range.end())))
    }
}

/// `None` for what is not a duration or does not fit.
fn parse(text: &str) -> Option<Duration> {
    let (mut nanos, mut rest) = term(text)?;
    while !rest.is_empty() {
        let (more, after) = term(rest)?;
        nanos = nanos.checked_add(more)?;
        rest = after;
    }
    Some(Duration::from_nanos(nanos))
}

/// One number and its unit, and what follows them.
fn term(text: &str) -> Option<(u64, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    let (name, nanos) = UNITS.iter().rev().filter(|(name, _)| rest.starts_with(name)).max_by_key(|(n, _)| n.len())?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(*nanos)?;
    let mut part = 0;
    let mut scale = *nanos;
    for digit in fraction.bytes() {
        scale /= 10;
        part += u64::from(digit - b'0') * scale;
    }
    Some((whole.checked_add(part)?, rest.strip_prefix(name)?))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_writes_them() {
        for (text, millis) in
            [("60s", 60_000), ("5m", 300_000), ("1h30m", 5_400_000), ("500ms", 500), ("1.5h", 5_400_000), ("0s", 0)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("2µs"), Some(Duration::from_micros(2)));
        assert_eq!(parse("3us7ns"), Some(Duration::from_nanos(3007)));
    }

    #[test]
    fn what_is_no_duration() {
        for text in ["", "60", "s", "-5s", "5 s", "5d", "1h30", ".s", "5.m.", "99999999999999h", "1e3s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_without_unit_is_told_so() {
        let parse = within(Duration::from_secs(1)..=Duration::from_mins(5));
        let fault = parse("60").unwrap_err().to_string();
        assert_eq!(fault, "`60` is not a duration; write it with a unit, such as `60s`");
        assert_eq!(parse("10m").unwrap_err().to_string(), "`10m` is not between 1s and 300s");
        assert_eq!(parse("5m").unwrap(), Duration::from_mins(5));
    }
}
