//! How long a thousand tests take. Run in a release build: `cargo test --release -- --ignored thousand`.

use std::fmt::Write as _;

use super::super::Session;
use super::super::testkit::Folder;

#[test]
#[ignore = "a measurement, for release builds"]
fn a_thousand_tests_over_two_hundred_policies() {
    let mut policies = String::new();
    let mut suite = String::from(
        "fixtures:\n  ada: { person: { server: https://ps.example, sub: ada }, token: { scopes: [s1, s2] } }\n\
         \x20 robot: { agent: aauth:robot@agents.example }\ntests:\n",
    );
    for n in 0..200 {
        writeln!(
            policies,
            "@id(\"p{n}\") permit (principal is AAuth::Person, action in HTTP::Action::\"read\", resource in \
             HTTP::Path::\"/v1/{n}\") when {{ context.token.scopes.contains(\"s1\") }};"
        )
        .unwrap();
    }
    for n in 0..1000 {
        let at = n % 200;
        writeln!(
            suite,
            "  - {{ name: t{n}, as: ada, request: {{ path: /v1/{at}/x }}, expect: {{ decision: allow, policies: [p{at}] }} }}"
        )
        .unwrap();
    }
    let folder = Folder::with(&policies).suite(&suite);
    let report = Session::new(folder.options()).run().unwrap();
    assert_eq!(report.counts().passed, 1000, "{:?}", folder.complaints_of(&report));
    println!("tests_seconds: {:.3}", report.elapsed.as_secs_f64());
    assert!(report.elapsed.as_secs_f64() < 1.0, "{:?}", report.elapsed);
}
