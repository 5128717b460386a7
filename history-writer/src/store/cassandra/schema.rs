//! The tables, how they came to be, and for how long they keep rows.
//!
//! The database has no transactions for this: a step is statements that may be repeated, and counts once all were done. So
//! one process at a time migrates.

use std::fmt::Write as _;
use std::time::Duration;

use scylla::client::session::Session;
use scylla::serialize::row::SerializeRow;
use scylla::statement::unprepared::Statement;
use sql::StoreError;

use super::config::Config;
use super::error::{MIGRATE, because, damaged, unusable};
use super::session;

/// Each leads from the version that is its index to the next, in statements that may be repeated. `$` is the keyspace. A step
/// that was released is never changed.
const STEPS: [&[&str]; 1] = [&[CHUNKS, BUCKETS]];

const CHUNKS: &str = "CREATE TABLE IF NOT EXISTS $.chunks (
    user     text,
    bucket   bigint,    -- weeks since 1970
    first_ms bigint,
    digest   bigint,    -- moved so that signed numbers have the order of unsigned ones
    last_ms  bigint,
    points   smallint,
    bytes    blob,
    PRIMARY KEY ((user, bucket), first_ms, digest)
) WITH CLUSTERING ORDER BY (first_ms DESC, digest DESC)";

const BUCKETS: &str = "CREATE TABLE IF NOT EXISTS $.buckets (
    user   text,
    bucket bigint,
    PRIMARY KEY (user, bucket)
) WITH CLUSTERING ORDER BY (bucket DESC)";

/// How many steps were taken. Other parts may keep tables in the same keyspace.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS $.schema_version (
    part   text PRIMARY KEY,
    number int
)";

/// The tables whose rows expire.
const EXPIRING: [&str; 2] = ["chunks", "buckets"];

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Whether the keyspace was made.
    pub made_keyspace: bool,
    /// The schema's version before; 0 if there was none.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
    /// Whether rows that are written from now on are kept for another time than those before.
    pub changed_retention: bool,
}

/// What is there.
pub(super) struct Found {
    pub(super) version: i64,
    /// After how many seconds rows expire, the least and the most of the tables; 0: never.
    pub(super) retention_s: (i32, i32),
}

/// Makes the keyspace, if it is missing and [`Config::replication`] says how many copies there are to be; brings the tables up
/// to date; and has rows expire so long after they are written, or never. It may be repeated, by one process at a time.
///
/// Errs, saying what to do, as [`CassandraStore::connect`](super::CassandraStore::connect) does.
pub async fn migrate(config: &Config, retention: Option<Duration>) -> Result<Migrated, StoreError> {
    let session = session::connect(config).await?;
    let change = async |cql: String| change(&session, config, cql).await;
    let made_keyspace = !has_keyspace(&session, config).await?;
    if made_keyspace {
        change(keyspace(config)?).await?;
    }
    change(VERSIONS.replace('$', &config.keyspace)).await?;
    let from = version(&session, config).await?;
    let known = STEPS.len() as i64;
    if from > known {
        return Err(StoreError::newer_version(from, known));
    }
    for step in &STEPS[from as usize..] {
        for statement in *step {
            let cql = statement.replace('$', &config.keyspace);
            change(if cql.contains("WITH") { cql + " AND " + &expiring(retention) } else { cql })
                .await?;
        }
    }
    if from < known {
        let cql = "INSERT INTO $.schema_version (part, number) VALUES ('history', ?)";
        run(&session, config, cql, (known as i32,)).await?;
    }
    let wanted = retention_s(retention);
    let changed_retention = found(&session, config).await?.retention_s != (wanted, wanted);
    if changed_retention {
        for table in EXPIRING {
            change(format!("ALTER TABLE {}.{table} WITH {}", config.keyspace, expiring(retention)))
                .await?;
        }
    }
    Ok(Migrated { made_keyspace, from, to: known, changed_retention })
}

/// Errs if the keyspace or the tables aren't those that this program works with.
pub(super) async fn require(
    session: &Session,
    config: &Config,
    retention: Option<Duration>,
) -> Result<Found, StoreError> {
    if !has_keyspace(session, config).await? {
        let why = format!("there is no keyspace {}; {MIGRATE}", config.keyspace);
        return Err(because(config, &why));
    }
    let found = found(session, config).await?;
    let (keyspace, known) = (&config.keyspace, STEPS.len() as i64);
    let (wanted, version) = (retention_s(retention), found.version);
    let why = if version == 0 {
        format!("keyspace {keyspace} has no schema yet")
    } else if version < known {
        format!("the schema is {version}, this program needs {known}")
    } else if version > known {
        return Err(StoreError::newer_version(version, known));
    } else if found.retention_s != (wanted, wanted) {
        format!("its tables keep rows for another time than the settings say ({wanted} s)")
    } else {
        return Ok(found);
    };
    Err(because(config, &format!("{why}; {MIGRATE}")))
}

async fn found(session: &Session, config: &Config) -> Result<Found, StoreError> {
    let cql = "SELECT table_name, default_time_to_live FROM system_schema.tables
               WHERE keyspace_name = ?";
    let rows = run(session, config, cql, (&config.keyspace,)).await?;
    let rows = rows.into_rows_result().map_err(damaged)?;
    let (mut tables, mut has_versions) = (Vec::new(), false);
    for row in rows.rows::<(String, Option<i32>)>().map_err(damaged)? {
        let (table, seconds) = row.map_err(damaged)?;
        has_versions |= table == "schema_version";
        if EXPIRING.contains(&table.as_str()) {
            tables.push(seconds.unwrap_or(0));
        }
    }
    let version = if has_versions { version(session, config).await? } else { 0 };
    let least = tables.iter().min().copied().unwrap_or(0);
    let most = tables.into_iter().max().unwrap_or(0);
    Ok(Found { version, retention_s: (least, most) })
}

