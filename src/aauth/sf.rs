//! The raw members of a structured-field dictionary.
//!
//! RFC 9421 signs what was received, so the signature base needs the very text of a member, which a parser throws
//! away. And RFC 9651 lets a later duplicate silently win, which is a quarrel between two verifiers waiting to
//! happen: here a duplicate key or parameter is a fault. Values themselves are parsed by the `sfv` crate.

/// Why a field is refused before its values are looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SfFault {
    #[error("it is not a dictionary structured field")]
    Malformed,
    #[error("the key `{0}` appears twice")]
    DuplicateKey(String),
    #[error("the parameter `{0}` appears twice")]
    DuplicateParameter(String),
}

/// One member: its key and, verbatim, everything after `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

/// Splits a dictionary into its members.
pub(super) fn members(field: &str) -> Result<Vec<Member<'_>>, SfFault> {
    let mut members: Vec<Member<'_>> = Vec::new();
    for text in split(field, ',')? {
        let text = text.trim_matches([' ', '\t']);
        let (key, value) = text.split_once('=').ok_or(SfFault::Malformed)?;
        if !is_key(key) || value.is_empty() {
            return Err(SfFault::Malformed);
        }
        if members.iter().any(|m| m.key == key) {
            return Err(SfFault::DuplicateKey(printable(key)));
        }
        refuse_duplicate_parameters(value)?;
        members.push(Member { key, value });
    }
    Ok(members)
}

/// The parameters that follow an item or inner list, by name.
fn refuse_duplicate_parameters(value: &str) -> Result<(), SfFault> {
    let mut parts = split(value, ';')?.into_iter();
    // Inside an inner list each item has parameters of its own.
    if let Some(inner) = parts.next().and_then(|bare| bare.strip_prefix('(')) {
        let items = inner.strip_suffix(')').ok_or(SfFault::Malformed)?;
        for item in split(items, ' ')? {
            refuse_duplicate_parameters(item)?;
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for parameter in parts {
        let parameter = parameter.trim_start_matches(' ');
        let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
        if names.contains(&name) {
            return Err(SfFault::DuplicateParameter(printable(name)));
        }
        names.push(name);
    }
    Ok(())
}

/// Splits at a separator that stands outside strings and inner lists.
fn split(text: &str, separator: char) -> Result<Vec<&str>, SfFault> {
    let (mut parts, mut part, mut rest) = (Vec::with_capacity(4), text, text);
    let mut depth = 0_u32;
    // From one byte that means something to the next: most of a field is a token, and says nothing here.
    while let Some((byte, tail)) = next(rest, [separator, '"', '(', ')']) {
        rest = match byte {
            '"' => after_string(tail)?,
            _ if byte == separator && depth == 0 => {
                parts.push(part.get(..part.len() - tail.len() - 1).ok_or(SfFault::Malformed)?);
                part = tail;
                tail
            }
            '(' => {
                depth += 1;
                tail
            }
            ')' => {
                depth = depth.checked_sub(1).ok_or(SfFault::Malformed)?;
                tail
            }
            _ => tail,
        };
    }
    if depth != 0 {
        return Err(SfFault::Malformed);
    }
    parts.push(part);
    Ok(parts)
}

/// What follows the string that has begun.
fn after_string(mut text: &str) -> Result<&str, SfFault> {
    while let Some((character, tail)) = next(text, ['"', '\\']) {
        if character == '"' {
            return Ok(tail);
        }
        let mut escaped = tail.chars();
        escaped.next();
        text = escaped.as_str();
    }
    Err(SfFault::Malformed)
}

/// The first of these characters, and what follows it.
fn next<const N: usize>(text: &str, wanted: [char; N]) -> Option<(char, &str)> {
    let at = text.bytes().position(|byte| wanted.contains(&char::from(byte)))?;
    let mut tail = text.get(at..)?.chars();
    Some((tail.next()?, tail.as_str()))
}

/// What an untrusted string may look like in a message to its sender: a name, but never a whole token.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// `key` of RFC 9651.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '*')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_text() {
        let field = r#"a=("x" "y;z");created=1, b=jwt;jwt="q,\"(";n=2"#;
        let found = members(field).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Member { key: "a", value: r#"("x" "y;z");created=1"# });
        assert_eq!(found[1], Member { key: "b", value: r#"jwt;jwt="q,\"(";n=2"# });
    }

    #[test]
    fn duplicates_are_faults() {
        assert_eq!(members("a=1, a=2"), Err(SfFault::DuplicateKey("a".into())));
        assert_eq!(members("a=jwt;jwt=\"1\";jwt=\"2\""), Err(SfFault::DuplicateParameter("jwt".into())));
        assert_eq!(members("a=(\"x\";key=\"1\";key=\"2\")"), Err(SfFault::DuplicateParameter("key".into())));
        assert_eq!(members("a=();created=1; created=2"), Err(SfFault::DuplicateParameter("created".into())));
        assert!(members("a=(\"x\";key=\"1\" \"x\";key=\"2\");key=3").is_ok());
    }

    /// A sender who garbles a header does not get it back whole.
    #[test]
    fn what_is_quoted_is_short_and_printable() {
        let name = "\u{1b}".repeat(1000);
        let Err(SfFault::DuplicateParameter(quoted)) = members(&format!("a=1;{name};{name}")) else { panic!() };
        assert_eq!(quoted, "\\u{1b}".repeat(40));
    }

    /// A parameter's string may hold what elsewhere would close the list.
    #[test]
    fn a_string_parameter_may_hold_a_parenthesis() {
        let field = r#"a=("x");tag="a)b;c";nonce="(,""#;
        assert_eq!(members(field).unwrap()[0].value, r#"("x");tag="a)b;c";nonce="(,""#);
    }

    #[test]
    fn nonsense_is_malformed() {
        for bad in ["", "a", "a=", "A=1", "a=\"", "a=(", "a=)", "a=(\"x\")y", "a=1,", "=1", "a=1,,b=2", "é=1"] {
            assert_eq!(members(bad), Err(SfFault::Malformed), "{bad}");
        }
    }
}
