//! A person at their API: in a browser that keeps its cookie, or in a script with its token. Each answer is held against
//! the description that the server itself gives.

use std::sync::{Arc, Mutex};

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use person_server::app::persons::People;
use person_server::domain::person::PersonKey;
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use super::support::{PS, Reply, World};

/// A browser, or a script.
pub(crate) struct Browser<'w> {
    world: &'w World,
    cookie: Mutex<Option<String>>,
    bearer: Option<String>,
}

/// What a page of ours says of itself.
pub(crate) const OURS: [(&str, &str); 2] = [("origin", PS), ("sec-fetch-site", "same-origin")];

impl<'w> Browser<'w> {
    /// A browser that nobody has logged in with.
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, cookie: Mutex::new(None), bearer: None }
    }

    /// A browser that this person has logged in with.
    pub(crate) async fn of(world: &'w World, person: &PersonKey) -> Self {
        let browser = Self::new(world);
        let link = people(world).invite(person).await.unwrap().unwrap();
        let session = browser.post("/api/session", json!({ "setup_token": link.token })).await;
        assert_eq!(session.status, 201, "{session:?}");
        browser
    }

    /// A script of this person's.
    pub(crate) async fn script(world: &'w World, person: &PersonKey) -> Self {
        let token = people(world).add_api_token(person, "script").await.unwrap().unwrap();
        Self { world, cookie: Mutex::new(None), bearer: Some(token) }
    }

    /// A script with this token.
    pub(crate) fn with_token(world: &'w World, token: &str) -> Self {
        Self { world, cookie: Mutex::new(None), bearer: Some(token.to_owned()) }
    }

    /// The cookie it has now.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    /// Another browser with the same cookie.
    pub(crate) fn copy(&self) -> Self {
        Self { world: self.world, cookie: Mutex::new(self.cookie()), bearer: self.bearer.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None).await
    }

    /// A request as a page of ours makes it.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let mut headers = vec![("x-requested-with", "page")];
        if self.bearer.is_none() {
            headers.extend(OURS);
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let reply = self.raw(method, path, &headers, body).await;
        if path.starts_with("/api/") {
            conforms(self.world, method, path, &reply).await;
        }
        reply
    }

    /// A request with these headers and its credentials. Keeps the cookie that comes back.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.extend(self.credentials());
        let reply = self.world.raw(method, path, &all, body).await;
        if let Some(line) = reply.headers.get("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            *self.cookie.lock().unwrap() = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
        }
        reply
    }

    /// A page, as text.
    pub(crate) async fn page(&self, path: &str) -> (u16, axum::http::HeaderMap, String) {
        let mut request = Request::builder().uri(path).header("host", "ps.example");
        for (name, value) in self.credentials() {
            request = request.header(name, value);
        }
        let router = person_server::routes::router(Arc::clone(&self.world.server));
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The stream of events.
    pub(crate) async fn events(&self) -> Events {
        let mut request = Request::builder().uri("/api/events").header("host", "ps.example");
        for (name, value) in self.credentials() {
            request = request.header(name, value);
        }
        let router = person_server::routes::router(Arc::clone(&self.world.server));
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        Events { status: response.status().as_u16(), body: response.into_body().into_data_stream() }
    }

    fn credentials(&self) -> Vec<(String, String)> {
        let cookie = self.cookie().map(|cookie| ("cookie".to_owned(), cookie));
        let bearer = self.bearer.as_ref().map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
        cookie.into_iter().chain(bearer).collect()
    }
}

/// A stream of events.
pub(crate) struct Events {
    pub(crate) status: u16,
    body: BodyDataStream,
}

impl Events {
    /// The `data` of the next event; `None` where the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let chunk = self.body.next().await?.unwrap();
            let text = std::str::from_utf8(&chunk).unwrap();
            if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data:")) {
                return Some(serde_json::from_str(data.trim()).unwrap());
            }
        }
    }
}

/// Who runs the server.
pub(crate) fn people(world: &World) -> People {
    let issuer = world.server.settings().issuer.clone();
    People::new(world.store.clone(), Arc::new(world.clock.clone()), issuer)
}

/// The server's description of its API.
pub(crate) async fn description(world: &World) -> Value {
    world.raw("GET", "/api/openapi.json", &[], Vec::new()).await.body
}

/// The operations that are described: method, path, and what is said of them.
pub(crate) fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    };
    paths.iter().flat_map(of).collect()
}

/// Whether an answer is one that the description has.
async fn conforms(world: &World, method: &str, path: &str, reply: &Reply) {
    let description = description(world).await;
    let plain = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) = (plain.split('/').collect(), template.split('/').collect());
        ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| a == b || b.starts_with('{'))
    };
    let all = operations(&description);
    let exact = all.iter().find(|(verb, template, _)| verb == method && template == plain);
    let Some((_, _, operation)) =
        exact.or_else(|| all.iter().find(|(verb, template, _)| verb == method && fits(template)))
    else {
        assert!(matches!(reply.status, 404 | 405), "{method} {path} is not described: {reply:?}");
        return;
    };
    let responses = &operation["responses"];
    let class = format!("{}XX", reply.status / 100);
    let response = responses.get(reply.status.to_string()).or_else(|| responses.get(class));
    let response = response.unwrap_or_else(|| panic!("{method} {path} does not describe {}", reply.status));
    let Some(schema) = response["content"].as_object().and_then(|content| content.values().next()) else {
        assert_eq!(reply.body, Value::Null, "{method} {path}");
        return;
    };
    let mut schema = schema["schema"].clone();
    schema["components"] = description["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&reply.body).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{method} {path}: {faults:?} in {}", reply.body);
}
