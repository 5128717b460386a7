use model::{ReadToken, Timestamp, UserId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, SqlitePool};

use crate::store::rows;
use crate::{Changes, Entry, FeedGap, List, Relation, StoredCircle, User};

/// The ids as a JSON array: one parameter for any number of them.
pub(super) fn ids_json<'a>(ids: impl IntoIterator<Item = &'a UserId>) -> String {
    json(&ids.into_iter().map(UserId::as_str).collect::<Vec<_>>())
}

/// Rows as a JSON array.
pub(super) fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("text and numbers become JSON")
}

/// The users of a JSON array of ids.
pub(super) const USERS: &str = "SELECT users.id, display_name, radius_m, created_ms
    FROM json_each(?1) AS wanted CROSS JOIN users ON users.id = wanted.value";

pub(super) async fn users(
    readers: &SqlitePool,
    ids: &[UserId],
) -> Result<Vec<Option<User>>, sqlx::Error> {
    let found = sqlx::query(USERS).bind(ids_json(ids)).fetch_all(readers).await?;
    rows::users(ids, &found)
}

pub(super) async fn relations(
    readers: &SqlitePool,
    pairs: &[(UserId, UserId)],
) -> Result<Vec<Relation>, sqlx::Error> {
    let wanted: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let sql = "SELECT wanted.key AS place, friend, asked, asked_by, blocks, blocked_by
               FROM json_each(?1) AS wanted
               CROSS JOIN relations
                   ON owner = wanted.value ->> 0 AND other = wanted.value ->> 1";
    let found = sqlx::query(sql).bind(json(&wanted)).fetch_all(readers).await?;
    rows::relations(pairs.len(), &found)
}

/// Each list by its own partial index, named so that it can't silently become a scan of everything the owner has: who
/// is famous has few friends and a million requests.
fn page_sql(list: List) -> &'static str {
    macro_rules! page {
        ($index:literal, $condition:literal) => {
            concat!(
                "SELECT other, since_ms, coalesce(display_name, other) AS name
                 FROM relations INDEXED BY ",
                $index,
                " LEFT JOIN users ON users.id = other WHERE owner = ?1 AND other > ?2 AND ",
                $condition,
                " ORDER BY other LIMIT ?3"
            )
        };
    }
    match list {
        List::Friends => page!("friends", "friend = 1"),
        List::Incoming => page!("incoming", "asked_by = 1 AND blocks = 0"),
        List::Outgoing => page!("outgoing", "asked = 1"),
        List::Blocks => page!("blocked", "blocks = 1"),
    }
}

pub(super) async fn page(
    readers: &SqlitePool,
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
        .fetch_all(readers)
        .await?;
    found.iter().map(rows::entry).collect()
}

/// What the file's clock says, in Unix milliseconds.
pub(super) const NOW_MS: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

pub(super) async fn circles(
    readers: &SqlitePool,
    users: &[UserId],
) -> Result<(ReadToken, Vec<StoredCircle>), sqlx::Error> {
    let sql = r#"
        SELECT head, history, wanted.key AS place, users.id IS NOT NULL AS "exists", radius_m,
               (SELECT group_concat(other, ' ') FROM relations INDEXED BY friends
                WHERE owner = wanted.value AND friend = 1) AS friends
        FROM feed
        LEFT JOIN json_each(?1) AS wanted ON true
        LEFT JOIN users ON users.id = wanted.value"#;
    let found = sqlx::query(sql).bind(ids_json(users)).fetch_all(readers).await?;
    rows::circles(users.len(), &found)
}

pub(super) async fn changes(
    readers: &SqlitePool,
    after: ReadToken,
    limit: usize,
) -> Result<Result<Changes, FeedGap>, sqlx::Error> {
    let Ok(position) = i64::try_from(after.position.0) else {
        return Ok(Err(FeedGap::OtherTimeline));
    };
    // One more than asked for shows whether there is more.
    let sql = "SELECT head, history, change.*
               FROM feed
               LEFT JOIN (SELECT position, kind, a, b, class, radius_m FROM changes
                          WHERE position > ?1 ORDER BY position LIMIT ?2) AS change ON true
               ORDER BY change.position";
    let query = sqlx::query(sql).bind(position).bind(limit as i64 + 1);
    let (state, found) = rows::changes(&query.fetch_all(readers).await?)?;
    Ok(Changes::behind(after, state, found, limit))
}

pub(super) async fn state(readers: &SqlitePool) -> Result<(ReadToken, Timestamp), sqlx::Error> {
    let sql = AssertSqlSafe(format!("SELECT head, history, {NOW_MS} AS now_ms FROM feed"));
    rows::state(&sqlx::query(sql).fetch_one(readers).await?)
}
