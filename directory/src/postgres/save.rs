use model::Timestamp;
use sql::Freshness;
use sql::postgres::{LINEAGE, NEW_HISTORY};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::read::{NOW_MS, texts};
use crate::ledger::Dirty;
use crate::rows::{Directed, Directions, EditRow};
use crate::{CircleEdit, User};

/// Writes what a ledger changed, in at most three statements.
pub(super) async fn dirty(connection: &mut PgConnection, dirty: &Dirty) -> Result<(), sqlx::Error> {
    users(connection, &dirty.users).await?;
    let Directions { standing, gone } = Directions::of(&dirty.pairs);
    relations(connection, &standing).await?;
    if !gone.is_empty() {
        let (owners, others): (Vec<_>, Vec<_>) = gone.into_iter().unzip();
        let sql = "DELETE FROM directory.relations AS relation
                   USING unnest($1::text[], $2::text[]) AS gone (owner, other)
                   WHERE relation.owner = gone.owner AND relation.other = gone.other";
        sqlx::query(sql).bind(owners).bind(others).execute(connection).await?;
    }
    Ok(())
}

async fn relations(
    connection: &mut PgConnection,
    rows: &[Directed<'_>],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO directory.relations
                   (owner, other, friend, asked, asked_by, blocks, blocked_by, since_ms)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bool[], $4::bool[], $5::bool[],
                                    $6::bool[], $7::bool[], $8::bigint[])
               ON CONFLICT (owner, other) DO UPDATE SET
                   friend = excluded.friend, asked = excluded.asked,
                   asked_by = excluded.asked_by, blocks = excluded.blocks,
                   blocked_by = excluded.blocked_by, since_ms = excluded.since_ms";
    let flags = |flag: fn(&Directed<'_>) -> bool| -> Vec<bool> { rows.iter().map(flag).collect() };
    sqlx::query(sql)
        .bind(rows.iter().map(|row| row.owner).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.other).collect::<Vec<_>>())
        .bind(flags(|row| row.relation.friend))
        .bind(flags(|row| row.relation.asked))
        .bind(flags(|row| row.relation.asked_by))
        .bind(flags(|row| row.relation.blocks))
        .bind(flags(|row| row.relation.blocked_by))
        .bind(rows.iter().map(|row| row.since_ms).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn users(connection: &mut PgConnection, users: &[User]) -> Result<(), sqlx::Error> {
    if users.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO directory.users (id, display_name, radius_m, created_ms)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
               ON CONFLICT (id) DO UPDATE SET
                   display_name = excluded.display_name, radius_m = excluded.radius_m";
    sqlx::query(sql)
        .bind(texts(users.iter().map(|user| &user.id)))
        .bind(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>())
        .bind(users.iter().map(|user| user.radius_m.map(i64::from)).collect::<Vec<_>>())
        .bind(users.iter().map(|user| user.created.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Appends the changes to the feed; answers the state with them. From here until the transaction ends no other one can
/// append, so this is its last statement.
///
/// On a server that was promoted the first writer begins another history.
pub(super) async fn append(
    connection: &mut PgConnection,
    edits: &[CircleEdit],
) -> Result<Freshness, sqlx::Error> {
    let sql = AssertSqlSafe(format!(
        "WITH taken AS (
             UPDATE directory.feed SET
                 head = head + $1,
                 history = CASE WHEN lineage = {LINEAGE} THEN history ELSE {NEW_HISTORY} END,
                 lineage = {LINEAGE}
             RETURNING head, history
         ), appended AS (
             INSERT INTO directory.changes (position, kind, a, b, class, radius_m, at_ms)
             SELECT taken.head - $1 + number, kind, a, b, class, radius_m, {NOW_MS}
             FROM taken, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                      WITH ORDINALITY AS edit (kind, a, b, class, radius_m, number)
         )
         SELECT head, history FROM taken"
    ));
    let rows: Vec<EditRow<'_>> = edits.iter().map(EditRow::of).collect();
    let row = sqlx::query(sql)
        .bind(rows.len() as i64)
        .bind(rows.iter().map(|row| row.kind).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.a).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.b).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.class).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.radius_m).collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
    Freshness::from_row(&row)
}

/// Forgets the oldest changes, up to `limit`, that are all older than `before`, so that what is left has no gaps.
pub(super) async fn forget(
    pool: &PgPool,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM directory.changes WHERE position IN (
                   SELECT position FROM (
                       SELECT position, max(at_ms) OVER (ORDER BY position) AS newest_ms
                       FROM (SELECT position, at_ms FROM directory.changes
                             ORDER BY position LIMIT $2) AS oldest) AS dated
                   WHERE newest_ms < $1)";
    let done = sqlx::query(sql).bind(before.0).bind(limit as i64).execute(pool).await?;
    Ok(done.rows_affected() as usize)
}
