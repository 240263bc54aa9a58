//! The thumbprints that RFC 7638 and RFC 8037 print.

use aauth_authorizer::aauth::key::thumbprint;
use serde_json::Value;

#[test]
fn every_printed_thumbprint_is_ours() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/rfc7638.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let ours = thumbprint(case["jwk"].as_object().unwrap()).unwrap();
        assert_eq!(ours.as_str(), case["thumbprint"], "{}", case["section"]);
    }
}
