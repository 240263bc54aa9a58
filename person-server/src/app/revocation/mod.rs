//! Tokens are withdrawn: by whoever issued them, or by the person of their own accord.
//!
//! Implements "Token Revocation" of draft-hardt-oauth-aauth-protocol-11. What is withdrawn is recorded in one
//! transaction (`store`), then whoever has to know is told, and told again until they do or the token is over.
//!
//! | file | what it does |
//! |---|---|
//! | `receive` | other servers withdraw their tokens: the revocation endpoint |
//! | `initiate` | the person withdraws what an agent holds |
//! | `notify` | telling others, with patience |
//! | `outcome` | what the answer of somebody who was told means |
//! | `depends` | whether an ask that is collected still rests on nothing withdrawn |

mod depends;
mod initiate;
mod notify;
mod outcome;
mod receive;

pub use initiate::{Informed, Revoked};
pub use notify::Notifier;
