use model::{ReadToken, Timestamp};
use sql::postgres::{LINEAGE, NEW_TIMELINE};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::read::{NOW_MS, texts};
use crate::core::transaction_state::ChangeSet;
use crate::store::rows::{Directed, Directions, EditRow};

/// Writes what a transaction state changed, and appends its changes of circles to the feed, in one statement: a round trip less for
/// each table that is written.
///
/// The feed's row is locked when all else is written, and only if there is something to append: from there until the
/// transaction ends no other one can append. On a server that was promoted the first writer begins another timeline.
fn statement() -> String {
    format!(
        "WITH named AS (
             INSERT INTO directory.users (id, display_name, radius_m, created_ms)
             SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
             ON CONFLICT (id) DO UPDATE SET
                 display_name = excluded.display_name, radius_m = excluded.radius_m
             RETURNING 1
         ), standing AS (
             INSERT INTO directory.relations
                 (owner, other, friend, asked, asked_by, blocks, blocked_by, since_ms)
             SELECT * FROM unnest($5::text[], $6::text[], $7::bool[], $8::bool[], $9::bool[],
                                  $10::bool[], $11::bool[], $12::bigint[])
             ON CONFLICT (owner, other) DO UPDATE SET
                 friend = excluded.friend, asked = excluded.asked,
                 asked_by = excluded.asked_by, blocks = excluded.blocks,
                 blocked_by = excluded.blocked_by, since_ms = excluded.since_ms
             RETURNING 1
         ), gone AS (
             DELETE FROM directory.relations AS relation
             USING unnest($13::text[], $14::text[]) AS ended (owner, other)
             WHERE relation.owner = ended.owner AND relation.other = ended.other
             RETURNING 1
         ), taken AS (
             UPDATE directory.feed SET
                 head = head + $15,
                 history = CASE WHEN lineage = {LINEAGE} THEN history ELSE {NEW_TIMELINE} END,
                 lineage = {LINEAGE}
             WHERE $15 > 0
                 AND (SELECT count(*) FROM named) + (SELECT count(*) FROM standing)
                     + (SELECT count(*) FROM gone) >= 0
             RETURNING head, history
         ), appended AS (
             INSERT INTO directory.changes (position, kind, a, b, class, radius_m, at_ms)
             SELECT taken.head - $15 + number, kind, a, b, class, radius_m, {NOW_MS}
             FROM taken, unnest($16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[])
                      WITH ORDINALITY AS edit (kind, a, b, class, radius_m, number)
         )
         SELECT head, history FROM taken"
    )
}

/// Writes what a transaction state changed; answers the state of the feed with it, if it changed any circle. The transaction's last
/// statement: see [`statement`].
pub(super) async fn changes(
    connection: &mut PgConnection,
    changes: &ChangeSet,
) -> Result<Option<ReadToken>, sqlx::Error> {
    let ChangeSet { users, pairs, edits } = changes;
    let Directions { standing, gone } = Directions::new(pairs);
    let (owners, others): (Vec<_>, Vec<_>) = gone.into_iter().unzip();
    let edits: Vec<EditRow<'_>> = edits.iter().map(EditRow::new).collect();
    let flags =
        |flag: fn(&Directed<'_>) -> bool| -> Vec<bool> { standing.iter().map(flag).collect() };
    let row = sqlx::query(AssertSqlSafe(statement()))
        .bind(texts(users.iter().map(|user| &user.id)))
        .bind(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>())
        .bind(users.iter().map(|user| user.radius_m.map(i64::from)).collect::<Vec<_>>())
        .bind(users.iter().map(|user| user.created.0).collect::<Vec<_>>())
        .bind(standing.iter().map(|row| row.owner).collect::<Vec<_>>())
        .bind(standing.iter().map(|row| row.other).collect::<Vec<_>>())
        .bind(flags(|row| row.relation.friend))
        .bind(flags(|row| row.relation.asked))
        .bind(flags(|row| row.relation.asked_by))
        .bind(flags(|row| row.relation.blocks))
        .bind(flags(|row| row.relation.blocked_by))
        .bind(standing.iter().map(|row| row.since_ms).collect::<Vec<_>>())
        .bind(owners)
        .bind(others)
        .bind(edits.len() as i64)
        .bind(edits.iter().map(|row| row.kind).collect::<Vec<_>>())
        .bind(edits.iter().map(|row| row.a).collect::<Vec<_>>())
        .bind(edits.iter().map(|row| row.b).collect::<Vec<_>>())
        .bind(edits.iter().map(|row| row.class).collect::<Vec<_>>())
        .bind(edits.iter().map(|row| row.radius_m).collect::<Vec<_>>())
        .fetch_optional(connection)
        .await?;
    row.map(|row| sql::read_token(&row)).transpose()
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
