//! When to poll again: the poller's half of "Deferred Response State Machine".

/// Seconds between two polls where the server does not say.
const DEFAULT_INTERVAL: u32 = 5;
/// Seconds that a 429 adds.
const SLOW_DOWN: u32 = 5;
/// No server is waited for longer between two polls.
const MAX_INTERVAL: u32 = 300;

/// The seconds a `Retry-After` header asks for: at most five minutes, and five seconds where it is absent or a date.
pub fn retry_after(header: Option<&str>) -> u32 {
    let digits = header.map(str::trim).filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    digits.map_or(DEFAULT_INTERVAL, |digits| digits.parse().unwrap_or(u32::MAX).min(MAX_INTERVAL))
}

/// A request that waits, as whoever polls it knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polling {
    slower: u32,
}

/// What to do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Poll again, after so many seconds.
    PollAfter(u32),
    /// The answer is the last one.
    Over,
}

impl Polling {
    /// Takes the status and the `Retry-After` of an answer. Each 429 makes every later poll 5 seconds slower.
    pub fn after(&mut self, status: u16, retry_after_header: Option<&str>) -> Next {
        match status {
            202 | 503 => {}
            429 => self.slower = self.slower.saturating_add(SLOW_DOWN).min(MAX_INTERVAL),
            _ => return Next::Over,
        }
        Next::PollAfter(retry_after(retry_after_header).saturating_add(self.slower))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "If a Retry-After header is not present, the default polling interval is 5 seconds."
    #[test]
    fn retry_after_is_bounded() {
        for (header, seconds) in [
            (None, 5),
            (Some("0"), 0),
            (Some(" 30 "), 30),
            (Some("86400"), 300),
            (Some("99999999999999999999"), 300),
            (Some("-1"), 5),
            (Some(""), 5),
            (Some("Sun, 06 Nov 1994 08:49:37 GMT"), 5),
        ] {
            assert_eq!(retry_after(header), seconds, "{header:?}");
        }
    }

    /// "A non-202 response terminates polling", but for 429 and 503.
    #[test]
    fn the_state_machine_of_the_draft() {
        let mut polling = Polling::default();
        assert_eq!(polling.after(202, Some("0")), Next::PollAfter(0));
        assert_eq!(polling.after(429, None), Next::PollAfter(10));
        assert_eq!(polling.after(429, Some("1")), Next::PollAfter(11));
        assert_eq!(polling.after(202, Some("0")), Next::PollAfter(10));
        assert_eq!(polling.after(503, Some("60")), Next::PollAfter(70));
        for status in [200, 400, 401, 402, 403, 404, 408, 410, 500, 502] {
            assert_eq!(polling.after(status, Some("1")), Next::Over, "{status}");
        }
    }
}
