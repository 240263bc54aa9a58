//! The store: one list of cases, run on SQLite and on a real PostgreSQL.
//!
//! A case is `async fn(Store)` over an empty store. On SQLite each is a test; on PostgreSQL all are one test, which
//! starts one server and gives each case a database of its own.

mod agents;
mod consents;
mod contention;
mod durability;
mod events;
mod given;
mod issuing;
mod missions;
mod only_postgres;
mod only_sqlite;
mod pendings;
mod provider;
mod pruning;
mod sessions;
mod withdrawals;

use person_server::store::{Store, StoreConfig};
use tempfile::TempDir;

use crate::support::postgres::Postgres;

macro_rules! cases {
    ($($topic:ident: $($case:ident),+;)+) => {
        mod on_sqlite {
            $(mod $topic {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let dir = super::super::TempDir::new().unwrap();
                    super::super::$topic::$case(super::super::sqlite(&dir).await).await;
                })+
            })+
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn on_postgres() {
            let server = Postgres::start().await;
            let mut failed = Vec::new();
            $($(
                let store = Store::open(&StoreConfig::at(server.database().await)).await.unwrap();
                if tokio::spawn($topic::$case(store.clone())).await.is_err() {
                    failed.push(concat!(stringify!($topic), "::", stringify!($case)));
                }
                store.close().await.unwrap();
            )+)+
            assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
        }
    };
}

cases! {
    agents:
        an_agent_is_bound_to_one_person, a_revoked_agent_loses_its_consents, what_is_not_theirs_is_left_alone,
        a_person_is_kept_and_changed;
    sessions:
        a_setup_link_is_used_once, a_sessions_secret_is_offered_and_confirmed, an_api_token_ends_with_what_it_began,
        settings_are_kept, pages_go_on_where_they_stopped, events_are_found_by_time;
    consents:
        a_fuller_yes_takes_an_earlier_ones_place, what_ended_or_was_revoked_is_not_active;
    pendings:
        an_ask_comes_back_as_it_was_kept, a_code_works_once, a_wrong_code_counts_and_then_the_ask_fails,
        a_code_is_for_its_person, of_two_decisions_one_counts, a_decision_is_about_what_was_shown,
        a_decision_and_its_consequences_are_one, limits_hold, a_rule_moves_an_ask, what_is_gone_stays_gone,
        what_touches_the_same_ends_together;
    issuing:
        a_token_is_recorded_with_what_it_rests_on, nothing_rests_on_a_withdrawn_token, only_for_the_agents_person,
        what_was_approved_is_collected_once;
    withdrawals:
        it_reaches_what_rests_on_what_it_begins_with, each_cause_has_its_beginning, what_is_told_is_recorded_once,
        notices_are_taken_and_kept, nothing_withdrawn_is_presented;
    provider:
        enrolments_that_wait_are_limited, a_key_is_enrolled_once, a_new_agent_takes_nobodys_place,
        a_device_is_linked_to_an_agent_of_the_persons, tokens_are_granted_while_the_agent_is_the_persons,
        an_agent_ends_with_all_it_holds, a_device_ends_and_the_agent_lives_on, an_agent_has_so_many_sub_agents,
        of_many_who_collect_an_enrolment_one_does, sub_agents_are_pruned;
    missions:
        a_mission_comes_back_as_it_was_kept, a_mission_begins_whole_or_not_at_all, a_mission_ends_once,
        what_ended_by_its_time_did_not_end_otherwise, nothing_is_issued_under_a_mission_that_is_over,
        the_log_is_numbered_and_bounded, updates_are_chained, a_completion_ends_the_mission_with_the_decision,
        old_missions_go_with_their_log, an_agent_that_is_ended_leaves_no_mission;
    events:
        events_are_read_in_pages;
    pruning:
        what_is_over_goes_and_what_counts_stays, a_large_table_is_pruned_in_parts;
    contention:
        of_many_who_bind_one_wins, of_many_who_collect_one_wins, a_withdrawal_stops_a_token_or_finds_it;
}

pub(crate) async fn sqlite(dir: &TempDir) -> Store {
    Store::open(&StoreConfig::at(format!("sqlite://{}/ps.db", dir.path().display()))).await.unwrap()
}
