//! What a person server knows and decides, without any I/O: persons, their agents, what is asked, what was said.
//!
//! Time and randomness are parameters. Keeping these values is `store`'s, moving them is `app`'s, HTTP is `routes`'s.
//!
//! | file | what it is |
//! |---|---|
//! | `person` | a person of this server |
//! | `agent` | an agent, and the one person it is bound to |
//! | `enrollment` | agents of our own provider, their keys and their sub-agents' names |
//! | `ask` | what an agent asks for, as far as it was verified |
//! | `pending` | an ask that waits for the person, and what becomes of it |
//! | `decision` | what the person says |
//! | `consent` | a yes that is remembered |
//! | `mission` | what an agent was sent out for, and what happened under it |
//! | `directed` | the name a person has at one resource |
//! | `issued` | what is kept of a token, so that it can be withdrawn |
//! | `withdrawal` | tokens withdrawn, and who is told |
//! | `audit` | what happened |
//! | `session`, `settings` | how a person is known to be there, and what they prefer |
//! | `stored` | how identifiers and keys are written in stored JSON |

pub mod agent;
pub mod ask;
pub mod audit;
pub mod consent;
pub mod decision;
pub mod directed;
pub mod enrollment;
pub mod issued;
pub mod mission;
pub mod pending;
pub mod person;
pub mod session;
pub mod settings;
pub mod stored;
pub mod withdrawal;