async fn has_keyspace(session: &Session, config: &Config) -> Result<bool, StoreError> {
    let cql = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let rows = run(session, config, cql, (&config.keyspace,)).await?;
    Ok(rows.into_rows_result().map_err(damaged)?.rows_num() > 0)
}

async fn version(session: &Session, config: &Config) -> Result<i64, StoreError> {
    let cql = "SELECT number FROM $.schema_version WHERE part = 'history'";
    let rows = run(session, config, cql, ()).await?.into_rows_result().map_err(damaged)?;
    let number = rows.maybe_first_row::<(i32,)>().map_err(damaged)?;
    Ok(number.map_or(0, |(number,)| i64::from(number)))
}

/// Reads or writes before anything starts.
pub(super) async fn run(
    session: &Session,
    config: &Config,
    cql: &str,
    values: impl SerializeRow,
) -> Result<scylla::response::query_result::QueryResult, StoreError> {
    let mut statement = Statement::new(cql.replace('$', &config.keyspace));
    statement.set_is_idempotent(true);
    let done = session.query_unpaged(statement, values).await;
    done.map_err(|error| unusable(config, error))
}

/// Changes the schema; all nodes know of it when this returns.
async fn change(session: &Session, config: &Config, cql: String) -> Result<(), StoreError> {
    let done = session.query_unpaged(cql, ()).await;
    done.map(drop).map_err(|error| unusable(config, error))
}

fn keyspace(config: &Config) -> Result<String, StoreError> {
    let name = &config.keyspace;
    if config.replication.is_empty() {
        let why = format!(
            "there is no keyspace {name}; make it, or say in replication how many copies each datacenter is to have"
        );
        return Err(because(config, &why));
    }
    let mut copies = "'class': 'NetworkTopologyStrategy'".to_owned();
    for (datacenter, number) in &config.replication {
        let _ = write!(copies, ", '{datacenter}': {number}");
    }
    Ok(format!("CREATE KEYSPACE IF NOT EXISTS {name} WITH replication = {{{copies}}}"))
}

const MINUTE_S: u64 = 60;
const DAY_S: u64 = 24 * 60 * MINUTE_S;
/// Files of one window are merged until it is over, and then go together. There are about so many windows at a time.
const WINDOWS: u64 = 30;
/// How long a window is where nothing expires, days.
const WINDOW_DAYS_FOR_EVER: u64 = 30;
/// How long erasures are kept, so that a node that was away learns of them, seconds: the database's own default. Nothing has
/// to be erased for longer than it would be kept.
const ERASED_S_MAX: u64 = 10 * DAY_S;

/// How often the database looks by itself for files whose rows have all expired, seconds.
const LOOK_S: u64 = 600;

fn retention_s(retention: Option<Duration>) -> i32 {
    retention.map_or(0, |time| i32::try_from(time.as_secs()).unwrap_or(i32::MAX))
}

/// The properties of a table whose rows expire.
fn expiring(retention: Option<Duration>) -> String {
    let seconds = retention_s(retention);
    let kept_s = u64::try_from(seconds).ok().filter(|kept_s| *kept_s > 0);
    let (unit, size) = match kept_s {
        None => ("DAYS", WINDOW_DAYS_FOR_EVER),
        Some(kept_s) if kept_s < WINDOWS * DAY_S => {
            ("MINUTES", (kept_s / WINDOWS / MINUTE_S).max(1))
        }
        Some(kept_s) => ("DAYS", kept_s / WINDOWS / DAY_S),
    };
    let erased_s = kept_s.unwrap_or(ERASED_S_MAX).min(ERASED_S_MAX);
    // Files whose rows have all expired are looked for every ten minutes, unless they go sooner.
    let look = match kept_s {
        Some(kept_s) if kept_s < WINDOWS * LOOK_S => {
            format!(", 'expired_sstable_check_frequency_seconds': '{}'", (kept_s / WINDOWS).max(1))
        }
        _ => String::new(),
    };
    format!(
        "default_time_to_live = {seconds} AND gc_grace_seconds = {erased_s} AND compaction = {{
             'class': 'TimeWindowCompactionStrategy',
             'compaction_window_unit': '{unit}', 'compaction_window_size': '{size}'{look}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_about_thirty_windows_at_a_time() {
        let window = |seconds| {
            let text = expiring(Some(Duration::from_secs(seconds)));
            let at = text.find("window_unit").expect("a window");
            text[at..].replace('\'', "").replace("compaction_", "")
        };
        for (seconds, said) in [
            (
                60,
                "window_unit: MINUTES, window_size: 1, expired_sstable_check_frequency_seconds: 2}",
            ),
            (DAY_S, "window_unit: MINUTES, window_size: 48}"),
            (30 * DAY_S, "window_unit: DAYS, window_size: 1}"),
            (365 * DAY_S, "window_unit: DAYS, window_size: 12}"),
        ] {
            assert_eq!(window(seconds), said);
        }
        assert!(
            expiring(None).starts_with("default_time_to_live = 0 AND gc_grace_seconds = 864000")
        );
        assert!(expiring(Some(Duration::from_mins(1))).contains("gc_grace_seconds = 60"));
    }
}
