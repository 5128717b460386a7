use model::UserId;
use sqlx::PgPool;

use crate::{Entry, List, Relation, StoredCircle, User, rows};

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

pub(super) async fn circle(pool: &PgPool, user: &UserId) -> Result<StoredCircle, sqlx::Error> {
    let sql = "SELECT '' AS other, (SELECT radius_m FROM directory.users WHERE id = $1) AS radius_m
               UNION ALL
               SELECT other, NULL FROM directory.relations WHERE owner = $1 AND friend";
    let found = sqlx::query(sql).bind(user.as_str()).fetch_all(pool).await?;
    rows::circle(&found)
}
