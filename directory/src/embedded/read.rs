use std::collections::HashMap;

use model::{Timestamp, UserId, ViewerClass};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::{DisplayName, Entry, Friend, List, Relation, StoredCircle, User};

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

pub(super) fn id(row: &SqliteRow, column: &str) -> Result<UserId, sqlx::Error> {
    UserId::parse(row.try_get(column)?).map_err(damaged)
}

/// The ids as a JSON array: one parameter for any number of them.
pub(super) fn json<'a>(ids: impl IntoIterator<Item = &'a UserId>) -> String {
    let texts: Vec<&str> = ids.into_iter().map(UserId::as_str).collect();
    serde_json::to_string(&texts).expect("text becomes JSON")
}

pub(super) fn user(row: &SqliteRow) -> Result<User, sqlx::Error> {
    Ok(User {
        id: id(row, "id")?,
        name: DisplayName::parse(row.try_get("display_name")?).map_err(damaged)?,
        radius_m: row.try_get("radius_m")?,
        created: Timestamp(row.try_get("created_ms")?),
    })
}

pub(super) fn relation(row: &SqliteRow) -> Result<Relation, sqlx::Error> {
    Ok(Relation {
        friend: row.try_get("friend")?,
        asked: row.try_get("asked")?,
        asked_by: row.try_get("asked_by")?,
        blocks: row.try_get("blocks")?,
        blocked_by: row.try_get("blocked_by")?,
    })
}

/// The users of a JSON array of ids.
pub(super) const USERS: &str = "SELECT users.id, display_name, radius_m, created_ms
    FROM json_each(?1) AS wanted CROSS JOIN users ON users.id = wanted.value";

pub(super) async fn users(
    readers: &SqlitePool,
    ids: &[UserId],
) -> Result<Vec<Option<User>>, sqlx::Error> {
    let rows = sqlx::query(USERS).bind(json(ids)).fetch_all(readers).await?;
    let found: HashMap<UserId, User> = rows
        .iter()
        .map(|row| user(row).map(|user| (user.id.clone(), user)))
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

pub(super) async fn relations(
    readers: &SqlitePool,
    pairs: &[(UserId, UserId)],
) -> Result<Vec<Relation>, sqlx::Error> {
    let texts: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let wanted = serde_json::to_string(&texts).expect("text becomes JSON");
    let sql = "SELECT wanted.key AS at, friend, asked, asked_by, blocks, blocked_by
               FROM json_each(?1) AS wanted
               CROSS JOIN relations
                   ON owner = wanted.value ->> 0 AND other = wanted.value ->> 1";
    let rows = sqlx::query(sql).bind(wanted).fetch_all(readers).await?;
    let mut all = vec![Relation::default(); pairs.len()];
    for row in &rows {
        let at: i64 = row.try_get("at")?;
        if let Some(place) = usize::try_from(at).ok().and_then(|at| all.get_mut(at)) {
            *place = relation(row)?;
        }
    }
    Ok(all)
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
    let rows = sqlx::query(page_sql(list))
        .bind(owner.as_str())
        // No id is empty.
        .bind(after.map_or("", UserId::as_str))
        .bind(limit as i64)
        .fetch_all(readers)
        .await?;
    let entry = |row: &SqliteRow| {
        Ok(Entry {
            other: id(row, "other")?,
            name: DisplayName::parse(row.try_get("name")?).map_err(damaged)?,
            since: Timestamp(row.try_get("since_ms")?),
        })
    };
    rows.iter().map(entry).collect()
}

pub(super) async fn circle(
    readers: &SqlitePool,
    user: &UserId,
) -> Result<StoredCircle, sqlx::Error> {
    // One statement, so that both come from the same moment. The radius stands in the first row, which has no friend.
    let sql = "SELECT '' AS other, (SELECT radius_m FROM users WHERE id = ?1) AS radius_m
               UNION ALL
               SELECT other, NULL FROM relations INDEXED BY friends WHERE owner = ?1 AND friend = 1";
    let rows = sqlx::query(sql).bind(user.as_str()).fetch_all(readers).await?;
    let mut circle = StoredCircle::default();
    for row in &rows {
        if row.try_get::<&str, _>("other")?.is_empty() {
            circle.radius_m = row.try_get("radius_m")?;
        } else {
            circle.friends.push(Friend { id: id(row, "other")?, class: ViewerClass::Precise });
        }
    }
    circle.friends.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(circle)
}
