//! The server that the tests start.

use e2e::servers::Postgres;
use sqlx::{Connection, PgConnection};

use super::world::{apply, connect, database, ensure, until};

#[tokio::test]
async fn what_the_primary_is_told_arrives_at_its_replica_also_after_a_restart() {
    let mut server = Postgres::start().await;
    let primary = database(&server).await;
    let replica = server.replica().await;
    let name = primary.url.rsplit('/').next().expect("a database");
    let mut reader = PgConnection::connect(&replica.url(name)).await.expect("connects");
    let mut count = async || -> i64 {
        let asked = sqlx::query_scalar("SELECT count(*) FROM directory.users");
        asked.fetch_one(&mut reader).await.expect("reads")
    };
    apply(&connect(&primary).await, ensure(&["alice"])).await;
    until("alice arrives", async || count().await == 1).await;
    server.restart().await;
    apply(&connect(&primary).await, ensure(&["bob"])).await;
    until("bob arrives", async || count().await == 2).await;
}
