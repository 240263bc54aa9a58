use super::*;
use crate::aauth::identifier::IdentifierRules;
use crate::discovery::Development;

fn egress(edit: impl FnOnce(&mut DiscoveryConfig)) -> Egress {
    let mut config = DiscoveryConfig::default();
    edit(&mut config);
    Egress::new(&config).unwrap()
}

fn issuer(text: &str) -> ServerId {
    ServerId::parse_under(text, IdentifierRules::LoopbackAllowed).unwrap()
}

fn jwks(egress: &Egress, uri: &str) -> Result<String, NotAdmitted> {
    egress.admit_jwks(&issuer("https://ps.example"), uri).map(|target| target.url().to_owned())
}

#[test]
fn the_issuers_own_origin_is_admitted() {
    let egress = egress(|_| {});
    let target = egress.admit_metadata(&issuer("https://ps.example"), Dwk::Person).unwrap();
    assert_eq!((target.url(), target.host()), ("https://ps.example/.well-known/aauth-person.json", None));
    for uri in ["https://ps.example/jwks", "https://PS.example:443/a?b=c"] {
        assert!(jwks(&egress, uri).is_ok(), "{uri}");
    }
}

#[test]
fn another_origin_is_followed_only_when_the_operator_admits_it() {
    let strict = egress(|_| {});
    for uri in [
        "https://keys.example/jwks",
        "https://ps.example.evil.example/jwks",
        "https://ps.example./jwks",
        "https://169.254.169.254/latest",
        "https://ps.example@evil.example/jwks",
        "http://ps.example/jwks",
        "https://ps.example:8443/jwks",
        "file:///etc/passwd",
        "data:application/json,{}",
    ] {
        assert!(matches!(jwks(&strict, uri), Err(NotAdmitted::CrossOrigin(_))), "{uri}");
    }
    let admitting = egress(|config| config.admit_jwks_origins.push("https://keys.example".into()));
    assert!(jwks(&admitting, "https://keys.example/jwks").is_ok());
    assert!(jwks(&admitting, "https://keys.example:444/jwks").is_err());
    assert!(jwks(&admitting, "http://keys.example/jwks").is_err());
}

#[test]
fn a_pinned_key_set_is_the_only_one_and_may_be_elsewhere() {
    let issuer = ServerId::parse("https://ps.example").unwrap();
    let pinned = egress(|config| {
        config.pinned_jwks.insert(issuer.clone(), "https://keys.example/ps".into());
    });
    assert!(jwks(&pinned, "https://keys.example/ps").is_ok());
    for other in ["https://keys.example/other", "https://ps.example/jwks"] {
        assert_eq!(jwks(&pinned, other), Err(NotAdmitted::OtherThanPinned), "{other}");
    }
}

#[test]
fn malformed_and_credentialed_urls() {
    let egress = egress(|_| {});
    assert_eq!(jwks(&egress, "https://user:pw@ps.example/jwks"), Err(NotAdmitted::Credentials));
    assert_eq!(jwks(&egress, "/jwks"), Err(NotAdmitted::Malformed));
    let long = format!("https://ps.example/{}", "a".repeat(MAX_URL));
    assert_eq!(jwks(&egress, &long), Err(NotAdmitted::Malformed));
}

#[test]
fn loopback_is_for_development_and_for_loopback_hosts_alone() {
    let strict = egress(|_| {});
    let relaxed = egress(|config| config.development.loopback_issuers = true);
    for iss in ["http://127.0.0.1:8765", "http://ps.localhost:3000", "https://localhost", "http://[::1]:80"] {
        assert_eq!(strict.admit_metadata(&issuer(iss), Dwk::Agent), Err(NotAdmitted::Loopback), "{iss}");
        assert!(relaxed.admit_metadata(&issuer(iss), Dwk::Agent).is_ok(), "{iss}");
        assert!(relaxed.admit_jwks(&issuer(iss), &format!("{iss}/jwks")).is_ok(), "{iss}");
    }
    // Another port is another origin, here too.
    let cross = relaxed.admit_jwks(&issuer("http://127.0.0.1:1"), "http://127.0.0.1:2/jwks");
    assert!(matches!(cross, Err(NotAdmitted::CrossOrigin(_))));
    for uri in ["http://ps.example/jwks", "https://ps.example:1/jwks", "https://10.0.0.1/jwks"] {
        assert!(relaxed.admit(Url::parse(uri).unwrap()).is_err(), "{uri}");
    }
}

#[test]
fn addresses_in_urls_are_judged_in_every_spelling() {
    let egress = egress(|_| {});
    for uri in [
        "https://169.254.169.254/",
        "https://2852039166/",
        "https://0xa9.0xfe.0xa9.0xfe/",
        "https://0251.0376.0251.0376/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://10.1/",
    ] {
        let refused = egress.admit(Url::parse(uri).unwrap());
        assert!(matches!(refused, Err(NotAdmitted::Address(_))), "{uri}: {refused:?}");
    }
    assert_eq!(egress.admit(Url::parse("https://127.1/").unwrap()), Err(NotAdmitted::Loopback));
    assert_eq!(egress.admit(Url::parse("https://[::1]/").unwrap()), Err(NotAdmitted::Loopback));
    assert!(egress.admit(Url::parse("https://1.1.1.1/").unwrap()).is_ok());
}

#[test]
fn connect_moves_the_connection_and_keeps_the_host() {
    let egress = egress(|config| {
        config.development.connect.insert("https://ps.example".into(), "http://127.0.0.1:8765".into());
    });
    let target = egress.admit_jwks(&issuer("https://ps.example"), "https://ps.example/jwks?x=1").unwrap();
    assert_eq!((target.url(), target.host()), ("http://127.0.0.1:8765/jwks?x=1", Some("ps.example")));
    // Nothing else is relaxed by it.
    assert_eq!(egress.admit_metadata(&issuer("http://127.0.0.1:8765"), Dwk::Agent), Err(NotAdmitted::Loopback));
    assert!(egress.admit_jwks(&issuer("https://ps.example"), "http://127.0.0.1:8765/jwks").is_err());
}

#[test]
fn connect_must_stay_on_this_machine() {
    let fault = |from: &str, to: &str| {
        let connect = BTreeMap::from([(from.to_owned(), to.to_owned())]);
        let development = Development { connect, ..Development::default() };
        Egress::new(&DiscoveryConfig { development, ..DiscoveryConfig::default() }).unwrap_err()
    };
    for to in [
        "http://10.0.0.1:80",
        "http://ps.example",
        "https://127.0.0.1:1",
        "http://127.0.0.1/x",
        "http://a@127.0.0.1",
        "127.0.0.1:80",
        "",
    ] {
        assert_eq!(fault("https://ps.example", to), InvalidDiscovery::ConnectTo(to.to_owned()));
    }
    for from in ["https://ps.example/", "http://ps.example", "ps.example"] {
        assert!(matches!(fault(from, "http://127.0.0.1:1"), InvalidDiscovery::ConnectFrom(_)), "{from}");
    }
}

#[test]
fn one_private_address_spoils_a_name() {
    let addresses = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<IpAddr>>();
    assert_eq!(admit_addresses(&addresses(&["1.1.1.1", "2606:4700::1"])), Ok(()));
    let private: IpAddr = "10.0.0.1".parse().unwrap();
    assert_eq!(admit_addresses(&addresses(&["1.1.1.1", "10.0.0.1"])), Err(NotAdmitted::Address(private)));
}
