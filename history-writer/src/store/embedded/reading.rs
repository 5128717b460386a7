//! Reads chunks as one row, whatever their number. Each row of an answer goes from the thread of its connection to whoever
//! asked, who is woken for it: that took ten times as long as reading and opening the chunk.

use model::{Timestamp, UserId};
use sqlx::{Row, SqlitePool};

use crate::store::ChunkPlace;
use crate::{Bucket, Direction, SealedChunk, TimeRange};

/// Where each chunk begins in time and how many bytes it has, behind each other as text; and the bytes behind each other. Text
/// that is made of bytes has these bytes, and is they again.
macro_rules! together {
    ($chosen:literal) => {
        concat!(
            "SELECT group_concat(first_ms || ' ' || length(bytes), ' '),
                    CAST(group_concat(bytes, '') AS BLOB)
             FROM (SELECT first_ms, bytes FROM chunks INDEXED BY chunk_places
                   WHERE user = (SELECT number FROM users WHERE id = ?1) AND ",
            $chosen,
            // A bare number of a statement has it prepared anew whenever it is given.
            " LIMIT ?5 + 0)"
        )
    };
}

/// When the chunk was received that was received last.
pub(super) async fn newest_received(
    readers: &SqlitePool,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let sql = "SELECT max(received_ms) FROM chunks INDEXED BY chunk_ages";
    let newest: Option<i64> = sqlx::query_scalar(sql).fetch_one(readers).await?;
    Ok(newest.map(Timestamp))
}

/// See [`Store::chunks`](crate::Store::chunks).
pub(super) async fn chunks(
    readers: &SqlitePool,
    user: &UserId,
    starts: TimeRange,
    direction: Direction,
    after: Option<ChunkPlace>,
    limit: usize,
) -> Result<Vec<SealedChunk>, sqlx::Error> {
    let after = after.map(|after| (after.first.0, after.signed_digest()));
    let TimeRange { from: Timestamp(from), to: Timestamp(to) } = starts;
    let (sql, behind, end) = match direction {
        Direction::Ascending => (
            together!("(first_ms, digest) > (?2, ?3) AND first_ms < ?4 ORDER BY first_ms, digest"),
            after.max(Some((from.saturating_sub(1), i64::MAX))),
            to,
        ),
        Direction::Descending => (
            together!(
                "(first_ms, digest) < (?2, ?3) AND first_ms >= ?4
                 ORDER BY first_ms DESC, digest DESC"
            ),
            Some(after.map_or((to, i64::MIN), |after| after.min((to, i64::MIN)))),
            from,
        ),
    };
    let (first, digest) = behind.expect("it begins somewhere");
    let query = sqlx::query(sql).bind(user.as_str()).bind(first).bind(digest).bind(end);
    let row = query.bind(limit as i64).fetch_one(readers).await?;
    let pieces: Option<&str> = row.try_get(0)?;
    let bytes: Option<&[u8]> = row.try_get(1)?;
    let mut chunks = split(pieces.unwrap_or_default(), bytes.unwrap_or_default())
        .ok_or_else(|| sql::damaged("chunks that aren't as long as they are said to be"))?;
    // In one pass both have one order. That it is the one that was asked for isn't promised.
    chunks.sort_by_key(SealedChunk::place);
    if direction == Direction::Descending {
        chunks.reverse();
    }
    Ok(chunks)
}

/// The chunks of which [`together`] tells; `None` if it isn't that.
fn split(pieces: &str, mut bytes: &[u8]) -> Option<Vec<SealedChunk>> {
    let mut numbers = pieces.split_ascii_whitespace();
    let mut chunks = Vec::new();
    while let Some(first) = numbers.next() {
        let first = Timestamp(first.parse().ok()?);
        let (own, rest) = bytes.split_at_checked(numbers.next()?.parse().ok()?)?;
        chunks.push(SealedChunk { bucket: Bucket::at(first), first, bytes: own.to_vec() });
        bytes = rest;
    }
    bytes.is_empty().then_some(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_split_again() {
        let chunk = |first: i64, bytes: &[u8]| {
            let first = Timestamp(first);
            SealedChunk { bucket: Bucket::at(first), first, bytes: bytes.to_vec() }
        };
        let both = vec![chunk(-5, &[0, 255, 0]), chunk(7, &[1])];
        assert_eq!(split("-5 3 7 1", &[0, 255, 0, 1]), Some(both));
        assert_eq!(split("", &[]), Some(vec![]));
        for pieces in ["-5 3", "-5 3 7", "-5 3 7 2", "-5 3 7 1 9 1", "x 4", ""] {
            assert_eq!(split(pieces, &[0, 255, 0, 1]), None, "{pieces}");
        }
    }
}
