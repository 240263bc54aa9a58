//! Names to addresses, of which every one is admitted before anything connects to it.
//!
//! The connector uses the very addresses answered here and asks nobody again, so a name that resolves differently a
//! moment later (DNS rebinding) gains nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;

use crate::aauth::identifier::is_loopback_host;

use super::egress::{NotAdmitted, admit_addresses};

/// More addresses of one name are not tried.
const MAX_ADDRESSES: usize = 16;

/// The addresses of a name, some time later.
pub(super) type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where names are looked up.
pub(super) trait Names: fmt::Debug + Send + Sync {
    fn lookup(&self, name: &str) -> Lookup;
}

/// The system's resolver.
#[derive(Debug)]
pub(super) struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, name: &str) -> Lookup {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|socket| socket.ip()).take(MAX_ADDRESSES).collect())
        })
    }
}

/// Why a name has no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("an address of the name is not admitted")]
    NotAdmitted(#[from] NotAdmitted),
    #[error("the name does not resolve")]
    Lookup(#[from] io::Error),
}

/// A resolver that answers with admitted addresses only.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    names: Arc<dyn Names>,
    loopback: bool,
}

impl Resolver {
    /// `loopback` says whether names of this machine are answered; egress admission has judged them before.
    pub(super) fn new(names: Arc<dyn Names>, loopback: bool) -> Self {
        Self { names, loopback }
    }

    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        if is_loopback_host(name) {
            // No resolver is asked: it might say that `ps.localhost` is somewhere else.
            let this_machine = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return if self.loopback { Ok(this_machine) } else { Err(NotAdmitted::Loopback.into()) };
        }
        let addresses = self.names.lookup(name).await?;
        admit_addresses(&addresses)?;
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(&'static str);

    impl Names for Fixed {
        fn lookup(&self, _: &str) -> Lookup {
            let addresses = self.0.split_whitespace().map(|a| a.parse().unwrap()).collect();
            Box::pin(async { Ok(addresses) })
        }
    }

    async fn resolve(name: &str, answer: &'static str, loopback: bool) -> Result<Vec<IpAddr>, Unresolved> {
        Resolver::new(Arc::new(Fixed(answer)), loopback).addresses(name).await
    }

    #[tokio::test]
    async fn public_answers_pass_and_any_other_spoils_the_name() {
        assert_eq!(resolve("ps.example", "1.1.1.1 1.0.0.1", false).await.unwrap().len(), 2);
        for answer in ["127.0.0.1", "1.1.1.1 10.0.0.1", "::ffff:169.254.169.254", "fe80::1"] {
            for loopback in [false, true] {
                let refused = resolve("ps.example", answer, loopback).await;
                assert!(matches!(refused, Err(Unresolved::NotAdmitted(NotAdmitted::Address(_)))), "{answer}");
            }
        }
    }

    #[tokio::test]
    async fn names_of_this_machine_are_never_looked_up() {
        let this_machine: IpAddr = "127.0.0.1".parse().unwrap();
        for name in ["localhost", "ps.localhost"] {
            assert!(resolve(name, "8.8.8.8", true).await.unwrap().contains(&this_machine));
            assert!(resolve(name, "8.8.8.8", false).await.is_err());
        }
    }
}
