//! How this server knows that a person is there: links that set up, tokens for scripts, sessions of browsers.
//!
//! The draft leaves to the person server how a person is authenticated, as long as every decision comes over a channel
//! that is: "PS Approval Endpoint Authentication". Of every secret only its SHA-256 is kept. A session's secret is
//! replaced every hour; a replaced one that turns up again has been copied, and ends the session.

use std::fmt;

use aauth_authorizer::clock::Seconds;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::person::PersonKey;

/// A session nobody used for so long is over.
pub const IDLE: Seconds = 12 * 3600;
/// A session is over after so long, used or not.
pub const LASTS: Seconds = 7 * 24 * 3600;
/// After so long a session's secret is replaced.
const ROTATES: Seconds = 3600;
/// An offered secret that did not come back in this time was lost on its way: another is offered.
const OFFERED: Seconds = 300;
/// How long requests that were under way may still carry the replaced secret.
const OVERLAP: Seconds = 60;
/// Use is noted this often, not with each request.
const NOTED: Seconds = 60;
/// How long a setup link works.
pub const SETUP_LASTS: Seconds = 24 * 3600;

/// What a secret is for. A secret of one kind is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// Sets a person up: once.
    Setup,
    /// Stands for a person in a script.
    Api,
    /// Is a browser's session.
    Session,
}

impl SecretKind {
    /// What its secrets begin with, so that one that leaked is recognized.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Setup => "psu_",
            Self::Api => "psa_",
            Self::Session => "pss_",
        }
    }
}

/// 256 random bits.
#[derive(Clone)]
pub struct Secret {
    kind: SecretKind,
    bytes: [u8; 32],
}

impl Secret {
    /// A secret of these bytes.
    pub fn new(kind: SecretKind, bytes: [u8; 32]) -> Self {
        Self { kind, bytes }
    }

    /// Reads a secret of this kind.
    pub fn parse(kind: SecretKind, text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(kind.prefix())?).ok()?;
        Some(Self { kind, bytes: bytes.try_into().ok()? })
    }

    /// The secret itself, for its holder alone.
    pub fn reveal(&self) -> String {
        format!("{}{}", self.kind.prefix(), BASE64_URL_SAFE_NO_PAD.encode(self.bytes))
    }

    /// What is kept of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.reveal().as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// SHA-256 of a secret. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// As it is kept.
    pub fn to_text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

/// A secret that sets a person up, or stands for them in scripts, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// Whose.
    pub person: PersonKey,
    /// What they call it.
    pub name: String,
    /// Since when.
    pub created_at: Seconds,
    /// Until when.
    pub expires_at: Option<Seconds>,
    /// When it was used last, to a minute.
    pub used_at: Option<Seconds>,
}

impl ApiToken {
    /// Whether that it is used now is to be noted.
    pub fn notes(&self, now: Seconds) -> bool {
        self.used_at.is_none_or(|used| used + NOTED <= now)
    }
}

/// How a session began. Passkeys and other providers' logins join here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// With a setup link.
    Setup,
    /// With an API token, whose end is the session's.
    ApiToken {
        /// The token's id.
        id: String,
    },
}

impl Begun {
    /// Its name in the store and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::ApiToken { .. } => "api_token",
        }
    }
}

/// A browser's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: String,
    /// Whose.
    pub person: PersonKey,
    /// How it began.
    pub begun: Begun,
    /// Since when.
    pub created_at: Seconds,
    /// When it was used last, to a minute.
    pub seen_at: Seconds,
    /// The secrets that count, or counted a moment ago.
    pub secrets: Secrets,
}

/// The secrets of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The one that counts.
    pub current: SecretDigest,
    /// Since when.
    pub since: Seconds,
    /// The one that was offered, and when. It counts once it comes back.
    pub offered: Option<(SecretDigest, Seconds)>,
    /// The one before, and how long requests under way may carry it.
    pub replaced: Option<(SecretDigest, Seconds)>,
}

/// What a secret that was presented means for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// It counts.
    Counts {
        /// A new secret is to be offered.
        offer: bool,
        /// That it was used is to be noted.
        note: bool,
    },
    /// It is the one that was offered, and replaces the current one.
    Confirms,
    /// It was copied: the session is to end.
    Copied,
    /// The session is over.
    Over,
}

