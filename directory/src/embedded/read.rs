use model::UserId;
use sqlx::SqlitePool;

use crate::{Entry, List, Relation, StoredCircle, User, rows};

/// The ids as a JSON array: one parameter for any number of them.
pub(super) fn json<'a>(ids: impl IntoIterator<Item = &'a UserId>) -> String {
    let texts: Vec<&str> = ids.into_iter().map(UserId::as_str).collect();
    serde_json::to_string(&texts).expect("text becomes JSON")
}

/// The users of a JSON array of ids.
pub(super) const USERS: &str = "SELECT users.id, display_name, radius_m, created_ms
    FROM json_each(?1) AS wanted CROSS JOIN users ON users.id = wanted.value";

pub(super) async fn users(
    readers: &SqlitePool,
    ids: &[UserId],
) -> Result<Vec<Option<User>>, sqlx::Error> {
    let found = sqlx::query(USERS).bind(json(ids)).fetch_all(readers).await?;
    rows::users(ids, &found)
}

pub(super) async fn relations(
    readers: &SqlitePool,
    pairs: &[(UserId, UserId)],
) -> Result<Vec<Relation>, sqlx::Error> {
    let texts: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let wanted = serde_json::to_string(&texts).expect("text becomes JSON");
    let sql = "SELECT wanted.key AS place, friend, asked, asked_by, blocks, blocked_by
               FROM json_each(?1) AS wanted
               CROSS JOIN relations
                   ON owner = wanted.value ->> 0 AND other = wanted.value ->> 1";
    let found = sqlx::query(sql).bind(wanted).fetch_all(readers).await?;
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

pub(super) async fn circle(
    readers: &SqlitePool,
    user: &UserId,
) -> Result<StoredCircle, sqlx::Error> {
    let sql = "SELECT '' AS other, (SELECT radius_m FROM users WHERE id = ?1) AS radius_m
               UNION ALL
               SELECT other, NULL FROM relations INDEXED BY friends WHERE owner = ?1 AND friend = 1";
    let found = sqlx::query(sql).bind(user.as_str()).fetch_all(readers).await?;
    rows::circle(&found)
}
