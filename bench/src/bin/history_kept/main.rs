//! What movement history takes and gives, one thing at a time, as a line of JSON: `bench/history` runs them in turns.
//!
//! ```text
//! history_kept log POINTS BATCH          points handed in together by the bare log, a second
//! history_kept history POINTS BATCH      the same through the handle, until all is stored in chunks
//! history_kept rows POINTS               one row a point in the same store, sealed alike
//! history_kept open-log RATE SECONDS     how long acknowledgements take, whatever is answered
//! history_kept open-history RATE SECONDS
//! history_kept rest TRACES               bytes a point at rest of the traces (CSV in gzip), a point every 30 s
//! history_kept read                      a user's day, cold and warm, and an export as CSV
//! history_kept open USERS EACH            memory of so many points of each user in open chunks
//! history_kept cassandra-chunks NODE KEYSPACE POINTS SIZE   points in chunks of so many, into Cassandra
//! history_kept cassandra-rows NODE KEYSPACE POINTS          one row a point, into the same node
//! ```

mod cassandra;
mod gathering;
mod points;
mod reading;
mod resting;
mod world;
mod writing;

use std::error::Error;
use std::process::ExitCode;

use serde_json::Value;

/// As the service has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "history_kept log|history POINTS BATCH, rows POINTS, open-log|open-history RATE SECONDS, \
    rest TRACES, read, open USERS EACH, cassandra-chunks NODE KEYSPACE POINTS SIZE, cassandra-rows NODE KEYSPACE POINTS";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Outcome<Value> {
    match words {
        ["log", points, batch] => writing::log(points.parse()?, batch.parse()?).await,
        ["history", points, batch] => writing::history(points.parse()?, batch.parse()?).await,
        ["rows", points] => writing::rows(points.parse()?).await,
        ["open-log", rate, seconds] => writing::open_log(rate.parse()?, seconds.parse()?).await,
        ["open-history", rate, seconds] => {
            writing::open_history(rate.parse()?, seconds.parse()?).await
        }
        ["rest", traces] => resting::bytes_a_point(traces).await,
        ["read"] => reading::run().await,
        ["open", users, each] => gathering::open_points(users.parse()?, each.parse()?),
        ["cassandra-chunks", node, keyspace, points, size] => {
            cassandra::chunks(node, keyspace, points.parse()?, size.parse()?).await
        }
        ["cassandra-rows", node, keyspace, points] => {
            cassandra::rows(node, keyspace, points.parse()?).await
        }
        _ => Err(USAGE.into()),
    }
}
