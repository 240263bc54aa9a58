//! What is wrong with a signature or a request, as the wire says it.
//!
//! Implements `Signature-Error` (HTTP Signature Keys -09, section 5), "Error Responses" of
//! draft-hardt-oauth-aauth-protocol-11 and the problem details of RFC 9457. Each code stands in one table, with its
//! status, used in both directions.
//!
//! | file | its codes |
//! |---|---|
//! | `signature` | of `Signature-Error`, always with 401 |
//! | `resource` | of a resource's authorization endpoint, and of any revocation endpoint |
//! | `token_endpoint` | of the token endpoints of person servers and access servers |
//! | `pending` | of pending URLs, of interaction callbacks and of the interaction endpoint |
//! | `mission` | of missions |
//! | `problem` | none: the body they all come in |

mod mission;
mod pending;
mod problem;
mod resource;
mod signature;
mod token_endpoint;

pub use mission::MissionErrorCode;
pub use pending::{CallbackErrorCode, InteractionErrorCode, PollErrorCode};
pub use problem::Problem;
pub use resource::{AuthorizationErrorCode, RevocationErrorCode};
pub use signature::{SignatureError, SignatureErrorCode, accept_signature_alg};
pub use token_endpoint::{TokenEndpointErrorCode, TokenParameter};

/// A table of codes, read in both directions.
macro_rules! wire_codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What a code on the wire means.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

/// A table of codes, each with the HTTP status that goes with it.
macro_rules! wire_codes_with_status {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal @ $status:literal),+ $(,)?
    }) => {
        super::wire_codes! { $(#[$meta])* $name { $($(#[$doc])* $variant = $code),+ } }

        impl $name {
            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// The body that says so.
            pub fn problem(self, detail: impl Into<String>) -> super::Problem {
                super::Problem::new(self.status(), self.code(), detail)
            }
        }
    };
}

use {wire_codes, wire_codes_with_status};

#[cfg(test)]
mod tests;
