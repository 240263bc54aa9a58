//! The sockets that gateways connect to.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::authorizer::config::GrpcListen;

/// A socket that is listened on.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Socket {
    /// Begins to listen.
    pub(super) async fn bind(listen: &GrpcListen) -> io::Result<Self> {
        match listen {
            GrpcListen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            GrpcListen::Unix(path) => bind_unix(path).await.map(|listener| Self::Unix(listener, path.clone())),
        }
    }

    /// The address, where there is one.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }
}

/// For its owner and group. What a process that is gone has left at the path makes room; what another one listens on,
/// or is no socket, does not.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
        }
        Ok(_) if UnixStream::connect(path).await.is_ok() => {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
        }
        Ok(_) | Err(_) => {}
    }
    // Under another name first, so that nobody can connect before the mode is set.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let unready = path.with_file_name(name);
    let _ = fs::remove_file(&unready);
    let listener = UnixListener::bind(&unready)?;
    let published =
        fs::set_permissions(&unready, fs::Permissions::from_mode(0o660)).and_then(|()| fs::rename(&unready, path));
    if published.is_err() {
        let _ = fs::remove_file(&unready);
    }
    published.map(|()| listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_makes_room_and_a_live_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("authorizer.sock");
        let first = bind_unix(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert_eq!(bind_unix(&path).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        bind_unix(&path).await.unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_file_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious.txt");
        fs::write(&path, "precious").unwrap();
        assert!(bind_unix(&path).await.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}
