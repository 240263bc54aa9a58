use sfv::{Item, Parser};

use super::*;

fn fields(lines: &[(&str, &str)]) -> Fields {
    Fields::lines(lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())))
}

fn component(identifier: &str) -> Result<Component, ComponentFault> {
    Component::read(&Parser::new(identifier).parse::<Item>().unwrap())
}

/// The line that a component contributes to the base, after its identifier.
fn value(message: &Message, identifier: &str) -> Result<String, ComponentFault> {
    Ok(String::from_utf8(message.component(&component(identifier)?)?).unwrap())
}

fn value_of(lines: &[(&str, &str)], identifier: &str) -> Result<String, ComponentFault> {
    value(&Message::request("GET", "https", "www.example.com", "/", fields(lines)), identifier)
}

fn derived(method: &str, scheme: &str, authority: &str, target: &str, identifier: &str) -> String {
    value(&Message::request(method, scheme, authority, target, Fields::default()), identifier).unwrap()
}

/// RFC 9421, section 2.1, "HTTP Fields": the values of its example, but for obsolete line folding, which every HTTP
/// implementation in front of us refuses.
#[test]
fn fields_of_rfc_9421() {
    let lines = [
        ("Host", "www.example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("X-OWS-Header", "   Leading and trailing whitespace.   "),
        ("Cache-Control", "max-age=60"),
        ("Cache-Control", "   must-revalidate"),
        ("Example-Dict", "  a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("X-Empty-Header", ""),
    ];
    for (name, expected) in [
        ("host", "www.example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("x-ows-header", "Leading and trailing whitespace."),
        ("cache-control", "max-age=60, must-revalidate"),
        ("example-dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("x-empty-header", ""),
    ] {
        assert_eq!(value_of(&lines, &format!("{name:?}")).as_deref(), Ok(expected));
    }
    assert_eq!(value_of(&lines, "\"absent\""), Err(ComponentFault::Missing("absent".into())));
}

#[test]
fn tabs_around_a_line_are_white_space_and_within_it_are_not() {
    assert_eq!(value_of(&[("X", "\t a\tb \t")], "\"x\"").as_deref(), Ok("a\tb"));
}

/// RFC 9421, section 2.1.1, "Strict Serialization of HTTP Structured Fields".
#[test]
fn strict_serialization_of_rfc_9421() {
    // A field of the RFC's value and of a type we know.
    let lines = [("Priority", "  a=1,    b=2;x=1;y=2,   c=(a   b   c)")];
    assert_eq!(value_of(&lines, "\"priority\";sf").as_deref(), Ok("a=1, b=2;x=1;y=2, c=(a b c)"));
    let accept = [("Accept", "text/html;q=1.0 ,*/*")];
    assert_eq!(value_of(&accept, "\"accept\";sf").as_deref(), Ok("text/html;q=1.0, */*"));
    let unknown = [("Example-Dict", "a=1,   b=2")];
    let fault = Err(ComponentFault::NotStructured("example-dict".into()));
    assert_eq!(value_of(&unknown, "\"example-dict\";sf"), fault);
}

/// RFC 9421, section 2.1.2, "Dictionary Structured Field Members".
#[test]
fn dictionary_members_of_rfc_9421() {
    let lines = [("Example-Dict", "  a=1, b=2;x=1;y=2, c=(a   b    c), d")];
    for (key, expected) in [("a", "1"), ("d", "?1"), ("b", "2;x=1;y=2"), ("c", "(a b c)")] {
        assert_eq!(value_of(&lines, &format!("\"example-dict\";key={key:?}")).as_deref(), Ok(expected));
    }
    assert!(value_of(&lines, "\"example-dict\";key=\"e\"").is_err());
    assert!(value_of(&[("X", "not; a (dictionary")], "\"x\";key=\"a\"").is_err());
}

/// RFC 9421, section 2.1.3, "Binary-Wrapped HTTP Fields".
#[test]
fn binary_wrapped_fields_of_rfc_9421() {
    let two = [("Example-Header", "value, with, lots"), ("Example-Header", "of, commas")];
    assert_eq!(value_of(&two, "\"example-header\"").as_deref(), Ok("value, with, lots, of, commas"));
    let wrapped = value_of(&two, "\"example-header\";bs");
    assert_eq!(wrapped.as_deref(), Ok(":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"));
    let one = [("Example-Header", "value, with, lots, of, commas")];
    let wrapped = value_of(&one, "\"example-header\";bs");
    assert_eq!(wrapped.as_deref(), Ok(":dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"));
}

/// RFC 9421, sections 2.2.1 to 2.2.6.
#[test]
fn derived_components_of_rfc_9421() {
    let of = |identifier| derived("POST", "https", "www.example.com", "/path?param=value", identifier);
    assert_eq!(of("\"@method\""), "POST");
    assert_eq!(of("\"@target-uri\""), "https://www.example.com/path?param=value");
    assert_eq!(of("\"@authority\""), "www.example.com");
    assert_eq!(of("\"@request-target\""), "/path?param=value");
    assert_eq!(of("\"@path\""), "/path");
    assert_eq!(derived("POST", "http", "www.example.com", "/path", "\"@scheme\""), "http");
    assert_eq!(derived("OPTIONS", "https", "www.example.com", "*", "\"@request-target\""), "*");
}

/// RFC 9421, section 2.2.1: the method is compared by case.
#[test]
fn a_method_keeps_its_case() {
    assert_eq!(derived("gEt", "https", "a.example", "/", "\"@method\""), "gEt");
}

/// RFC 9421, section 2.2.3: lower case, without the scheme's default port.
#[test]
fn authorities_are_normalized() {
    for (scheme, authority, expected) in [
        ("https", "WWW.Example.COM", "www.example.com"),
        ("https", "a.example:443", "a.example"),
        ("HTTPS", "a.example:443", "a.example"),
        ("https", "a.example:80", "a.example:80"),
        ("http", "a.example:80", "a.example"),
        ("https", "a.example:8443", "a.example:8443"),
        ("https", "[2001:DB8::1]:443", "[2001:db8::1]"),
    ] {
        assert_eq!(derived("GET", scheme, authority, "/", "\"@authority\""), expected);
    }
}

/// RFC 9421, section 2.2.6: an empty path is `/`; nothing else is rewritten.
#[test]
fn paths_are_as_received() {
    for (target, expected) in [("", "/"), ("?a", "/"), ("/", "/"), ("/a%2Fb/../c//", "/a%2Fb/../c//"), ("/a,b", "/a,b")]
    {
        assert_eq!(derived("GET", "https", "a.example", target, "\"@path\""), expected);
    }
}

/// RFC 9421, section 2.2.7: a query that is not there is signed as one that is empty.
#[test]
fn queries_of_rfc_9421() {
    for (target, expected) in [
        ("/path?param=value&foo=bar&baz=bat%2Dman", "?param=value&foo=bar&baz=bat%2Dman"),
        ("/path?queryString", "?queryString"),
        ("/path?", "?"),
        ("/path", "?"),
        ("/path?a?b", "?a?b"),
    ] {
        assert_eq!(derived("POST", "https", "www.example.com", target, "\"@query\""), expected);
    }
}

/// RFC 9421, section 2.2.8, "Query Parameters".
#[test]
fn query_parameters_of_rfc_9421() {
    let first = "/path?param=value&foo=bar&baz=batman&qux=";
    let second = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
    for (target, name, expected) in [
        (first, "baz", "batman"),
        (first, "qux", ""),
        (first, "param", "value"),
        (second, "var", "this%20is%20a%20big%0Amultiline%20value"),
        (second, "bar", "with%20plus%20whitespace"),
        (second, "fa%C3%A7ade%22%3A%20", "something"),
        ("/path?baz=bat%2Dman", "baz", "bat-man"),
        ("/path?a=%zz%4", "a", "%25zz%254"),
    ] {
        let identifier = format!("\"@query-param\";name={name:?}");
        assert_eq!(derived("GET", "https", "www.example.com", target, &identifier), expected);
    }
}

#[test]
fn a_query_parameter_that_is_absent_or_repeated_has_no_value() {
    let message = Message::request("GET", "https", "a.example", "/?a=1&b=2&a=3", Fields::default());
    assert_eq!(
        value(&message, "\"@query-param\";name=\"a\""),
        Err(ComponentFault::Ambiguous("@query-param".into())),
        "repeated"
    );
    assert_eq!(
        value(&message, "\"@query-param\";name=\"c\""),
        Err(ComponentFault::Missing("@query-param".into())),
        "absent"
    );
    assert!(matches!(value(&message, "\"@query-param\""), Err(ComponentFault::Unsupported(_))), "unnamed");
}

/// RFC 9421, section 2.2.9: of a response, the status and its fields; of a request, never a status.
#[test]
fn a_status_is_a_responses_and_all_else_a_requests() {
    let response = Message::response(200, fields(&[("Content-Type", "application/json")]));
    assert_eq!(value(&response, "\"@status\"").as_deref(), Ok("200"));
    assert_eq!(value(&response, "\"content-type\"").as_deref(), Ok("application/json"));
    for name in ["@method", "@authority", "@path", "@query", "@scheme", "@target-uri", "@request-target"] {
        let fault = ComponentFault::Unsupported(format!("{name:?}"));
        assert_eq!(value(&response, &format!("{name:?}")), Err(fault));
    }
    assert!(value_of(&[], "\"@status\"").is_err());
}

#[test]
fn what_is_not_supported_is_refused_and_never_guessed() {
    for identifier in [
        "method",                         // a token, no string
        "1",                              // nor a number
        "\"\"",                           // empty
        "\"@Method\"",                    // upper case
        "\"X-Custom\"",                   // upper case
        "\"@unknown\"",                   // no such derived component
        "\"@signature-params\"",          // never covers itself
        "\"@method\";req",                // of another message
        "\"x\";tr",                       // of the trailers
        "\"x\";unknown",                  // a parameter nobody knows
        "\"x\";sf=?0",                    // flags are true or absent
        "\"x\";bs=1",                     //
        "\"x\";key=5",                    // keys are strings
        "\"x\";key=token",                //
        "\"x\";bs;sf",                    // contradict each other
        "\"x\";bs;key=\"a\"",             //
        "\"@method\";sf",                 // derived components have no fields' parameters
        "\"@path\";bs",                   //
        "\"@query\";key=\"a\"",           //
        "\"@query-param\";name=a",        // a token
        "\"@path\";name=\"a\"",           // another component's parameter
        "\"x\";name=\"a\"",               //
        "\"@query-param\";name=\"a\";sf", //
    ] {
        let fault = value_of(&[("x", "a=1"), ("X-Custom", "1")], identifier);
        assert!(matches!(fault, Err(ComponentFault::Unsupported(_))), "{identifier}: {fault:?}");
    }
}

#[test]
fn a_component_is_the_same_by_its_name_and_parameters_in_any_order() {
    let same = |a: &str, b: &str| component(a).unwrap().same_as(&component(b).unwrap());
    assert!(same("\"x\";sf;key=\"a\"", "\"x\";key=\"a\";sf"));
    assert!(!same("\"x\";key=\"a\"", "\"x\";key=\"b\""));
    assert!(!same("\"x\"", "\"x\";sf"));
    assert!(!same("\"@query-param\";name=\"a\"", "\"@query-param\";name=\"b\""));
}

#[test]
fn a_member_does_not_cover_its_field() {
    assert!(component("\"signature-key\"").unwrap().covers("signature-key"));
    assert!(!component("\"signature-key\";key=\"sig\"").unwrap().covers("signature-key"));
    assert!(!component("\"@method\"").unwrap().covers("method"));
}

#[test]
fn field_names_are_compared_without_regard_to_case() {
    let fields = fields(&[("X-A", "1"), ("x-a", "2")]);
    assert_eq!(fields.text("x-a").as_deref(), Some("1, 2"));
    assert!(fields.has("x-a"));
    assert_eq!(fields.single("x-a"), None, "it came twice");
    assert_eq!(fields.single("x-b"), None);
}

#[test]
fn bytes_that_are_no_text_are_signed_as_they_are() {
    let fields = Fields::lines([("x".to_owned(), vec![b' ', 0xff, 0xfe, b' '])]);
    assert_eq!(fields.text("x"), None);
    let message = Message::request("GET", "https", "a.example", "/", fields);
    assert_eq!(message.component(&Component::plain("x")), Ok(vec![0xff, 0xfe]));
}
