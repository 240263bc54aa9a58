//! Seconds since 1970 as ISO 8601 writes them, in UTC: `2026-04-07T14:30:00Z`.

use aauth_authorizer::clock::Seconds;

const DAY: Seconds = 86_400;

/// The time as text. The years are those of four digits; what lies beyond is written with more.
pub(super) fn text(at: Seconds) -> String {
    let (year, month, day) = date(at.div_euclid(DAY));
    let of_day = at.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are counted from March, so
/// that the leap day is a year's last.
fn date(day: i64) -> (i64, i64, i64) {
    // The calendar repeats every 400 years of 146097 days, and 1970-01-01 is day 719468 counted from 0000-03-01.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_time_that_it_says() {
        for (at, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_775_572_200, "2026-04-07T14:30:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(text(at), written);
        }
    }
}
