//! The resource's access server, where there is one.

use super::PersonServer;
use super::answer::{Answer, Reply};
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::refusal::{Outcome, Refusal};
use crate::domain::ask::AuthorizeAsk;
use crate::domain::pending::Pending;

#[expect(clippy::unused_async, reason = "on its way")]
impl PersonServer {
    pub(super) async fn federate(&self, _: &Signed, _: &AuthorizeAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::problem(502, "as_unreachable", "this person server does not federate yet"))
    }

    pub(super) async fn federating(&self, _: &Signed, _: &Pending) -> Outcome<Answer> {
        Err(Refusal::not_found())
    }

    pub(super) async fn answer_access_server(&self, _: &Signed, _: Pending, _: &str) -> Outcome<Answer> {
        Err(Refusal::not_found())
    }
}
