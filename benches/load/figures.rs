//! What was measured, what it has to be, and what it is.

use std::process::ExitCode;

/// A number with its meaning.
#[derive(Debug)]
struct Figure {
    name: &'static str,
    value: f64,
    decimals: usize,
    most: Option<f64>,
    meaning: &'static str,
}

/// All of them, in the order of printing.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// A figure that has to be at most so much.
    pub(crate) fn bounded(&mut self, name: &'static str, value: f64, most: f64, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals: 2, most: Some(most), meaning });
    }

    /// A figure that depends on the machine, and is told.
    pub(crate) fn told(&mut self, name: &'static str, value: f64, meaning: &'static str) {
        self.0.push(Figure { name, value, decimals: 0, most: None, meaning });
    }

    /// Prints meanings, then values; says which do not hold.
    pub(crate) fn print(&self) -> ExitCode {
        println!();
        for Figure { name, most, meaning, .. } in &self.0 {
            let bound = most.map(|most| format!(" (at most {most})")).unwrap_or_default();
            println!("{name}{bound}: {meaning}");
        }
        println!();
        for Figure { name, value, decimals, .. } in &self.0 {
            println!("{name}: {value:.decimals$}");
        }
        // What is no number holds nothing either.
        let broken = |figure: &&Figure| figure.most.is_some_and(|most| figure.value.is_nan() || figure.value > most);
        let mut code = ExitCode::SUCCESS;
        for Figure { name, value, decimals, most, .. } in self.0.iter().filter(broken) {
            eprintln!("{name} does not hold: {value:.decimals$} is more than {}", most.unwrap_or_default());
            code = ExitCode::FAILURE;
        }
        code
    }
}
