//! How long a response stays fresh: the little of HTTP caching (RFC 9111) that a private cache of key sets needs.

use std::time::Duration;

use crate::clock::Seconds;

/// The headers that bear on freshness, as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheHeaders {
    /// `Cache-Control`, several fields joined with a comma.
    pub cache_control: Option<String>,
    /// `Expires`.
    pub expires: Option<String>,
    /// `Date`.
    pub date: Option<String>,
    /// `Age`.
    pub age: Option<String>,
}

impl CacheHeaders {
    /// How long from `now` on the response stays fresh; `None` when it does not say.
    pub(super) fn lifetime(&self, now: Seconds) -> Option<Duration> {
        let age = self.age.as_deref().and_then(delta_seconds).unwrap_or(0);
        self.stated_by_cache_control()
            .or_else(|| self.stated_by_expires(now))
            .map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
    }

    fn stated_by_cache_control(&self) -> Option<u64> {
        // Repeated and contradictory directives are read in the stricter way.
        self.cache_control.as_deref()?.split(',').filter_map(directive).min()
    }

    fn stated_by_expires(&self, now: Seconds) -> Option<u64> {
        // An `Expires` that is no date, such as `0`, lies in the past.
        let expires = http_date(self.expires.as_deref()?).unwrap_or(Seconds::MIN);
        let date = self.date.as_deref().and_then(http_date).unwrap_or(now);
        Some(u64::try_from(expires.saturating_sub(date)).unwrap_or(0))
    }
}

/// The lifetime one directive allows; `None` for a directive that says nothing about it.
fn directive(text: &str) -> Option<u64> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    match name.trim().to_ascii_lowercase().as_str() {
        "no-store" | "no-cache" => Some(0),
        // A `max-age` that is no number is stale (RFC 9111, section 4.2.1).
        "max-age" => Some(value.and_then(delta_seconds).unwrap_or(0)),
        _ => None,
    }
}

fn delta_seconds(text: &str) -> Option<u64> {
    let digits = text.trim().trim_matches('"');
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // Too large for the type is "a very long time", not an error.
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Reads the one date form that may be sent today: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Seconds> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_ascii_whitespace().skip(1);
    let day: Seconds = number(words.next()?, 1, 31)?;
    let month = words.next()?;
    let month = Seconds::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let year: Seconds = number(words.next()?, 1970, 9999)?;
    let mut time = words.next()?.split(':');
    let (hour, minute, second) =
        (number(time.next()?, 0, 23)?, number(time.next()?, 0, 59)?, number(time.next()?, 0, 60)?);
    if words.next()? != "GMT" || words.next().is_some() || time.next().is_some() {
        return None;
    }
    Some(((days_before(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second)
}

fn number(text: &str, least: Seconds, most: Seconds) -> Option<Seconds> {
    text.parse().ok().filter(|n| (least..=most).contains(n))
}

/// Days from 1 January 1970 to the first of a month. Years are counted from March, so that a leap day comes last.
fn days_before(year: Seconds, month: Seconds) -> Seconds {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 719_468 days lie between 1 March of the year 0 and the epoch.
    year * 365 + leap_days + (153 * month + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_control(value: &str) -> Option<u64> {
        CacheHeaders { cache_control: Some(value.to_owned()), ..CacheHeaders::default() }
            .lifetime(0)
            .map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn cache_control_directives() {
        assert_eq!(cache_control("max-age=300"), Some(300));
        assert_eq!(cache_control("public, MAX-AGE=300"), Some(300));
        assert_eq!(cache_control("max-age=\"60\""), Some(60));
        assert_eq!(cache_control("max-age=300, max-age=10"), Some(10));
        assert_eq!(cache_control("max-age=300, no-store"), Some(0));
        assert_eq!(cache_control("no-cache"), Some(0));
        assert_eq!(cache_control("max-age=soon"), Some(0));
        assert_eq!(cache_control("max-age=-1"), Some(0));
        assert_eq!(cache_control("max-age=99999999999999999999999"), Some(u64::MAX));
        assert_eq!(cache_control("public, s-maxage=9"), None);
        assert_eq!(cache_control(""), None);
    }

    #[test]
    fn time_spent_in_other_caches_counts() {
        let headers = |age: &str| CacheHeaders {
            cache_control: Some("max-age=300".into()),
            age: Some(age.into()),
            ..CacheHeaders::default()
        };
        assert_eq!(headers("100").lifetime(0), Some(Duration::from_secs(200)));
        assert_eq!(headers("400").lifetime(0), Some(Duration::ZERO));
        assert_eq!(headers("old").lifetime(0), Some(Duration::from_mins(5)));
    }

    #[test]
    fn expires_is_read_against_date_and_yields_to_max_age() {
        let mut headers = CacheHeaders {
            expires: Some("Sun, 06 Nov 1994 08:59:37 GMT".into()),
            date: Some("Sun, 06 Nov 1994 08:49:37 GMT".into()),
            ..CacheHeaders::default()
        };
        assert_eq!(headers.lifetime(0), Some(Duration::from_mins(10)));
        headers.date = None;
        assert_eq!(headers.lifetime(784_111_777 + 570), Some(Duration::from_secs(30)));
        assert_eq!(headers.lifetime(784_111_777 + 601), Some(Duration::ZERO));
        headers.cache_control = Some("max-age=5".into());
        assert_eq!(headers.lifetime(0), Some(Duration::from_secs(5)));
        let zero = CacheHeaders { expires: Some("0".into()), ..CacheHeaders::default() };
        assert_eq!(zero.lifetime(0), Some(Duration::ZERO));
        assert_eq!(CacheHeaders::default().lifetime(0), None);
    }

    #[test]
    fn dates() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(http_date("Tue, 24 Nov 2026 00:00:00 GMT"), Some(1_795_478_400));
        for bad in
            ["", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nox 1994 08:49:37 GMT", "a b c d e f"]
        {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }
}
