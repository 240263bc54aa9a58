//! AAuth for gateways: who is calling, may they, and what would change the answer.
//!
//! Implements the resource's side of *draft-hardt-oauth-aauth-protocol-11* and *HTTP Signature Keys -09*. The rooms,
//! in the order a request passes them:
//!
//! | room | what it is for |
//! |---|---|
//! | [`aauth`] | the protocol: identifiers, signatures, tokens, errors. Pure: no I/O, no clock, no randomness |
//! | `discovery` | issuers' keys: fetched under egress rules, cached, refreshed no more than once a minute |
//! | `policy` | Cedar: load, validate, swap and ask |
//! | `replay` | signed requests that were let through before |
//! | `serving` | the HTTP listener that both programs share |
//! | `authorizer` | the pipeline and its edges: Envoy's gRPC, HTTP, configuration, telemetry |
//! | `agent` | the other side: sign requests and follow each requirement |
//! | `review` | decisions looked at again: explained, recorded as tests, replayed under other policies |
//! | `testing` | tests of policies, on the same way that requests take |
//! | `cli` | the command line |
//! | `demo` | everything at once on one machine |

pub mod aauth;
pub mod clock;

#[cfg(feature = "discovery")]
pub mod discovery;

#[cfg(feature = "discovery")]
pub mod replay;

#[cfg(feature = "discovery")]
pub mod agent;

#[cfg(feature = "policy")]
pub mod policy;

#[cfg(feature = "serving")]
pub mod serving;

#[cfg(feature = "authorizer")]
pub mod authorizer;

#[cfg(feature = "authorizer")]
pub mod review;

#[cfg(feature = "authorizer")]
pub mod testing;

#[cfg(feature = "authorizer")]
pub mod cli;

#[cfg(feature = "authorizer")]
pub mod demo;
