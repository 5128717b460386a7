use std::sync::Arc;
use std::time::Duration;

use model::{Clock, ErrorChain, Moment, Random, Timestamp};
use parking_lot::Mutex;
use sql::postgres::{Away, HealthProbe, ReadFrom, Server};
use sqlx::{PgConnection, Row};
use tokio::time::sleep;

use super::FEED;
use super::read::NOW_MS;

/// The least and the greatest pause between two looks, milliseconds: different, so that the processes of a deployment
/// don't look all at once.
const PAUSE_MS_MIN: u64 = 900;
const PAUSE_MS_MAX: u64 = 1_100;
/// How long the server may take to answer a look, or to let us in for one.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// What the last look at the server found.
#[derive(Default)]
pub(super) struct Health {
    /// How far our clock is ahead of the server's, milliseconds, or what keeps the server from working.
    found: Mutex<Option<Result<i64, String>>>,
}

impl Health {
    pub(super) fn fault(&self) -> Option<String> {
        self.found.lock().clone()?.err()
    }

    pub(super) fn clock_offset_ms(&self) -> Option<i64> {
        self.found.lock().clone()?.ok()
    }

    fn note(&self, looked: Result<i64, Away>) {
        let looked = looked.map_err(|away| ErrorChain(&away.why).to_string());
        let before = self.found.lock().replace(looked.clone());
        match (before, looked) {
            (None | Some(Ok(_)), Err(why)) => {
                tracing::warn!(why, "the directory's database is away");
            }
            (Some(Err(_)), Ok(_)) => tracing::info!("the directory's database is back"),
            _ => {}
        }
    }
}

/// Looks at the server about once a second. After a promotion the first look begins another timeline.
pub(super) struct Probe {
    pub(super) primary: Arc<Server>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) health: Arc<Health>,
}

impl Probe {
    /// Goes on until it is aborted.
    pub(super) async fn run(self) {
        let mut probe =
            HealthProbe::new(Arc::clone(&self.primary), ReadFrom::Primary, LOOK_TIMEOUT);
        loop {
            let clock = Arc::clone(&self.clock);
            let looked = probe
                .ask(move |connection| Box::pin(clock_offset_ms(Arc::clone(&clock), connection)));
            let looked = looked.await;
            self.health.note(looked);
            let spread_ms = self.random.next_u64() % (PAUSE_MS_MAX - PAUSE_MS_MIN + 1);
            sleep(Duration::from_millis(PAUSE_MS_MIN + spread_ms)).await;
        }
    }
}

/// How far our clock is ahead, milliseconds.
async fn clock_offset_ms(
    clock: Arc<dyn Clock>,
    connection: &mut PgConnection,
) -> Result<i64, sqlx::Error> {
    FEED.read_primary(connection).await?;
    // Not prepared, which would be a round trip more, and only once.
    let sql = sqlx::AssertSqlSafe(format!("SELECT {NOW_MS} AS now_ms"));
    let asked = clock.now();
    let row = sqlx::raw_sql(sql).fetch_one(connection).await?;
    let answered = clock.now();
    Ok(offset_ms(asked, answered, Timestamp(row.try_get("now_ms")?)))
}

/// How far our clock is ahead of one that was read between two readings of ours, milliseconds: half the time between is
/// taken for the way back.
fn offset_ms(asked: Moment, answered: Moment, theirs: Timestamp) -> i64 {
    let way_back_ms = answered.monotonic.since_ms(asked.monotonic) / 2;
    answered.wall - theirs.plus_ms(way_back_ms as i64)
}

#[cfg(test)]
mod tests {
    use model::ManualClock;

    use super::*;

    #[test]
    fn half_the_round_trip_is_not_taken_for_a_difference_of_clocks() {
        let clock = ManualClock::at(Timestamp(10_000));
        let asked = clock.now();
        clock.advance_ms(40);
        let answered = clock.now();
        for (theirs, ahead_ms) in [(10_020, 0), (10_000, 20), (55_020, -45_000)] {
            assert_eq!(offset_ms(asked, answered, Timestamp(theirs)), ahead_ms);
        }
        // Our calendar was set while we waited: what it says now counts.
        clock.step_wall_ms(5_000);
        assert_eq!(offset_ms(asked, clock.now(), Timestamp(10_020)), 5_000);
    }
}
