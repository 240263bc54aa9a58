//! What is kept: persons, agents, what they asked, what was said, what was issued.
//!
//! [`Store`] speaks the domain's words; each of its methods is one transaction, durable once it returns. SQL is in this
//! room and nowhere else, written once for SQLite and PostgreSQL. Rules that must hold whatever else happens live in
//! the SQL: one person an agent, one use a code, one decision a request, no way back for a mission. Deciding is `app`'s
//! and `domain`'s; when to prune, and what to answer to an error, is the caller's.
//!
//! | file | what it is |
//! |---|---|
//! | `config`, `error` | what the store is told, and why it may fail |
//! | `database`, `job` | the two databases as one, and the unit of work |
//! | `sqlite`, `file`, `readers` | one file, the writer that commits in groups, and those who read |
//! | `postgres` | a server, and transactions that are run again |
//! | `migrations` | the schema and its history |
//! | `rows` | rows become values, or say which cell is wrong |
//! | `prune` | what is not kept any longer |
//! | `record` | what is kept together with a step |
//! | the rest | one file an entity |

mod agents;
mod audit;
mod config;
mod consents;
mod credentials;
mod database;
mod directed;
mod error;
mod file;
mod issued;
mod job;
mod migrations;
mod missions;
mod notices;
mod pages;
mod pendings;
mod people;
mod postgres;
mod presented;
mod provider;
mod prune;
mod readers;
mod record;
mod revocations;
mod rows;
mod sessions;
mod settings;
mod sqlite;
mod withdrawals;

use std::path::Path;
use std::sync::Arc;

use sqlx::AnyConnection;

pub use self::agents::Bound;
pub use self::audit::{AuditEntry, AuditQuery};
pub use self::config::StoreConfig;
pub use self::database::Kind;
pub use self::error::StoreError;
pub use self::issued::{Issuance, IssueOutcome};
pub use self::missions::{Appended, MissionEnd, MissionStart};
pub use self::pages::{After, Page};
pub use self::pendings::{Added, Arrival, Change, Decided, Limits, Touching};
pub use self::presented::Presentation;
pub use self::provider::{EnrollOutcome, Enrollment, GrantOutcome, Granting, SubAgency, SubAgencyOutcome};
pub use self::prune::Retention;
pub use self::record::Record;
pub use self::withdrawals::Withdraw;

use self::database::Database;
use self::job::{Step, Task};

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    database: Arc<dyn Database>,
}

impl Store {
    /// Opens the database, making the SQLite file if there is none, and brings its schema up to date.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let database: Arc<dyn Database> = match config.url.split_once(':') {
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                // `:memory:` would forget what it acknowledged, and the driver's parameters would undo our settings.
                if path.is_empty() || path.starts_with(':') || path.contains('?') {
                    return Err(StoreError::BadUrl { why: "it is not of the form `sqlite://path/to/file`".to_owned() });
                }
                Arc::new(sqlite::Sqlite::open(Path::new(path), config).await?)
            }
            Some(("postgres" | "postgresql", _)) => Arc::new(postgres::Postgres::open(&config.url, config).await?),
            Some((scheme, _)) => return Err(StoreError::UnknownDatabase { scheme: scheme.to_owned() }),
            None => return Err(StoreError::BadUrl { why: "it has no scheme".to_owned() }),
        };
        Ok(Self { database })
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.database.kind()
    }

    /// Whether the database answers: for `/readyz`.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read((), |connection, ()| {
            Box::pin(async move {
                sqlx::query("SELECT 1").execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// How many writes are waiting or under way: for metrics.
    pub fn waiting(&self) -> usize {
        self.database.waiting()
    }

    /// Writes a consistent copy to a new file, while the store is in use. For SQLite; PostgreSQL has `pg_dump`.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.database.backup(to).await
    }

    /// Finishes what is under way and closes. What is asked afterwards is refused.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.database.close().await
    }

    /// Reads by one statement.
    async fn read<A, T, F>(&self, arguments: A, work: F) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut AnyConnection, &'a A) -> Step<'a, T> + Send + Sync + 'static,
    {
        let task = Task::new(arguments, work);
        self.database.read(task.clone()).await?;
        task.take()
    }

    /// Reads by several statements what held at one moment.
    async fn view<A, T, F>(&self, arguments: A, work: F) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut AnyConnection, &'a A) -> Step<'a, T> + Send + Sync + 'static,
    {
        let task = Task::new(arguments, work);
        self.database.view(task.clone()).await?;
        task.take()
    }

    /// Changes in one transaction.
    async fn write<A, T, F>(&self, name: &'static str, arguments: A, work: F) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut AnyConnection, &'a A) -> Step<'a, T> + Send + Sync + 'static,
    {
        let task = Task::new(arguments, work);
        self.database.write(name, task.clone()).await?;
        task.take()
    }
}
