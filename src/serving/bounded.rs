//! What the peers of a listener may hold of it: so many connections, and none that makes no progress.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Takes connections while there is room, and closes those beyond at once: whoever waits for room would hold memory.
#[derive(Debug, Clone)]
pub(super) struct BoundedAcceptor {
    room: Arc<Semaphore>,
    patience: Duration,
}

impl BoundedAcceptor {
    /// Room for so many connections, each of which may keep us waiting to write for so long.
    pub(super) fn new(connections: usize, patience: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(connections)), patience }
    }
}

impl<S> Accept<TcpStream, S> for BoundedAcceptor {
    type Stream = Bounded;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Bounded, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = match Arc::clone(&self.room).try_acquire_owned() {
            Ok(place) => Ok((Bounded { stream, patience: self.patience, stalled: None, _place: place }, service)),
            Err(_) => Err(io::Error::other("too many connections")),
        };
        std::future::ready(accepted)
    }
}

/// A connection that has a place, and that ends when its peer stops reading.
#[derive(Debug)]
pub(super) struct Bounded {
    stream: TcpStream,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Bounded {
    /// A write that made progress forgives the wait before it; one that waits too long is an error.
    fn patiently<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.patiently(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.patiently(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// A peer that asks for much and reads nothing is given up.
    #[tokio::test]
    async fn a_peer_that_does_not_read_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _deaf = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = BoundedAcceptor::new(1, Duration::from_millis(200));
        let (mut bounded, ()) = acceptor.accept(stream, ()).await.unwrap();
        let writing = async {
            loop {
                if let Err(fault) = bounded.write_all(&[0; 8 * 1024]).await {
                    return fault.kind();
                }
            }
        };
        let given_up = tokio::time::timeout(Duration::from_secs(10), writing).await;
        assert_eq!(given_up.unwrap(), io::ErrorKind::TimedOut);
        assert_eq!(acceptor.room.available_permits(), 0);
        drop(bounded);
        assert_eq!(acceptor.room.available_permits(), 1);
    }
}
