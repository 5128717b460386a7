use model::{Timestamp, UserId};
use sql::StoreError;

use super::{Shared, error};
use crate::{Bucket, ChunkPlace, Direction, READ_CHUNKS_MAX, SealedChunk, TimeRange};

/// How many buckets may be asked without knowing whether there is anything: finding out costs as much as one of them.
const BUCKETS_ASKED_MAX: i64 = 4;
/// How many buckets of a user are listed at a time.
const BUCKETS_LISTED: usize = 1_024;

/// The places between these two, without them, as the database has them: the time of the first point, the signed digest.
struct Between {
    behind: (i64, i64),
    before: (i64, i64),
}

impl Between {
    fn new(starts: TimeRange, direction: Direction, after: Option<ChunkPlace>) -> Self {
        let mut behind = (starts.from.0.saturating_sub(1), i64::MAX);
        let mut before = (starts.to.0, i64::MIN);
        let after = after.map(|after| (after.first.0, after.signed_digest()));
        match direction {
            Direction::Ascending => behind = after.unwrap_or(behind).max(behind),
            Direction::Descending => before = after.unwrap_or(before).min(before),
        }
        Self { behind, before }
    }

    /// The buckets that may have something of it.
    fn buckets(&self) -> Buckets {
        let [first, last] = [self.behind, self.before].map(|(at, _)| Bucket::at(Timestamp(at)).0);
        Buckets { first, last }
    }
}

/// Buckets that follow each other.
#[derive(Clone, Copy)]
pub(super) struct Buckets {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Shared {
    pub(super) async fn chunks(
        &self,
        user: &UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> Result<Vec<SealedChunk>, StoreError> {
        let limit = limit.min(READ_CHUNKS_MAX);
        let between = Between::new(starts, direction, after);
        let (mut found, mut rest) = (Vec::new(), Some(between.buckets()));
        while let Some(buckets) = rest {
            let listed = self.buckets(user, buckets, direction).await?;
            for bucket in listed.buckets {
                let missing = limit - found.len();
                if missing == 0 {
                    return Ok(found);
                }
                found.extend(self.of_bucket(user, bucket, &between, direction, missing).await?);
            }
            rest = listed.rest;
        }
        Ok(found)
    }

    /// The user's buckets that may have something, in this direction, up to so many.
    pub(super) async fn buckets(
        &self,
        user: &UserId,
        Buckets { first, last }: Buckets,
        direction: Direction,
    ) -> Result<Listed, StoreError> {
        if last.saturating_sub(first) < BUCKETS_ASKED_MAX {
            let mut buckets: Vec<_> = (first..=last).map(Bucket).collect();
            if direction == Direction::Descending {
                buckets.reverse();
            }
            return Ok(Listed { buckets, rest: None });
        }
        let statement = &self.statements.buckets[index(direction)];
        let values = (user.as_str(), first, last, BUCKETS_LISTED as i32);
        let rows = self.rows(statement, values).await?;
        let mut buckets = Vec::with_capacity(rows.rows_num());
        for row in rows.rows::<(i64,)>().map_err(error::damaged)? {
            buckets.push(Bucket(row.map_err(error::damaged)?.0));
        }
        let rest = buckets.last().filter(|_| buckets.len() == BUCKETS_LISTED);
        let rest = rest.map(|Bucket(end)| match direction {
            Direction::Ascending => Buckets { first: end + 1, last },
            Direction::Descending => Buckets { first, last: end - 1 },
        });
        Ok(Listed { buckets, rest })
    }

    async fn of_bucket(
        &self,
        user: &UserId,
        bucket: Bucket,
        Between { behind, before }: &Between,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<SealedChunk>, StoreError> {
        let statement = &self.statements.chunks[index(direction)];
        let values =
            (user.as_str(), bucket.0, behind.0, behind.1, before.0, before.1, limit as i32);
        let rows = self.rows(statement, values).await?;
        let mut chunks = Vec::with_capacity(rows.rows_num());
        for row in rows.rows::<(i64, Vec<u8>)>().map_err(error::damaged)? {
            let (first, bytes) = row.map_err(error::damaged)?;
            chunks.push(SealedChunk { bucket, first: Timestamp(first), bytes });
        }
        Ok(chunks)
    }
}

/// Buckets of a user.
pub(super) struct Listed {
    pub(super) buckets: Vec<Bucket>,
    /// Where further ones are.
    pub(super) rest: Option<Buckets>,
}

fn index(direction: Direction) -> usize {
    match direction {
        Direction::Ascending => 0,
        Direction::Descending => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::BUCKET_MS;

    #[test]
    fn a_walk_goes_on_behind_where_it_was_and_not_outside_its_range() {
        let starts = TimeRange { from: Timestamp(100), to: Timestamp(BUCKET_MS) };
        let at = |first| Some(ChunkPlace { first: Timestamp(first), digest: 1 << 63 });
        let between = |direction, after| {
            let Between { behind, before } = Between::new(starts, direction, after);
            (behind, before)
        };
        let (whole_behind, whole_before) = ((99, i64::MAX), (BUCKET_MS, i64::MIN));
        for direction in [Direction::Ascending, Direction::Descending] {
            assert_eq!(between(direction, None), (whole_behind, whole_before));
        }
        assert_eq!(between(Direction::Ascending, at(150)), ((150, 0), whole_before));
        assert_eq!(between(Direction::Ascending, at(50)), (whole_behind, whole_before));
        assert_eq!(between(Direction::Descending, at(150)), (whole_behind, (150, 0)));
        assert_eq!(between(Direction::Descending, at(2 * BUCKET_MS)), (whole_behind, whole_before));
        let Buckets { first, last } = Between::new(starts, Direction::Ascending, None).buckets();
        assert_eq!((first, last), (0, 1));
    }
}