impl Session {
    /// A session that begins now.
    pub fn begin(id: String, person: PersonKey, begun: Begun, secret: &Secret, now: Seconds) -> Self {
        let secrets = Secrets { current: secret.digest(), since: now, offered: None, replaced: None };
        Self { id, person, begun, created_at: now, seen_at: now, secrets }
    }

    /// When it ends if it is not used again.
    pub fn ends_at(&self) -> Seconds {
        (self.seen_at + IDLE).min(self.created_at + LASTS)
    }

    /// What it means that this secret, which is one of its own, was presented.
    pub fn presented(&self, digest: SecretDigest, now: Seconds) -> Presented {
        let Secrets { current, since, offered, replaced } = &self.secrets;
        if now >= self.ends_at() {
            return Presented::Over;
        }
        if *current == digest {
            let lost = offered.is_none_or(|(_, at)| at + OFFERED <= now);
            return Presented::Counts { offer: since + ROTATES <= now && lost, note: self.seen_at + NOTED <= now };
        }
        if offered.is_some_and(|(offered, _)| offered == digest) {
            return Presented::Confirms;
        }
        match replaced {
            Some((replaced, until)) if *replaced == digest && now < *until => {
                Presented::Counts { offer: false, note: false }
            }
            Some(_) | None => Presented::Copied,
        }
    }
}

/// Until when the secret that is replaced now is still taken.
pub fn overlap(now: Seconds) -> Seconds {
    now + OVERLAP
}

/// An offer made before this was lost.
pub fn offers_lost_before(now: Seconds) -> Seconds {
    now - OFFERED
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Seconds = 3600;

    fn secret(byte: u8) -> Secret {
        Secret::new(SecretKind::Session, [byte; 32])
    }

    fn session() -> Session {
        Session::begin("s".into(), PersonKey::new("ada"), Begun::Setup, &secret(1), 0)
    }

    #[test]
    fn a_secret_is_read_back_as_its_own_kind_only() {
        let text = Secret::new(SecretKind::Api, [7; 32]).reveal();
        assert_eq!(Secret::parse(SecretKind::Api, &text).unwrap().reveal(), text);
        assert!(Secret::parse(SecretKind::Setup, &text).is_none());
        for bad in
            ["", "psa_", "psa_AAAA", text.get(..46).unwrap(), &format!("{text}A"), &text.replace("psa_", "psa_=")]
        {
            assert!(Secret::parse(SecretKind::Api, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn neither_a_secret_nor_its_digest_is_printed() {
        assert_eq!(format!("{:?} {:?}", secret(1), secret(1).digest()), "Secret(..) SecretDigest(..)");
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let digest = secret(1).digest();
        assert_eq!(session().presented(digest, IDLE - 1), Presented::Counts { offer: true, note: true });
        assert_eq!(session().presented(digest, IDLE), Presented::Over);
        let used = Session { seen_at: LASTS - 1, ..session() };
        assert_eq!(used.presented(digest, LASTS), Presented::Over);
    }

    #[test]
    fn its_secret_is_replaced_once_the_next_has_come_back() {
        let (one, two) = (secret(1).digest(), secret(2).digest());
        assert_eq!(session().presented(one, HOUR - 1), Presented::Counts { offer: false, note: true });
        let mut offered = session();
        offered.secrets.offered = Some((two, HOUR));
        assert_eq!(offered.presented(one, HOUR + 1), Presented::Counts { offer: false, note: true });
        assert_eq!(offered.presented(one, HOUR + OFFERED), Presented::Counts { offer: true, note: true });
        assert_eq!(offered.presented(two, HOUR + 1), Presented::Confirms);
    }

    #[test]
    fn a_replaced_secret_is_taken_for_a_minute_and_then_gives_the_copy_away() {
        let (one, two) = (secret(1).digest(), secret(2).digest());
        let mut after = session();
        after.secrets = Secrets { current: two, since: HOUR, offered: None, replaced: Some((one, overlap(HOUR))) };
        assert_eq!(after.presented(one, HOUR + 59), Presented::Counts { offer: false, note: false });
        assert_eq!(after.presented(one, HOUR + 60), Presented::Copied);
        assert_eq!(after.presented(two, HOUR + 60), Presented::Counts { offer: false, note: true });
    }
}
