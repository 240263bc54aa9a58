//! A unit of work: what is done in one transaction, and may be done again.
//!
//! A job borrows its arguments instead of consuming them, because a transaction that loses to another is run again
//! from its start. What it returns is handed out once its transaction is committed, never before.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AnyConnection;

use super::error::StoreError;

/// What a job is while it runs.
pub(super) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A job whose result's type is forgotten, so that jobs of all kinds wait in one queue.
pub(super) trait Job: Send + Sync {
    /// Does the work. May be called again where the transaction was rolled back.
    fn run<'a>(&'a self, connection: &'a mut AnyConnection) -> Step<'a, ()>;
}

/// A job that remembers its result.
pub(super) struct Task<A, T, F> {
    arguments: A,
    work: F,
    result: Mutex<Option<T>>,
}

impl<A, T, F> Task<A, T, F>
where
    A: Send + Sync + 'static,
    T: Send + 'static,
    F: for<'a> Fn(&'a mut AnyConnection, &'a A) -> Step<'a, T> + Send + Sync + 'static,
{
    pub(super) fn new(arguments: A, work: F) -> Arc<Self> {
        Arc::new(Self { arguments, work, result: Mutex::new(None) })
    }

    /// The result of the run that was committed.
    pub(super) fn take(&self) -> Result<T, StoreError> {
        let result = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        // INVARIANT: asked for only after a run that succeeded, which left one.
        result.ok_or_else(|| StoreError::unavailable("the job was answered without having run"))
    }
}

impl<A, T, F> Job for Task<A, T, F>
where
    A: Send + Sync + 'static,
    T: Send + 'static,
    F: for<'a> Fn(&'a mut AnyConnection, &'a A) -> Step<'a, T> + Send + Sync + 'static,
{
    fn run<'a>(&'a self, connection: &'a mut AnyConnection) -> Step<'a, ()> {
        Box::pin(async move {
            let result = (self.work)(connection, &self.arguments).await?;
            *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            Ok(())
        })
    }
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are a person's.
        f.write_str("Job")
    }
}
