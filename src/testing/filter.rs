//! Which tests a `--filter` means.

use std::str::FromStr;

use regex::Regex;

/// Which tests are meant, by suite and name as in `orders/reading orders`.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Those whose name holds this.
    Part(String),
    /// Those that match this as a whole: `*` is any text, `?` any character.
    Pattern(String),
    /// Those in which this is found.
    Expression(Regex),
}

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` is not a regular expression: {why}")]
pub struct InvalidFilter {
    expression: String,
    why: String,
}

impl FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        if let Some(expression) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            return Regex::new(expression).map(Self::Expression).map_err(|error| {
                // The last line says what is wrong, those before show where.
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                InvalidFilter { expression: expression.to_owned(), why }
            });
        }
        let is_pattern = text.contains(['*', '?']);
        Ok(if is_pattern { Self::Pattern(text.to_owned()) } else { Self::Part(text.to_owned()) })
    }
}

impl Filter {
    /// Whether a test of this name is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Part(part) => name.contains(part),
            Self::Pattern(pattern) => fits(pattern, name),
            Self::Expression(expression) => expression.is_match(name),
        }
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    let text: Vec<char> = name.chars().collect();
    // The n-th says whether the pattern so far matches the first n characters.
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for sign in pattern.chars() {
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
    use super::*;

    #[test]
    fn a_filter_is_a_part_of_a_name_or_a_pattern_for_all_of_it_or_an_expression() {
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
            ("/read|writ/", "orders/writing", true),
            ("/^orders/(re|wri)[a-z]*$/", "orders/reading", true),
            ("/^reading/", "orders/reading", false),
            ("/(?i)ORDERS/", "orders/reading", true),
            ("orders/", "orders/reading", true),
        ] {
            assert_eq!(filter.parse::<Filter>().unwrap().matches(name), wanted, "{filter} on {name}");
        }
    }

    #[test]
    fn what_is_no_expression_is_told() {
        let error = "/a(b/".parse::<Filter>().unwrap_err().to_string();
        assert_eq!(error, "`a(b` is not a regular expression: unclosed group");
    }
}
