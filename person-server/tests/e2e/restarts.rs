//! The program ended and started again: told to stop, and killed. What was asked waits, what was acknowledged counts.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::support::client::Response;
use super::support::postgres::Postgres;
use super::support::{Caller, ORDERS, Person, PersonServer, claims, code};

/// How often the program is killed just after it has acknowledged something.
const KILLED: usize = 4;

/// A server, its person, and an agent that is not enrolled yet. The resource is not to be reached.
struct Cast {
    server: PersonServer,
    ada: Person,
    agent: Caller,
}

impl Cast {
    fn new(database: Option<&str>) -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let server = PersonServer::start(PersonServer::place(), nowhere, database);
        let (ada, agent) = (Person::set_up(&server), Caller::new(server.address, 51));
        Self { server, ada, agent }
    }

    fn killed(&mut self) {
        self.server.kill();
        self.server.start_again();
    }

    fn asks(&self) -> Response {
        let body = json!({ "resource": ORDERS, "capabilities": ["interaction", "clarification"] });
        let asked = self.agent.post("/person", &body);
        assert_eq!(asked.status, 202, "{}", asked.text());
        asked
    }
}

fn person_token(answer: &Response) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    claims(answer.json()["person_token"].as_str().unwrap())
}

/// Told to stop while an approval waits: the session, the code, the question and the answer are there afterwards.
fn it_goes_on_where_it_was(database: Option<&str>) {
    let Cast { mut server, ada, mut agent } = Cast::new(database);
    let asked = agent.register();
    server.stop();
    server.start_again();
    ada.approve(&ada.arrive(&code(&asked)));
    server.stop();
    server.start_again();
    agent.take(&agent.poll(&asked));

    let mut cast = Cast { server, ada, agent };
    let asked = cast.asks();
    let shown = cast.ada.arrive(&code(&asked));
    cast.ada.decide(&shown, json!({ "decision": "ask", "question": "Which?" }));
    cast.server.stop();
    cast.server.start_again();
    let told = cast.agent.poll(&asked);
    assert_eq!((told.status, &told.json()["clarification"]), (202, &json!("Which?")), "{}", told.text());
    let answer = json!({ "action": "clarification_response", "clarification_response": "The late one." });
    assert_eq!(cast.agent.post(asked.header("location").unwrap(), &answer).status, 202);
    cast.killed();
    let shown = cast.ada.answered(&shown);
    assert_eq!(shown["chat"][0]["agent_answered"], "The late one.");
    let told = cast.agent.poll(&asked);
    assert_eq!((told.status, told.json().get("clarification")), (202, None), "{}", told.text());
    cast.ada.decide(&shown, json!({ "decision": "approve" }));
    person_token(&cast.agent.poll(&asked));
}

/// Killed right after the person's word was acknowledged, and right after the agent has what it asked for.
fn no_word_is_lost(database: Option<&str>) {
    let mut cast = Cast::new(database);
    let asked = cast.agent.register();
    cast.ada.approve(&cast.ada.arrive(&code(&asked)));
    cast.killed();
    cast.agent.take(&cast.agent.poll(&asked));
    cast.killed();

    let mut subjects = Vec::new();
    for _ in 0..KILLED {
        let asked = cast.asks();
        let shown = cast.ada.arrive(&code(&asked));
        cast.ada.decide(&shown, json!({ "decision": "approve" }));
        cast.killed();
        let token = person_token(&cast.agent.poll(&asked));
        cast.killed();
        // It was told, once, and what was issued is on record.
        assert_eq!(cast.agent.poll(&asked).status, 410);
        let issued = cast.ada.get("/api/tokens")["items"].to_string();
        assert!(issued.contains(token["jti"].as_str().unwrap()), "{issued}");
        subjects.push(token["sub"].clone());
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "a person has one name at a resource, whatever happens");

    let asked = cast.asks();
    let shown = cast.ada.arrive(&code(&asked));
    cast.ada.decide(&shown, json!({ "decision": "deny" }));
    cast.killed();
    let told = cast.agent.poll(&asked);
    assert_eq!((told.status, &told.json()["error"]), (403, &json!("denied")));
}

/// Whoever waits when it is told to stop is answered, and goes on afterwards.
#[test]
fn an_agent_that_waits_is_sent_away_politely() {
    let Cast { mut server, ada, mut agent } = Cast::new(None);
    let asked = agent.register();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.wait(&asked));
        thread::sleep(Duration::from_millis(500));
        server.stop();
        let told = waiting.join().unwrap();
        assert_eq!(told.status, 202, "{}", told.text());
    });
    server.start_again();
    ada.approve(&ada.arrive(&code(&asked)));
    agent.take(&agent.wait(&asked));
}

/// An agent that never saw the answer asks again, and nobody is asked twice.
#[test]
fn an_answer_that_was_lost_is_given_again() {
    let mut cast = Cast::new(None);
    let asked = cast.agent.register();
    cast.ada.approve(&cast.ada.arrive(&code(&asked)));
    cast.agent.poll(&asked);
    cast.killed();
    cast.agent.take(&cast.agent.register());
    let asked = cast.asks();
    cast.ada.approve(&cast.ada.arrive(&code(&asked)));
    cast.agent.poll(&asked);
    cast.killed();
    person_token(&cast.agent.post("/person", &json!({ "resource": ORDERS })));
}

#[test]
fn it_goes_on_where_it_was_on_sqlite() {
    it_goes_on_where_it_was(None);
}

#[test]
fn no_word_is_lost_on_sqlite() {
    no_word_is_lost(None);
}

#[test]
fn on_postgres() {
    let runtime = Runtime::new().unwrap();
    let postgres = runtime.block_on(Postgres::start());
    it_goes_on_where_it_was(Some(&runtime.block_on(postgres.database())));
    no_word_is_lost(Some(&runtime.block_on(postgres.database())));
}
