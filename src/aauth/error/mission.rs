//! The codes of missions: "Mission Endpoint Errors" and "Mission Status Errors".

use super::{Problem, wire_codes_with_status};

wire_codes_with_status! {
    /// What the mission endpoint, or any endpoint that is given a `mission_s256`, says of the mission.
    MissionErrorCode {
        /// The identifier is malformed, or `action` is missing or unknown.
        InvalidRequest = "invalid_request" @ 400,
        /// There is no such mission, or it is another agent's: one answer for both.
        MissionNotFound = "mission_not_found" @ 404,
        /// This agent's own mission, which has ended for good.
        MissionTerminated = "mission_terminated" @ 403,
    }
}

impl MissionErrorCode {
    /// The body that tells an agent that its own mission has ended, and why where that is on record.
    pub fn terminated(reason: Option<&str>, detail: impl Into<String>) -> Problem {
        let mut problem = Self::MissionTerminated.problem(detail);
        problem.more.insert("mission_status".into(), "terminated".into());
        if let Some(reason) = reason {
            problem.more.insert("termination_reason".into(), reason.into());
        }
        problem
    }
}
