//! Policies as they are laid out, by Cedar's own formatter. What they say stays the same, comments included.

use std::path::Path;

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use super::error::{LoadErrors, LoadFault};
use super::source::{Home, Source};

/// The width of a line, in characters.
const WIDTH: usize = 120;

/// The text of a file of policies, laid out; or what is wrong with it.
pub fn format(file: &Path, text: &str) -> Result<String, LoadErrors> {
    // An empty file, or one of comments alone, has nothing to lay out.
    let source = Source::new(file.to_owned(), Home::All, text.to_owned());
    let parsed: Result<cedar_policy::PolicySet, _> = text.parse();
    let set = parsed
        .map_err(|errors| LoadErrors::new(errors.iter().map(|error| LoadFault::cedar(&source, 0, error)).collect()))?;
    if set.is_empty() {
        return Ok(text.to_owned());
    }
    let (head, rest) = apart(text);
    let config = Config { line_width: WIDTH, indent_width: 2 };
    policies_str_to_pretty(rest, &config).map(|rest| format!("{head}{rest}")).map_err(|error| {
        let message = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        LoadErrors::new(vec![LoadFault::whole(file, message)])
    })
}

/// What a file says of itself before its first policy, kept apart by an empty line, and the rest. Cedar's formatter
/// would make the one a part of the other.
fn apart(text: &str) -> (&str, &str) {
    let mut at = 0;
    let mut head = 0;
    for line in text.split_inclusive('\n') {
        let blank = line.trim().is_empty();
        if !blank && !line.trim_start().starts_with("//") {
            break;
        }
        at += line.len();
        if blank {
            head = at;
        }
    }
    text.split_at_checked(head).unwrap_or(("", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> String {
        format(Path::new("a.cedar"), text).unwrap()
    }

    #[test]
    fn comments_and_annotations_stay() {
        let text =
            "// why\n@id(\"x\") @reason(\"y\")\npermit(principal,action,resource) // here\nwhen{context has now};";
        let once = laid_out(text);
        assert!(once.contains("// why") && once.contains("// here") && once.contains("@reason(\"y\")"), "{once}");
        assert_eq!(laid_out(&once), once, "laying out twice changes nothing more");
    }

    #[test]
    fn what_a_file_says_of_itself_stays_apart() {
        let text = "// The file.\n\n// The policy.\n@id(\"x\")\npermit (principal, action, resource);\n";
        assert_eq!(laid_out(text), text);
    }

    #[test]
    fn a_file_without_policies_is_left_as_it_is() {
        for text in ["", "// nothing yet\n"] {
            assert_eq!(laid_out(text), text);
        }
    }

    #[test]
    fn what_cannot_be_parsed_has_its_place() {
        let errors = format(Path::new("a.cedar"), "permit (principal,\n  action resource);").unwrap_err();
        assert!(errors.to_string().starts_with("a.cedar:2:10: "), "{errors}");
    }
}
