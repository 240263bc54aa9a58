//! A path with parameters, and which requests are of it: as OpenAPI has it, a parameter is one whole segment, and a path
//! that spells a segment out goes before one that has a parameter there.

use crate::policy::canonical_path;

/// A path, segment by segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter,
}

impl Route {
    /// Reads `/orders/{id}`; none where a parameter is a part of a segment.
    pub(super) fn parse(path: &str) -> Result<Option<Self>, &'static str> {
        let mut segments = Vec::new();
        let path = path.strip_suffix('/').unwrap_or(path);
        for segment in path.split('/').skip(1) {
            if segment.starts_with('{') && segment.find('}') == Some(segment.len() - 1) {
                segments.push(Segment::Parameter);
            } else if segment.contains(['{', '}']) {
                return Ok(None);
            } else {
                let read = canonical_path(&format!("/{segment}"))?;
                let literal = read.strip_prefix('/').filter(|literal| !literal.is_empty());
                segments.push(Segment::Literal(literal.ok_or("the path has an empty segment")?.to_owned()));
            }
        }
        Ok(Some(Self(segments)))
    }

    /// The path without the names of its parameters.
    pub(super) fn shape(&self) -> String {
        self.each(|literal| literal.replace('{', "{{"), "{}")
    }

    /// The path up to its first parameter, below which every request of it is.
    pub(super) fn prefix(&self) -> String {
        let literals = self.0.iter().map_while(|segment| match segment {
            Segment::Literal(literal) => Some(format!("/{literal}")),
            Segment::Parameter => None,
        });
        let prefix: String = literals.collect();
        if prefix.is_empty() { "/".to_owned() } else { prefix }
    }

    /// Whether it has a parameter.
    pub(super) fn is_template(&self) -> bool {
        self.0.contains(&Segment::Parameter)
    }

    /// The pattern of `like` that its requests match; those of longer paths do so too.
    pub(super) fn pattern(&self) -> String {
        self.each(|literal| literal.replace('*', "\u{0}"), "*")
    }

    /// How many segments it has.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a request may be of both, and is of this one then.
    pub(super) fn goes_before(&self, other: &Self) -> bool {
        let overlap = self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|pair| match pair {
                (Segment::Literal(a), Segment::Literal(b)) => a == b,
                (Segment::Parameter, _) | (_, Segment::Parameter) => true,
            });
        let first = self.0.iter().zip(&other.0).find_map(|pair| match pair {
            (Segment::Literal(_), Segment::Parameter) => Some(true),
            (Segment::Parameter, Segment::Literal(_)) => Some(false),
            (Segment::Literal(_), Segment::Literal(_)) | (Segment::Parameter, Segment::Parameter) => None,
        });
        overlap && first == Some(true)
    }

    fn each(&self, literal: impl Fn(&str) -> String, parameter: &str) -> String {
        let segments = self.0.iter().map(|segment| match segment {
            Segment::Literal(text) => format!("/{}", literal(text)),
            Segment::Parameter => format!("/{parameter}"),
        });
        let path: String = segments.collect();
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::parse(path).unwrap().unwrap()
    }

    #[test]
    fn a_path_is_read_as_requests_are() {
        let read = route("/v1/caf%C3%A9/{id}/");
        assert_eq!((read.prefix(), read.pattern(), read.len()), ("/v1/café".to_owned(), "/v1/café/*".to_owned(), 3));
        assert_eq!((route("/").prefix(), route("/{x}").prefix()), ("/".to_owned(), "/".to_owned()));
        assert!(!route("/v1").is_template() && read.is_template());
        assert_eq!(Route::parse("/files/{name}.json"), Ok(None));
        for wrong in ["/a//b", "/a/../b", "/a;b", "/%zz"] {
            assert!(Route::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_spelt_out_goes_first() {
        for (one, other, before) in [
            ("/orders/mine", "/orders/{id}", true),
            ("/orders/{id}", "/orders/mine", false),
            ("/orders/{id}", "/orders/{other}", false),
            ("/a/{x}/c", "/{y}/b/{z}", true),
            ("/a/b", "/a/{x}/c", false),
            ("/a/b", "/c/{x}", false),
        ] {
            assert_eq!(route(one).goes_before(&route(other)), before, "{one} {other}");
        }
    }
}
