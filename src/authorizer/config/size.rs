//! Amounts of memory: `65536`, `64KiB`, `1MiB`.

use std::ops::RangeInclusive;

use super::error::{Fault, quotable};
use super::reader::Parsed;

const UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A parser for amounts within bounds, in bytes.
pub(super) fn within(range: RangeInclusive<usize>) -> impl Fn(&str) -> Parsed<usize> {
    move |text| {
        let size = parse(text).ok_or_else(|| {
            Fault::new(format!("`{}` is not an amount of memory", quotable(text))).hint("write `64KiB` or `1MiB`")
        })?;
        if range.contains(&size) {
            return Ok(size);
        }
        let (low, high) = (range.start(), range.end());
        Err(Fault::new(format!("`{}` is not between {low} and {high} bytes", quotable(text))))
    }
}

fn parse(text: &str) -> Option<usize> {
    let (number, factor) =
        UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor))).unwrap_or((text, 1));
    number.trim_end().parse::<usize>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_binary_units() {
        for (text, bytes) in [("65536", 65_536), ("64KiB", 65_536), ("1 MiB", 1 << 20), ("12B", 12), ("2GiB", 2 << 30)]
        {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "KiB", "64K", "64kb", "-1", "1.5MiB", "99999999999999999GiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(within(1..=10)("11").is_err());
    }
}
