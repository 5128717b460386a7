//! That searches read the indexes and nothing else.

use model::Position;
use proximity::{Category, Code, Range, Scan, Store};

use super::world::{apply, aside, connect, create, database, shared, until};

const TABLES: [&str; 2] = ["proximity.places", "proximity.category_places"];
/// Bits of a code.
const CODE_BITS: u32 = 60;
const BUSINESSES: u64 = 5_000;

fn code(integer: i64) -> Code {
    Code::from_integer(integer).expect("a code")
}

/// The whole earth, in two ranges.
pub(super) fn everywhere() -> Vec<Range> {
    let (half, end) = (1 << (CODE_BITS - 1), 1 << CODE_BITS);
    let range = |first, last| Range { first: code(first), last: code(last) };
    vec![range(0, half - 1), range(half, end - 1)]
}

#[tokio::test]
async fn scans_read_indexes_and_never_the_tables() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    for first in (0..BUSINESSES).step_by(250) {
        apply(&store, (first..first + 250).map(create).collect()).await;
    }
    let mut aside = aside(&config.url).await;
    let mut number = async |sql: String| -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut aside).await.expect("answers")
    };
    for table in TABLES {
        until("all pages are known to be visible", async || {
            vacuum(&config.url, table).await;
            0 == number(format!(
                "SELECT (relpages - relallvisible)::bigint FROM pg_class
                 WHERE oid = '{table}'::regclass"
            ))
            .await
        })
        .await;
    }
    let here = Position::new(0.05, 2.0).expect("on Earth");
    let beside = Range { first: Code::new(here), last: code((1 << CODE_BITS) - 1) };
    let category = Category::parse("Food / Bakery").expect("a category").key();
    for category in [None, Some(category)] {
        let scan = Scan {
            ranges: everywhere(),
            category,
            rows_max: 9_000,
            names: true,
            ..Scan::default()
        };
        // More often than a statement is planned anew for its parameters.
        for _ in 0..10 {
            let scan = Scan { counted: vec![beside], ..scan.clone() };
            let scanned = store.scan(scan, None).await.expect("the store is there");
            assert_eq!(scanned.candidates.len() as u64, BUSINESSES);
            assert!(scanned.counted > 0 && scanned.counted < BUSINESSES);
        }
    }
    for table in TABLES {
        let told = |column: &str, from: &str| {
            format!("SELECT sum({column})::bigint FROM {from} WHERE relid = '{table}'::regclass")
        };
        until("the server has counted the scans", async || {
            number(told("idx_tup_read", "pg_stat_user_indexes")).await >= 10 * BUSINESSES as i64
        })
        .await;
        assert_eq!(number(told("idx_tup_fetch", "pg_stat_user_tables")).await, 0, "{table}");
        assert_eq!(number(told("seq_tup_read", "pg_stat_user_tables")).await, 0, "{table}");
    }
}

async fn vacuum(url: &str, table: &str) {
    let sql = sqlx::AssertSqlSafe(format!("VACUUM {table}"));
    sqlx::raw_sql(sql).execute(&mut aside(url).await).await.expect("done");
}

/// Each of a few narrow ranges is found by descending the index, wherever it lies, not by reading the index up to it.
#[tokio::test]
async fn a_narrow_range_reads_a_few_pages_of_the_index() {
    const SCANS: i64 = 50;
    const RANGES: i64 = 10;
    /// Levels of the index, and a page beside.
    const PAGES_PER_RANGE_MAX: i64 = 4;
    let config = database(shared().await).await;
    let store = connect(&config).await;
    for first in (0..BUSINESSES).step_by(250) {
        apply(&store, (first..first + 250).map(create).collect()).await;
    }
    let found = store.scan(Scan { ranges: everywhere(), rows_max: 9_000, ..Scan::default() }, None);
    let candidates = found.await.expect("the store is there").candidates;
    // The last ones: what lies before them is nearly all of the index.
    let last = candidates.iter().rev().take(RANGES as usize).rev();
    let ranges: Vec<Range> = last
        .map(|candidate| Code::new(candidate.position))
        .map(|code| Range { first: code, last: code })
        .collect();
    drop(store);
    let mut aside = aside(&config.url).await;
    let mut told = async |column: &str, from: &str| -> i64 {
        let sql = format!("SELECT {column} FROM {from}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut aside).await.expect("answers")
    };
    let (index, pages) = (
        "pg_stat_user_indexes WHERE indexrelname = 'places_pkey'",
        "pg_statio_user_indexes WHERE indexrelname = 'places_pkey'",
    );
    for hours in [false, true] {
        // A connection has counted all it did once it is gone.
        until("nobody is connected", async || {
            let others =
                "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            told("count(*)", others).await == 0
        })
        .await;
        let store = connect(&config).await;
        let read = told("idx_tup_read", index).await;
        let before = told("idx_blks_hit + idx_blks_read", pages).await;
        for _ in 0..SCANS {
            let scan = Scan { ranges: ranges.clone(), rows_max: 9_000, hours, ..Scan::default() };
            let scanned = store.scan(scan, None).await.expect("the store is there");
            assert_eq!(scanned.candidates.len() as i64, RANGES);
        }
        drop(store);
        until("the server has counted the scans", async || {
            told("idx_tup_read", index).await >= read + SCANS * RANGES
        })
        .await;
        let touched = told("idx_blks_hit + idx_blks_read", pages).await - before;
        assert!(touched <= SCANS * RANGES * PAGES_PER_RANGE_MAX, "{touched} pages of the index");
    }
}
