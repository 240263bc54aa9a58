//! What the tests of this room are written with: a folder of policies, and the callers of the examples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Decision, LoadErrors, PolicyStore, Principal, RequestFacts, StoreConfig, Subject, TokenFacts, TokenKind};

pub(super) const NOW: i64 = 1_790_000_000;

/// A folder of policies that goes with the test.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    /// With `orders/a.cedar` in it.
    pub(super) fn with(policies: &str) -> Self {
        let folder = Self::empty();
        folder.write("policies/orders/a.cedar", policies);
        folder
    }

    pub(super) fn empty() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(folder.path("policies")).unwrap();
        folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn config(&self) -> StoreConfig {
        StoreConfig {
            policies_dir: self.path("policies"),
            schemas_dir: self.path("schemas"),
            resources: vec!["orders".to_owned(), "billing".to_owned()],
        }
    }

    pub(super) fn open(&self) -> Result<PolicyStore, LoadErrors> {
        PolicyStore::open(self.config())
    }

    /// The faults of opening it, one line each, with paths below the folder.
    pub(super) fn faults(&self) -> Vec<String> {
        let errors = self.open().expect_err("the folder has faults");
        errors.faults().iter().map(|fault| fault.to_string().replace(&self.root(), "")).collect()
    }

    fn root(&self) -> String {
        format!("{}/", Path::display(self.0.path()))
    }
}

/// A store over one file of policies.
pub(super) fn store(policies: &str) -> PolicyStore {
    Folder::with(policies).open().unwrap()
}

/// The answer of a store to a request for `orders`.
pub(super) fn ask(store: &PolicyStore, subject: &Subject, method: &str, path: &str) -> Decision {
    store.current().decide("orders", subject, &facts(method, path), NOW)
}

pub(super) fn facts<'a>(method: &'a str, path: &'a str) -> RequestFacts<'a> {
    RequestFacts {
        method,
        host: "orders.example",
        path,
        query: None,
        headers: &[],
        source_ip: None,
        peer: None,
        call: None,
    }
}

pub(super) fn ada() -> Principal {
    Principal::Person {
        iss: "https://ps.example".to_owned(),
        sub: "ada".to_owned(),
        ps: "https://ps.example".to_owned(),
        tenant: Some("acme".to_owned()),
        groups: vec!["eng".to_owned()],
        roles: Vec::new(),
    }
}

pub(super) fn auth_token(scopes: &[&str]) -> TokenFacts {
    TokenFacts {
        kind: TokenKind::Auth,
        issuer: "https://ps.example".to_owned(),
        jti: "jti-1".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        issued_at: NOW - 60,
        expires_at: NOW + 240,
        mission: None,
        account: None,
        tenant: None,
        key: "thumbprint-1".to_owned(),
        claims: BTreeMap::new(),
    }
}

/// Ada with an auth token.
pub(super) fn ada_with(scopes: &[&str]) -> Subject {
    Subject::new(ada(), Some(auth_token(scopes)))
}

/// Ada with a person token.
pub(super) fn ada_alone() -> Subject {
    Subject::new(ada(), Some(TokenFacts { kind: TokenKind::Person, ..auth_token(&[]) }))
}

pub(super) fn robot() -> Subject {
    let principal = Principal::Agent {
        id: "aauth:robot@agents.example".to_owned(),
        provider: "https://agents.example".to_owned(),
        parent: None,
        ps: None,
    };
    Subject::new(principal, Some(TokenFacts { kind: TokenKind::Agent, ..auth_token(&[]) }))
}

pub(super) fn anonymous() -> Subject {
    Subject::new(Principal::Anonymous, None)
}
