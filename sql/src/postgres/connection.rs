use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

/// How long a connection that was idle may take to answer before it is taken for dead, and another one is made.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether a connection answers soon; errs if it doesn't.
pub(super) async fn is_answering(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match timeout(PING_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(late) => Err(sqlx::Error::Io(late.into())),
    }
}

/// A primary may have become a replica since it was connected to first, and a replica may lag.
pub(super) async fn refuse_replica(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_replica(connection).await? {
        return Err(sqlx::Error::Configuration("the server is a replica".into()));
    }
    Ok(())
}

/// Whether the server follows another one.
pub async fn is_replica(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await
}
