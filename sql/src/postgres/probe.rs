use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use tokio::time::timeout;

use super::connection::refuse_replica;
use super::readers::ReadFrom;
use super::server::Server;
use crate::StoreError;

/// Asks a server how it is by a connection of its own, so that one whose connections are all in use isn't taken for one
/// that is away.
pub struct HealthProbe {
    server: Arc<Server>,
    from: ReadFrom,
    /// For an answer, and for a connection.
    patience: Duration,
    /// None until the first look, and after it broke.
    connection: Option<PgConnection>,
}

/// That a server doesn't answer a probe.
#[derive(Debug)]
pub struct Away {
    /// Why not.
    pub why: StoreError,
    /// It was waited for as long as may be; it may be very slow only.
    pub is_late: bool,
}

/// A question under way.
type Asking<'c, T> = BoxFuture<'c, Result<T, sqlx::Error>>;

impl HealthProbe {
    /// Nothing is asked yet. Of a primary, a replica in its place is away.
    pub fn new(server: Arc<Server>, from: ReadFrom, patience: Duration) -> Self {
        Self { server, from, patience, connection: None }
    }

    /// What the server answers, or why it doesn't. That a connection broke says little, it may have been cut: so a new
    /// one has the last word.
    pub async fn ask<T>(
        &mut self,
        question: impl for<'c> Fn(&'c mut PgConnection) -> Asking<'c, T> + Sync,
    ) -> Result<T, Away> {
        if let Some(connection) = self.connection.take()
            && let Ok(answer) = self.ask_by(connection, &question).await
        {
            return Ok(answer);
        }
        let connected = timeout(self.patience, self.connect()).await;
        let connection = connected.map_err(|_| self.late())??;
        self.ask_by(connection, &question).await
    }

    async fn connect(&self) -> Result<PgConnection, Away> {
        let connected = self.server.connect().await;
        let mut connection = connected.map_err(|why| Away { why, is_late: false })?;
        if self.from == ReadFrom::Primary {
            refuse_replica(&mut connection).await.map_err(|error| self.broken(error))?;
        }
        Ok(connection)
    }

    async fn ask_by<T>(
        &mut self,
        mut connection: PgConnection,
        question: &(impl for<'c> Fn(&'c mut PgConnection) -> Asking<'c, T> + Sync),
    ) -> Result<T, Away> {
        let asked = timeout(self.patience, question(&mut connection)).await;
        let answer = asked.map_err(|_| self.late())?.map_err(|error| self.broken(error))?;
        self.connection = Some(connection);
        Ok(answer)
    }

    fn late(&self) -> Away {
        Away { why: StoreError::unavailable(self.server.late(self.patience)), is_late: true }
    }

    fn broken(&self, error: sqlx::Error) -> Away {
        Away { why: self.server.unusable(error), is_late: false }
    }
}
