//! That searches read the indexes and nothing else.

use model::Position;
use proximity::{Category, Code, Range, Scan, Store};

use super::world::{apply, aside, connect, create, database, shared, until};

const TABLES: [&str; 2] = ["proximity.places", "proximity.category_places"];
/// Bits of a code.
const CODE_BITS: u32 = 60;
const BUSINESSES: u64 = 1_000;

fn code(integer: i64) -> Code {
    Code::from_integer(integer).expect("a code")
}

/// The whole earth, in two ranges.
fn everywhere() -> Vec<Range> {
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
    let beside = Range { first: Code::of(here), last: code((1 << CODE_BITS) - 1) };
    let category = Category::parse("Food / Bakery").expect("a category").key();
    for category in [None, Some(category)] {
        let scan = Scan { ranges: everywhere(), category, rows_max: 5_000, ..Scan::default() };
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
