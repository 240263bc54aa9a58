//! Pages of lists.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::persons::Cursor;
use crate::app::{Outcome, Refusal};

/// Entries of a page, where the caller does not say.
const USUAL: u32 = 50;
/// Entries of a page at most.
const MOST: u32 = 200;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// `next` of the page before.
    #[param(required = false, nullable = false)]
    cursor: Option<String>,
    /// At most so many entries: 50, where it is not said.
    #[param(required = false, nullable = false, minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed<T> {
    /// The entries.
    pub(super) items: Vec<T>,
    /// `cursor` of the next page. Absent where this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// The entries of a page, as bounded.
pub(super) fn limit(limit: Option<u32>) -> Outcome<u32> {
    match limit.unwrap_or(USUAL) {
        0 => Err(Refusal::invalid_request("`limit` is 0")),
        limit if limit > MOST => Err(Refusal::invalid_request(format!("`limit` is more than {MOST}"))),
        limit => Ok(limit),
    }
}

impl Paging {
    /// The entries of this page.
    pub(super) fn limit(&self) -> Outcome<u32> {
        limit(self.limit)
    }

    /// The row that it goes on after.
    pub(super) fn after(&self) -> Outcome<Option<Cursor>> {
        let read = |text: &String| {
            let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let (at, name) = text.split_once(' ')?;
            Some(Cursor { at: at.parse().ok()?, name: name.to_owned() })
        };
        let wrong = || Refusal::invalid_request("`cursor` is not one that a page gave");
        self.cursor.as_ref().map(|text| read(text).ok_or_else(wrong)).transpose()
    }

    /// The same for lists that are read by one id.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

/// A page of `limit` out of rows of which one more was asked for.
pub(super) fn listed<R, T>(
    mut rows: Vec<R>,
    limit: u32,
    view: impl Fn(&R) -> T,
    cursor: impl Fn(&R) -> String,
) -> Listed<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    Listed { items: rows.iter().map(view).collect(), next }
}

/// A row as a cursor names it.
pub(super) fn cursor(at: i64, name: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{at} {name}"))
}
