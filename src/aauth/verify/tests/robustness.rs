//! Bytes that nobody meant: thousands of damaged requests, the same ones in each run. None makes us panic, and none
//! verifies unless what was signed is still what arrived.

use super::requests::{Parts, post, signature_rules, verify};
use super::*;
use crate::aauth::signing::Signer;

/// A small generator with a fixed seed (Knuth's MMIX constants), so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Changes, inserts, removes or repeats a byte; favours those that mean something in a structured field.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        const TELLING: &[u8] = b"\",;=:()?- _+/\\\n\0\xff@.aA0";
        let at = self.below(bytes.len());
        let byte =
            if self.below(3) == 0 { bytes[at] ^ (1 << self.below(8)) } else { TELLING[self.below(TELLING.len())] };
        match self.below(5) {
            0 => bytes.insert(at, byte),
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, bytes[at]),
            _ => bytes[at] = byte,
        }
        if bytes.is_empty() {
            bytes.push(byte);
        }
    }
}

/// What a message contributes to the base for everything that `post` signs.
fn covered_values(message: &Message) -> Vec<Option<Vec<u8>>> {
    ["@method", "@authority", "@path", "@query", "content-digest", "content-type", "x-list", "signature-key"]
        .map(|name| message.component(&crate::aauth::component::Component::plain(name)).ok())
        .to_vec()
}

fn survives(good: &Parts, seed: u64, rounds: usize) {
    let (mut dice, original) = (Dice(seed), good.message());
    let signature = |message: &Message| {
        let signed = SignedRequest::read(message, &signature_rules(), NOW).unwrap().unwrap();
        (signed.base(message).unwrap(), signed.signature().to_vec())
    };
    let expected = signature(&original);
    assert!(verify(&original).is_ok());
    let mut verified = 0;
    for round in 0..rounds {
        let mut parts = good.clone();
        let line = dice.below(parts.lines.len());
        for _ in 0..=dice.below(3) {
            dice.damage(&mut parts.lines[line].1);
        }
        let message = parts.message();
        // A request whose signature headers all vanished would be unsigned, but a line never vanishes here.
        if verify(&message).is_ok() {
            assert_eq!(signature(&message), expected, "round {round}");
            assert_eq!(covered_values(&message), covered_values(&original), "round {round}");
            verified += 1;
        }
    }
    assert!(verified < rounds / 10, "{verified} of {rounds} verified: is anything damaged at all?");
}

#[test]
fn damaged_requests_of_agents_never_verify() {
    let token = Draft::good(TokenType::Auth).sign();
    survives(&post().signed(Signer::Agent { token: &token }, &agent_key()), 1, 4000);
}

#[test]
fn damaged_requests_of_servers_never_verify() {
    let id = ServerId::parse("https://ps.example").unwrap();
    let signer = Signer::Server { id: &id, dwk: Dwk::Person };
    survives(&post().signed(signer, &issuer_key(TokenType::Person)), 2, 3000);
}

#[test]
fn damaged_requests_of_bare_keys_never_verify() {
    survives(&post().signed(Signer::Pseudonymous, &agent_key()), 3, 3000);
}

/// The parts of a token before they are encoded, so that damage reaches the claims.
#[test]
fn damaged_tokens_never_verify_unless_their_issuer_signed_the_damage() {
    let mut dice = Dice(4);
    let draft = Draft::good(TokenType::Auth);
    let good = draft.sign();
    for round in 0..2000 {
        let mut bytes = good.clone().into_bytes();
        dice.damage(&mut bytes);
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(text == good || verify_as(TokenType::Auth, &text, &draft.keys).is_err(), "round {round}: {text}");
        }
        // Damaged before signing: whatever it is then, reading it does not panic.
        let mut claims = draft.claims.to_string().into_bytes();
        dice.damage(&mut claims);
        let claims = String::from_utf8_lossy(&claims);
        let _ = verify_as(TokenType::Auth, &compact(&draft.header.to_string(), &claims, &draft.key), &draft.keys);
    }
}
