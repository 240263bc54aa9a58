//! Where the parts of a policy are in its text: Cedar's trees do not say.

/// Byte offsets into the text of one policy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Where the principal's part of the scope begins, the action's and the resource's.
    pub(super) scope: Vec<usize>,
    /// Where each `when` and `unless` begins.
    pub(super) clauses: Vec<usize>,
}

impl Parts {
    /// The parts of a policy that Cedar has parsed.
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Self::default();
        let mut depth = 0_usize;
        let (mut in_scope, mut after_scope) = (false, false);
        let mut before = "";
        for (at, token) in (Tokens { text, at: 0 }) {
            let starts_part = in_scope && depth == 1 && matches!(before, "(" | ",");
            if starts_part && token != ")" {
                parts.scope.push(at);
            }
            match token {
                // An annotation may have any name.
                "permit" | "forbid" if depth == 0 && before != "@" && !after_scope => in_scope = true,
                "when" | "unless" if depth == 0 && after_scope => parts.clauses.push(at),
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => {
                    depth = depth.saturating_sub(1);
                    after_scope |= in_scope && depth == 0;
                    in_scope &= depth > 0;
                }
                _ => {}
            }
            before = token;
        }
        parts
    }
}

/// Words, strings and signs, without comments.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if first == '"' {
                string(rest)
            } else if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let at = self.at;
            self.at += length;
            if !first.is_whitespace() && !rest.starts_with("//") {
                return Some((at, rest.get(..length)?));
            }
        }
    }
}

/// How long the string at the beginning is, with its quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_behind_strings_and_comments() {
        let text = r#"@id("permit (a, b)") // permit (c, d)
@forbid("when \" {")
permit (
  principal is A::B in A::C::"x, \"y\" )", // when {
  action in [A::Action::"a", A::Action::"b"],
  resource
)
when { context.f(1, 2) == "unless {" }
unless { [true].contains({"when": 1}.when) };"#;
        let parts = Parts::of(text);
        let starts = |at: &usize| text.get(*at..).unwrap().split_whitespace().next().unwrap();
        assert_eq!(parts.scope.iter().map(starts).collect::<Vec<_>>(), ["principal", "action", "resource"]);
        assert_eq!(parts.clauses.iter().map(starts).collect::<Vec<_>>(), ["when", "unless"]);
        assert_eq!(parts.clauses[0], text.find("when { context").unwrap());
    }
}
