//! The table of hostile requests: each a small change to a good one, each with the exact answer it gets.
//!
//! A theme is a file of cases, and its answers are a snapshot: status, every header, body; for a request that passes,
//! what goes on to the upstream. [`invariants`] hold for every row, whatever its theme.

mod algorithms;
mod allowed;
mod case;
mod components;
mod discovery;
mod headers;
mod invariants;
mod keys;
mod lifetimes;
mod requests;
mod schemes;
mod shown;
mod token;
mod tokens;
mod wire;

use case::{Case, Outcome};

/// Fewer rows than this and the table has lost some.
const AT_LEAST: usize = 80;

/// Runs the cases of a theme, asserts what is true of every answer, and shows the answers.
async fn answers(cases: Vec<Case>) -> String {
    let mut shown = String::new();
    let usual = good().await.response.unwrap_err();
    for case in cases {
        let name = case.name;
        let outcome = case.run().await;
        invariants::hold(name, &outcome);
        shown.push_str(&shown::row(name, &outcome, &usual));
    }
    shown
}

async fn good() -> Outcome {
    Case::new("good", wire::good()).run().await
}

macro_rules! themes {
    ($($theme:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $theme() {
            insta::assert_snapshot!(stringify!($theme), answers($theme::cases()).await);
        })+

        fn every_case() -> Vec<Case> {
            [$($theme::cases()),+].into_iter().flatten().collect()
        }
    };
}

themes!(headers, components, lifetimes, schemes, algorithms, keys, tokens, discovery, requests, allowed);

/// The table is as long as it is said to be, and no row hides another.
#[test]
fn the_table_is_long_and_its_names_are_distinct() {
    let cases = every_case();
    let hostile = cases.len() - allowed::cases().len();
    assert!(hostile >= AT_LEAST, "{hostile} hostile requests");
    let mut names: Vec<_> = cases.iter().map(|case| case.name).collect();
    names.sort_unstable();
    let repeated: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(repeated.is_empty(), "{repeated:?}");
}

/// What each row starts from passes, or the refusals would prove nothing.
#[tokio::test]
async fn the_good_request_passes() {
    let outcome = good().await;
    assert_eq!(outcome.record.outcome, "allow", "{:?}", outcome.record);
}
