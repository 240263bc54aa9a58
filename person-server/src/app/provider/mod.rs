//! The agent provider: agents of our own are enrolled here, get their agent tokens, and are ended.
//!
//! Implements "Agent Provider", "Agent Token" and "Sub-Agent Identity" of draft-hardt-oauth-aauth-protocol-11, which
//! leaves the ceremony to the provider. Ours follows the two patterns of draft-hardt-aauth-bootstrap: an agent keeps one
//! key where it is installed, the stable key, and signs with it (`hwk`), or has it vouch for keys that come and go
//! (`jkt-jwt`). Whoever asks has proved the stable key in that same request, each time. Once the person has approved a
//! stable key nobody is asked again, until the person ends the agent.
//!
//! | file | what it does |
//! |---|---|
//! | `source` | where a request comes from |
//! | `proof` | the stable key, proved |
//! | `register` | a key asks to become an agent |
//! | `wait` | its pending URL |
//! | `enroll` | what the person approved is done |
//! | `token`, `refresh` | agent tokens |
//! | `subagent`, `worker` | sub-agents' agent tokens, and the proof of their keys |
//! | `end` | the person ends an agent, or one device of it |

mod end;
mod enroll;
mod proof;
mod refresh;
mod register;
mod source;
mod subagent;
mod token;
mod wait;
mod worker;

pub use source::Source;
