//! Expectations of a matrix: a row for each caller, and in it a cell for each method or path.
//!
//! ```yaml
//! table:
//!   reader: { GET: allow, POST: { decision: challenge, scope: orders.write } }
//!   robot:  challenge
//!   "*":    { "DELETE /v1/orders": deny, "*": unauthenticated }
//! ```
//!
//! A row that is a decision or an expectation is for all of its cells. Of the cells that fit, the closest counts:
//! method and path, then path, then method, then `*`.

use std::cell::{Cell, RefCell};

use super::super::suite::Expect;
use super::expect::{self, KEYS};
use crate::authorizer::config::error::{Fault, quotable};
use crate::authorizer::config::item::Item;
use crate::authorizer::config::reader::Section;

/// The expectations.
pub(super) struct Table {
    rows: Vec<Row>,
    /// What was looked for and is not there.
    missing: RefCell<Vec<String>>,
}

struct Row {
    caller: String,
    cells: Vec<Column>,
}

struct Column {
    /// The key as written; empty for a whole row.
    key: String,
    expect: Expect,
    used: Cell<bool>,
}

impl Table {
    pub(super) fn read(item: &Item<'_>) -> Self {
        let rows = item.section().members().iter().map(Row::read).collect();
        Self { rows, missing: RefCell::default() }
    }

    /// The expectation of a cell.
    pub(super) fn of(&self, caller: &str, method: &str, target: &str) -> Option<Expect> {
        let rows = |name: &str| self.rows.iter().find(|row| row.caller == name);
        let found = rows(caller).and_then(|row| row.of(method, target)).or_else(|| rows("*")?.of(method, target));
        if found.is_none() {
            self.missing.borrow_mut().push(format!("`{caller}` with `{method} {target}`"));
        }
        found
    }

    /// Reports cells without an expectation, and expectations without a cell.
    pub(super) fn report(&self, section: &Section<'_>) {
        let missing = self.missing.borrow();
        if let Some(first) = missing.first() {
            let fault = Fault::new(format!("{} of the cells have no expectation, such as {first}", missing.len()));
            section.wrong("table", fault.hint("`\"*\"` stands for every other"));
        }
        for row in &self.rows {
            for column in row.cells.iter().filter(|column| !column.used.get()) {
                let space = if column.key.is_empty() { "" } else { ": " };
                let place = format!("`{}{space}{}`", quotable(&row.caller), quotable(&column.key));
                section.wrong("table", Fault::new(format!("{place} is of no cell of this test")));
            }
        }
    }
}

impl Row {
    fn read(item: &Item<'_>) -> Self {
        let column = |key: &str, item: &Item<'_>| Column {
            key: key.to_owned(),
            expect: expect::expect(item),
            used: Cell::new(false),
        };
        let whole = item.is_scalar() || item.keys().any(|key| KEYS.contains(&key)) || item.keys().next().is_none();
        let cells = if whole {
            vec![column("", item)]
        } else {
            item.section().members().iter().map(|cell| column(cell.name, cell)).collect()
        };
        Self { caller: item.name.to_owned(), cells }
    }

    fn of(&self, method: &str, target: &str) -> Option<Expect> {
        let path = target.split('?').next().unwrap_or(target);
        let fits = |key: &str| match key.split_once(' ') {
            Some((m, p)) if m == method && (p == target || p == path) => Some(4),
            Some(_) => None,
            None if key == target || key == path => Some(3),
            None if key == method => Some(2),
            None if key == "*" => Some(1),
            None => key.is_empty().then_some(0),
        };
        let closest =
            self.cells.iter().filter_map(|column| Some((fits(&column.key)?, column))).max_by_key(|(rank, _)| *rank);
        let (_, column) = closest?;
        column.used.set(true);
        Some(column.expect.clone())
    }
}
