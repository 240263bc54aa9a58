//! The tally of a walk: its scenes, and what held.

use super::screen;

/// What held so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    scenes: usize,
    held: usize,
    failed: usize,
}

impl Tally {
    pub(super) fn title(&mut self, text: &str) {
        self.scenes += 1;
        screen::title(self.scenes, text);
    }

    pub(super) fn expect(&mut self, holds: bool, text: &str) {
        screen::verdict(holds, text);
        *(if holds { &mut self.held } else { &mut self.failed }) += 1;
    }

    /// The last line, and whether all held.
    pub(super) fn conclude(self) -> bool {
        screen::conclusion(self.held, self.failed);
        self.failed == 0
    }
}
