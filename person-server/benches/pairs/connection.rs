//! One connection that is kept: as little of HTTP/1.1 as the server's answers need, so that the server is what is measured.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer of the server's.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    /// The token in an answer that has to hold it.
    pub(crate) fn token(&self, name: &str) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        self.body.get(name).and_then(Value::as_str).unwrap()
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Whether anybody listens there.
    pub(crate) async fn is_taken(address: SocketAddr) -> bool {
        TcpStream::connect(address).await.is_ok()
    }

    /// `POST` of JSON.
    pub(crate) async fn post(&mut self, host: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Reply {
        let mut request = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend(body);
        self.stream.write_all(&request).await.unwrap();
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.take(end + 4);
            }
            self.read_more().await;
        };
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        while self.read.len() < length {
            self.read_more().await;
        }
        Reply { status, body: serde_json::from_slice(&self.take(length)).unwrap() }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.read.split_off(length);
        std::mem::replace(&mut self.read, rest)
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.read).await.unwrap();
        assert_ne!(read, 0, "the server closed the connection");
    }
}
