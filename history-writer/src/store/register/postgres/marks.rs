//! What is known of logs: how far they are, and what was lost with them.

use model::Timestamp;
use sql::postgres::Readers;
use sql::{StoreError, damaged};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{PostgresRegister, Shared};
use crate::{Gaps, LOGS_MAX, LogId, LogMark, LogMarks, PeerAddress, StoreAnswer, TimeRange};

impl LogMarks for PostgresRegister {
    fn tell<'a>(&'a self, mark: &'a LogMark) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = tell(&mut write.connection, mark).await;
                write.end(done).await
            };
            let done: Result<_, StoreError> = self.shared.primary.answer(work).await;
            let is_told = done?;
            let full = || StoreError::unavailable("there are too many logs");
            if is_told { Ok(()) } else { Err(full()) }
        })
    }

    fn all(&self) -> StoreAnswer<'_, Vec<LogMark>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(primary.read(move || all(connections)))
    }

    fn forget<'a>(&'a self, mark: &'a LogMark, gap: Option<TimeRange>) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = forget(&mut write.connection, mark, gap).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }
}

fn read_gaps(row: &PgRow) -> Result<Gaps, sqlx::Error> {
    let numbers: Vec<i64> = row.try_get("gaps")?;
    let (pairs, _) = numbers.as_chunks::<2>();
    let range = |[from, to]: &[i64; 2]| TimeRange { from: Timestamp(*from), to: Timestamp(*to) };
    Ok(pairs.iter().map(range).collect())
}

pub(super) async fn gaps(readers: &Readers) -> Result<Gaps, sqlx::Error> {
    read_gaps(&readers.fetch_one(sqlx::query("SELECT gaps FROM history.shared")).await?)
}

pub(super) async fn note_gaps(
    connection: &mut PgConnection,
    added: &[TimeRange],
) -> Result<(), sqlx::Error> {
    let sql = "SELECT gaps FROM history.shared FOR UPDATE";
    let mut gaps = read_gaps(&sqlx::query(sql).fetch_one(&mut *connection).await?)?;
    gaps.extend(added.iter().copied());
    write_gaps(connection, &gaps).await
}

/// Forgets gaps that ended before a moment.
pub(super) async fn forget_gaps(
    connection: &mut PgConnection,
    before: Timestamp,
) -> Result<(), sqlx::Error> {
    let sql = "SELECT gaps FROM history.shared FOR UPDATE";
    let mut gaps = read_gaps(&sqlx::query(sql).fetch_one(&mut *connection).await?)?;
    gaps.forget(before);
    write_gaps(connection, &gaps).await
}

async fn write_gaps(connection: &mut PgConnection, gaps: &Gaps) -> Result<(), sqlx::Error> {
    let numbers: Vec<i64> = gaps.iter().flat_map(|it| [it.from.0, it.to.0]).collect();
    let sql = "UPDATE history.shared SET gaps = $1";
    sqlx::query(sql).bind(numbers).execute(connection).await?;
    Ok(())
}

/// Waits for others who count what there may be so many of.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT FROM history.shared FOR UPDATE";
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

/// Says whether there was room.
async fn tell(connection: &mut PgConnection, mark: &LogMark) -> Result<bool, sqlx::Error> {
    let id = mark.log.0.to_be_bytes();
    let (until, told) = (mark.stored_until.0, mark.told_at.0);
    let address = mark.address.as_ref().map(PeerAddress::as_str);
    let sql = "UPDATE history.log_marks SET stored_until_ms = $2, told_at_ms = $3, address = $4
               WHERE log = $1";
    let query = sqlx::query(sql).bind(&id[..]).bind(until).bind(told).bind(address);
    if query.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(true);
    }
    lock(connection).await?;
    let sql = "INSERT INTO history.log_marks (log, stored_until_ms, told_at_ms, address)
               SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM history.log_marks) < $5
               ON CONFLICT (log) DO UPDATE SET stored_until_ms = excluded.stored_until_ms,
                   told_at_ms = excluded.told_at_ms, address = excluded.address";
    let query = sqlx::query(sql).bind(&id[..]).bind(until).bind(told).bind(address);
    Ok(query.bind(LOGS_MAX as i64).execute(connection).await?.rows_affected() > 0)
}

async fn all(readers: &Readers) -> Result<Vec<LogMark>, sqlx::Error> {
    let sql =
        "SELECT log, stored_until_ms, told_at_ms, address FROM history.log_marks ORDER BY log";
    let mark = |row: &PgRow| {
        let id: &[u8] = row.try_get("log")?;
        let address: Option<&str> = row.try_get("address")?;
        Ok(LogMark {
            log: LogId(u128::from_be_bytes(id.try_into().map_err(damaged)?)),
            stored_until: Timestamp(row.try_get("stored_until_ms")?),
            told_at: Timestamp(row.try_get("told_at_ms")?),
            // One that isn't one can't be asked.
            address: address.and_then(|address| PeerAddress::parse(address).ok()),
        })
    };
    readers.fetch_all(sqlx::query(sql)).await?.iter().map(mark).collect()
}

async fn forget(
    connection: &mut PgConnection,
    LogMark { log, stored_until, told_at, .. }: &LogMark,
    gap: Option<TimeRange>,
) -> Result<(), sqlx::Error> {
    let id = log.0.to_be_bytes();
    let sql = "DELETE FROM history.log_marks
               WHERE log = $1 AND stored_until_ms = $2 AND told_at_ms = $3";
    let query = sqlx::query(sql).bind(&id[..]).bind(stored_until.0).bind(told_at.0);
    let is_forgotten = query.execute(&mut *connection).await?.rows_affected() > 0;
    match gap {
        Some(gap) if is_forgotten => note_gaps(connection, &[gap]).await,
        Some(_) | None => Ok(()),
    }
}
