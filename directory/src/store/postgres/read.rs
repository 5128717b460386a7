use model::{ReadToken, Timestamp, UserId};
use sql::postgres::Readers;
use sqlx::{AssertSqlSafe, PgPool};

use crate::store::rows;
use crate::{Changes, Entry, FeedGap, List, Relation, StoredCircle, User};

/// The ids as one parameter, for any number of them.
pub(super) fn texts<'a>(ids: impl IntoIterator<Item = &'a UserId>) -> Vec<&'a str> {
    ids.into_iter().map(UserId::as_str).collect()
}

/// The users of an array of ids.
pub(super) const USERS: &str =
    "SELECT id, display_name, radius_m, created_ms FROM directory.users WHERE id = ANY ($1)";

pub(super) async fn users(pool: &PgPool, ids: &[UserId]) -> Result<Vec<Option<User>>, sqlx::Error> {
    let found = sqlx::query(USERS).bind(texts(ids)).fetch_all(pool).await?;
    rows::users(ids, &found)
}

pub(super) async fn relations(
    pool: &PgPool,
    pairs: &[(UserId, UserId)],
) -> Result<Vec<Relation>, sqlx::Error> {
    let sql = "SELECT wanted.number - 1 AS place, friend, asked, asked_by, blocks, blocked_by
               FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (owner, other, number)
               JOIN directory.relations USING (owner, other)";
    let found = sqlx::query(sql)
        .bind(texts(pairs.iter().map(|(owner, _)| owner)))
        .bind(texts(pairs.iter().map(|(_, other)| other)))
        .fetch_all(pool)
        .await?;
    rows::relations(pairs.len(), &found)
}

/// Each list has a partial index of its own, with the same condition: who is famous has few friends and a million
/// requests.
fn page_sql(list: List) -> &'static str {
    macro_rules! page {
        ($condition:literal) => {
            concat!(
                "SELECT other, since_ms, coalesce(display_name, other) AS name
                 FROM directory.relations LEFT JOIN directory.users ON id = other
                 WHERE owner = $1 AND other > $2 AND ",
                $condition,
                " ORDER BY other LIMIT $3"
            )
        };
    }
    match list {
        List::Friends => page!("friend"),
        List::Incoming => page!("asked_by AND NOT blocks"),
        List::Outgoing => page!("asked"),
        List::Blocks => page!("blocks"),
    }
}

pub(super) async fn page(
    pool: &PgPool,
    list: List,
    owner: &UserId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<Entry>, sqlx::Error> {
    let found = sqlx::query(page_sql(list))
        .bind(owner.as_str())
        // No id is empty.
        .bind(after.map_or("", UserId::as_str))
        .bind(limit as i64)
        .fetch_all(pool)
        .await?;
    found.iter().map(rows::entry).collect()
}

/// What the server's clock says, in Unix milliseconds.
pub(super) const NOW_MS: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// Each circle is a row, for a friend in a row of their own costs more than the friend.
pub(super) async fn circles(
    readers: &Readers,
    users: &[UserId],
) -> Result<(ReadToken, Vec<StoredCircle>), sqlx::Error> {
    let sql = r#"
        SELECT head, history, wanted.number - 1 AS place, users.id IS NOT NULL AS "exists", radius_m,
               (SELECT string_agg(other, ' ') FROM directory.relations
                WHERE owner = wanted.id AND friend) AS friends
        FROM directory.feed
        LEFT JOIN unnest($1::text[]) WITH ORDINALITY AS wanted (id, number) ON true
        LEFT JOIN directory.users AS users ON users.id = wanted.id"#;
    let found = readers.fetch_all(sqlx::query(sql).bind(texts(users))).await?;
    rows::circles(users.len(), &found)
}

pub(super) async fn changes(
    readers: &Readers,
    after: ReadToken,
    limit: usize,
) -> Result<Result<Changes, FeedGap>, sqlx::Error> {
    let Ok(position) = i64::try_from(after.position.0) else {
        return Ok(Err(FeedGap::OtherTimeline));
    };
    // One more than asked for shows whether there is more.
    let sql = "SELECT head, history, change.*
               FROM directory.feed
               LEFT JOIN (SELECT position, kind, a, b, class, radius_m FROM directory.changes
                          WHERE position > $1 ORDER BY position LIMIT $2) AS change ON true
               ORDER BY change.position";
    let query = sqlx::query(sql).bind(position).bind(limit as i64 + 1);
    let (state, found) = rows::changes(&readers.fetch_all(query).await?)?;
    Ok(Changes::behind(after, state, found, limit))
}

pub(super) async fn state(readers: &Readers) -> Result<(ReadToken, Timestamp), sqlx::Error> {
    let sql = format!("SELECT head, history, {NOW_MS} AS now_ms FROM directory.feed");
    rows::state(&readers.fetch_one(sqlx::query(AssertSqlSafe(sql))).await?)
}
