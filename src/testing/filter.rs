//! Which tests a `--filter` means.

/// Whether a test is meant: by a part of its name, or by all of it where the filter has a `*` or a `?`.
pub(super) fn matches(filter: &str, name: &str) -> bool {
    if !filter.contains(['*', '?']) {
        return name.contains(filter);
    }
    let text: Vec<char> = name.chars().collect();
    // The n-th says whether the pattern so far matches the first n characters.
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for sign in filter.chars() {
        let one_more = |takes: &dyn Fn(char) -> bool| {
            let steps = reached.iter().zip(&text).map(|(reached, c)| *reached && takes(*c));
            std::iter::once(false).chain(steps).collect()
        };
        reached = match sign {
            '*' => reached
                .iter()
                .scan(false, |any, reached| Some(std::mem::replace(any, *any || *reached) || *reached))
                .collect(),
            '?' => one_more(&|_| true),
            plain => one_more(&|c| c == plain),
        };
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_filter_is_a_part_of_a_name_or_a_pattern_for_all_of_it() {
        for (filter, name, wanted) in [
            ("read", "orders/reading orders", true),
            ("write", "orders/reading orders", false),
            ("orders/*", "orders/reading", true),
            ("*/reading", "orders/reading", true),
            ("orders/read", "orders/reading", true),
            ("orders/read?", "orders/reading", false),
            ("*o?ders*", "my orders/x", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(matches(filter, name), wanted, "{filter} on {name}");
        }
    }
}
