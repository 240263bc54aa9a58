//! What was measured, what it has to be, and what it is.

use std::fmt;
use std::process::ExitCode;

/// What a number has to be.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtLeast(f64),
    Below(f64),
    AtMost(f64),
    None,
}

impl Bound {
    /// What is no number holds nothing.
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::Below(limit) => value < limit,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, " (at least {least})"),
            Self::Below(limit) => write!(f, " (below {limit})"),
            Self::AtMost(most) => write!(f, " (at most {most})"),
            Self::None => Ok(()),
        }
    }
}

/// A number with its meaning.
#[derive(Debug)]
struct Figure {
    name: &'static str,
    value: f64,
    decimals: usize,
    bound: Bound,
    meaning: &'static str,
}

/// All of them, in the order of printing.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    pub(crate) fn at_least(&mut self, name: &'static str, value: f64, least: f64, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals: 0, bound: Bound::AtLeast(least), meaning });
    }

    pub(crate) fn below(&mut self, name: &'static str, value: f64, limit: f64, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals: 1, bound: Bound::Below(limit), meaning });
    }

    pub(crate) fn at_most(&mut self, name: &'static str, value: f64, most: f64, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals: 2, bound: Bound::AtMost(most), meaning });
    }

    /// A figure that depends on the machine, and is told.
    pub(crate) fn told(&mut self, name: &'static str, value: f64, decimals: usize, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals, bound: Bound::None, meaning });
    }

    /// Prints meanings, then values; says which do not hold.
    pub(crate) fn print(&self) -> ExitCode {
        println!();
        for Figure { name, bound, meaning, .. } in &self.0 {
            println!("{name}{bound}: {meaning}");
        }
        println!();
        let mut code = ExitCode::SUCCESS;
        for Figure { name, value, decimals, .. } in &self.0 {
            println!("{name}: {value:.decimals$}");
        }
        for Figure { name, value, decimals, bound, .. } in self.0.iter().filter(|one| !one.bound.holds(one.value)) {
            eprintln!("{name} does not hold: {value:.decimals$} is not what it has to be{bound}");
            code = ExitCode::FAILURE;
        }
        code
    }
}
