//! The part of `authorizer test` that asks how good the tests are.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::testing::Measures;
use crate::testing::coverage::CoverageFormat;
use crate::testing::report::Report;

/// How good are the tests?
#[derive(Debug, Clone, clap::Args)]
pub(super) struct MeasureArguments {
    /// Show what of the policies the tests try.
    #[arg(long)]
    coverage: bool,
    /// Fail unless so many percent of the policies decide a test and do not match in another.
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage_min: Option<u8>,
    /// How to show the coverage.
    #[arg(long, value_enum, default_value = "pretty", requires = "coverage")]
    coverage_format: FormatName,
    /// Where to write the coverage [default: after the results; needed for every format but `pretty`].
    #[arg(long, value_name = "FILE", requires = "coverage", required_if_eq_any([
        ("coverage_format", "lcov"), ("coverage_format", "cobertura"), ("coverage_format", "json"),
    ]))]
    coverage_out: Option<PathBuf>,
    /// Change each policy in turn, and fail if no test notices.
    #[arg(long)]
    mutate: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatName {
    Pretty,
    Lcov,
    Cobertura,
    Json,
}

impl From<FormatName> for CoverageFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Pretty => Self::Pretty,
            FormatName::Lcov => Self::Lcov,
            FormatName::Cobertura => Self::Cobertura,
            FormatName::Json => Self::Json,
        }
    }
}

/// What was found out.
pub(super) struct Measured {
    /// What to show of it.
    pub(super) text: String,
    /// Whether the tests are as good as they have to be.
    pub(super) good: bool,
}

impl MeasureArguments {
    /// What to find out.
    pub(super) fn measures(&self) -> Measures {
        Measures { coverage: self.coverage, mutation: self.mutate }
    }

    /// Shows what was found out, and writes the file that was asked for.
    pub(super) fn conclude(&self, report: &Report) -> anyhow::Result<Measured> {
        let mut measured = Measured { text: String::new(), good: true };
        if let Some(coverage) = &report.coverage {
            let rendered = coverage.render(self.coverage_format.into());
            match &self.coverage_out {
                Some(file) => std::fs::write(file, rendered)
                    .map_err(|error| anyhow::anyhow!("cannot write `{}`: {error}", file.display()))?,
                None => measured.text.push_str(&rendered),
            }
            let least = self.coverage_min.unwrap_or_default();
            if coverage.percent() < f64::from(least) {
                measured.good = false;
                let _ = writeln!(measured.text, "coverage is below {least} %");
            }
        }
        if let Some(mutation) = &report.mutation {
            measured.good &= mutation.is_clean();
            measured.text.push_str(&mutation.render());
        }
        Ok(measured)
    }
}
