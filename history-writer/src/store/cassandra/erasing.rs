use futures_util::{StreamExt, TryStreamExt, stream};
use model::{Timestamp, UserId};
use sql::StoreError;

use super::reading::Buckets;
use super::{Shared, error, micros};
use crate::limits::CHUNK_SPAN_MS_MAX;
use crate::{Bucket, Direction, Erasure, TimeRange};

impl Shared {
    /// Removes what is erased in whole, bucket by bucket. The row that names a bucket goes last, so that a second try finds it.
    pub(super) async fn erase(&self, user: &UserId, erasure: Erasure) -> Result<(), StoreError> {
        let TimeRange { from, to } = erasure.range;
        if erasure.range.is_empty() {
            return Ok(());
        }
        let last = Bucket::at(to.plus_ms(-1)).0;
        let mut rest = Some(Buckets { first: Bucket::at(from).0, last });
        while let Some(buckets) = rest {
            let listed = self.buckets(user, buckets, Direction::Ascending).await?;
            let erasing = stream::iter(listed.buckets);
            let erasing = erasing.map(|bucket| self.erase_in(user, bucket, erasure));
            erasing.buffer_unordered(self.in_flight_max).try_collect::<()>().await?;
            rest = listed.rest;
        }
        Ok(())
    }

    /// Whatever begins so early that it can't last until the end of the range goes at once, the rest one by one.
    async fn erase_in(
        &self,
        user: &UserId,
        bucket: Bucket,
        Erasure { range: TimeRange { from, to }, erased_at }: Erasure,
    ) -> Result<(), StoreError> {
        let (statements, at, name) = (&self.statements, micros(erased_at), user.as_str());
        // No chunk lies in two buckets.
        let times = bucket.times();
        let is_whole = from <= times.from && times.to <= to;
        let surely = if is_whole { times.to } else { to.plus_ms(-CHUNK_SPAN_MS_MAX).max(from) };
        let values = (at, name, bucket.0, from.0, surely.0);
        self.run(&statements.erase_range, values).await?;
        if is_whole {
            return self.run(&statements.erase_bucket, (at, name, bucket.0)).await;
        }
        let values = (name, bucket.0, surely.0, to.0);
        let rows = self.rows(&statements.spans, values).await?;
        for row in rows.rows::<(i64, i64, i64)>().map_err(error::damaged)? {
            let (first, digest, last) = row.map_err(error::damaged)?;
            if Timestamp(last) < to {
                let values = (at, name, bucket.0, first, digest);
                self.run(&statements.erase_chunk, values).await?;
            }
        }
        Ok(())
    }
}
