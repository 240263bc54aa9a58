//! An HTTP/1.1 client that sends exactly the lines it is given: repeated fields, odd hosts, anything an agent may send
//! and a well-behaved client library would not. One connection a request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A request, line by line.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request with nothing but a `Host` line.
    pub(crate) fn new(method: &str, host: &str, target: &str) -> Self {
        let request =
            Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() };
        request.header("host", host)
    }

    /// One more line, after those already there.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The headers a peer signed with: an object of strings.
    pub(crate) fn headers(self, object: &Value) -> Self {
        let fields = object.as_object().unwrap().iter();
        fields.fold(self, |request, (name, value)| request.header(name, value.as_str().unwrap()))
    }

    /// The body, with its `content-length`.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-length", &length)
    }

    /// The same request to another target, as somebody on the way might make it.
    pub(crate) fn retargeted(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// The same request, its `Host` written otherwise.
    pub(crate) fn rehosted(self, host: &str) -> Self {
        self.with_header_replaced("host", host)
    }

    /// The same request, another value in a header that it has.
    pub(crate) fn with_header_replaced(mut self, name: &str, value: &str) -> Self {
        let line = self.headers.iter_mut().find(|(found, _)| found == name);
        value.clone_into(&mut line.unwrap_or_else(|| panic!("no `{name}`")).1);
        self
    }

    /// The same request with another body of the same length.
    pub(crate) fn with_body_replaced(mut self, body: &[u8]) -> Self {
        assert_eq!(self.body.len(), body.len());
        self.body = body.to_vec();
        self
    }

    /// Its headers as an object of strings: the form in which the peers take them.
    pub(crate) fn header_object(&self) -> Value {
        self.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
    }

    /// Sends it and reads the whole answer.
    pub(crate) fn send(&self, to: SocketAddr) -> Response {
        self.try_send(to).unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.target))
    }

    fn try_send(&self, to: SocketAddr) -> std::io::Result<Response> {
        let mut stream = TcpStream::connect_timeout(&to, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(&self.bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Response::parse(&answer).ok_or_else(|| std::io::Error::other("the answer is not HTTP/1.1"))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.target)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.push("connection: close\r\n\r\n".to_owned());
        [lines.join("\r\n").as_bytes(), &self.body].concat()
    }
}

/// A plain GET, for health, metrics and well-known documents; nothing where nobody answers.
pub(crate) fn get(to: SocketAddr, target: &str) -> Option<Response> {
    Request::new("GET", &to.to_string(), target).try_send(to).ok()
}

/// An answer, with its header lines in order and names in lower case.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let rest = bytes.get(end + 4..)?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked { unchunk(rest)? } else { rest.to_vec() };
        Some(Self { status, headers, body })
    }

    /// The first line of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(bytes.get(..line)?).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let start = line + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        bytes = bytes.get(start + size + 2..)?;
    }
}
