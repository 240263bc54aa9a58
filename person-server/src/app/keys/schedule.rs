//! Which key signs, and which are published, at a given second.

use std::cmp::Ordering;

use aauth_authorizer::clock::Seconds;

/// How long a new key is published before it signs: what others may keep a set for, and the minute they wait before they
/// fetch it again, twice over for clocks that differ.
pub const OVERLAP: Seconds = 600;
/// How long a key is published after its successor signs: the longest life of a token it signed, and an hour.
pub(super) const STAYS: Seconds = 25 * 3600;

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is published and will sign.
    Waits {
        /// From then on.
        from: Seconds,
    },
    /// It signs.
    Signs,
    /// It is published for what it signed.
    Stays {
        /// Until then.
        until: Seconds,
    },
    /// Nothing.
    Over,
}

/// The use of each key, of those that sign from these seconds on, in ascending order.
pub(super) fn uses(signs_from: &[Seconds], now: Seconds) -> Vec<Use> {
    // A clock that was put back before the first key must not leave the server without one.
    let signing = signs_from.iter().rposition(|from| *from <= now).unwrap_or(0);
    let successors = signs_from.iter().skip(1).copied().map(Some).chain(std::iter::repeat(None));
    let all = signs_from.iter().copied().zip(successors).enumerate();
    all.map(|(index, (from, successor))| use_of(index.cmp(&signing), from, successor, now)).collect()
}

fn use_of(to_signing: Ordering, from: Seconds, successor: Option<Seconds>, now: Seconds) -> Use {
    match to_signing {
        Ordering::Equal => Use::Signs,
        Ordering::Greater => Use::Waits { from },
        Ordering::Less => {
            let until = successor.unwrap_or(from).saturating_add(STAYS);
            if now < until { Use::Stays { until } } else { Use::Over }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_signs_stays_and_is_over() {
        let rotated = [1_000, 10_000];
        assert_eq!(uses(&rotated, 9_999), [Use::Signs, Use::Waits { from: 10_000 }]);
        assert_eq!(uses(&rotated, 10_000), [Use::Stays { until: 100_000 }, Use::Signs]);
        assert_eq!(uses(&rotated, 99_999), [Use::Stays { until: 100_000 }, Use::Signs]);
        assert_eq!(uses(&rotated, 100_000), [Use::Over, Use::Signs]);
    }

    #[test]
    fn there_is_always_one_that_signs() {
        assert_eq!(uses(&[1_000], 0), [Use::Signs]);
        assert_eq!(uses(&[1_000, 2_000], 0), [Use::Signs, Use::Waits { from: 2_000 }]);
        assert_eq!(uses(&[], 0), []);
    }
}
