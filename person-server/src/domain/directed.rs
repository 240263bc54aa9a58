//! The name a person has at one resource, and nowhere else.
//!
//! Implements "Directed Identifiers" of draft-hardt-oauth-aauth-protocol-11: stable for a person and a resource, the
//! same for all their agents, and of no use for telling that two resources see one person.

use std::fmt;

use aauth_authorizer::aauth::identifier::ServerId;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::person::PersonKey;

/// The secret that names are derived with. Whoever has it can link them; if it is lost, everybody is somebody else.
#[derive(Clone)]
pub struct SubjectKey([u8; 32]);

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(..)")
    }
}

impl SubjectKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The person's name at the resource.
    pub fn subject(&self, person: &PersonKey, resource: &ServerId) -> String {
        // A key of any length is a key to HMAC, so there is no other branch to take.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(person.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(resource.as_str().as_bytes());
        let digest = mac.finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode(digest.get(..24).unwrap_or(&digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_a_resource_the_same_each_time() {
        let key = SubjectKey::new([7; 32]);
        let (ada, bob) = (PersonKey::new("ada"), PersonKey::new("bob"));
        let orders = ServerId::parse("https://orders.example").unwrap();
        let files = ServerId::parse("https://files.example").unwrap();
        assert_eq!(key.subject(&ada, &orders), key.subject(&ada, &orders));
        assert_ne!(key.subject(&ada, &orders), key.subject(&ada, &files));
        assert_ne!(key.subject(&ada, &orders), key.subject(&bob, &orders));
        assert_ne!(key.subject(&ada, &orders), SubjectKey::new([8; 32]).subject(&ada, &orders));
        assert_eq!(key.subject(&ada, &orders).len(), 32);
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", SubjectKey::new([7; 32])), "SubjectKey(..)");
    }
}
