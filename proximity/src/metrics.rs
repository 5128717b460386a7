//! What businesses measure.

use std::time::Duration;

use crate::error::Error;

api::metric_table! {
    /// Searches answered, by what answered (resident, store) and result (ok, refused, failed).
    Counter SEARCHES = "whereabouts_proximity_searches_total";
    /// Time of a search, by what answered.
    Histogram SEARCH_DURATION = "whereabouts_proximity_search_duration_seconds";
    /// Scans of one search in the store: 1 if the first circle was large enough.
    Histogram SEARCH_SCANS = "whereabouts_proximity_search_scans";
    /// Businesses that one search in the store looked at.
    Histogram SEARCH_ROWS = "whereabouts_proximity_search_rows";
    /// Writes answered, by mutation and result (created, changed, unchanged, removed, refused, failed).
    Counter WRITES = "whereabouts_proximity_writes_total";
    /// Time of one group commit, from taking the writes to their being on disk.
    Histogram COMMIT_DURATION = "whereabouts_proximity_commit_duration_seconds";
    /// Writes that shared one group commit.
    Histogram COMMIT_WRITES = "whereabouts_proximity_commit_writes";
    /// Places imported, by result (created, changed, unchanged, owned).
    Counter IMPORTED = "whereabouts_proximity_imported_total";
    /// Reads answered, by the server (host:port).
    Counter READS = "whereabouts_proximity_reads_total";
    /// Whether a database answers, by server: 1 or 0.
    Gauge SERVER_UP = "whereabouts_proximity_server_up";
    /// By how many changes a replica is behind what it should have by now, by server; 0 if it is read.
    Gauge REPLICA_BEHIND = "whereabouts_proximity_replica_behind";
    /// Businesses in the resident index.
    Gauge RESIDENT_BUSINESSES = "whereabouts_proximity_resident_businesses";
    /// The feed position that the resident index has followed to, in changes.
    Gauge RESIDENT_POSITION = "whereabouts_proximity_resident_position";
}

/// What every search counts, made once: looking a metric up costs as much as a tenth of a search in memory.
pub(crate) struct SearchMetrics {
    resident: ByResult,
    store: ByResult,
}

struct ByResult {
    ok: metrics::Counter,
    refused: metrics::Counter,
    failed: metrics::Counter,
    duration: metrics::Histogram,
}

/// What answered a search.
#[derive(Clone, Copy)]
pub(crate) enum Answerer {
    Resident,
    Store,
}

impl SearchMetrics {
    /// For the recorder that is installed by now.
    pub(crate) fn new() -> Self {
        Self { resident: ByResult::new("resident"), store: ByResult::new("store") }
    }

    /// Counts one search.
    pub(crate) fn count<T>(&self, by: Answerer, took: Duration, result: &Result<T, Error>) {
        let metrics = match by {
            Answerer::Resident => &self.resident,
            Answerer::Store => &self.store,
        };
        metrics.duration.record(took.as_secs_f64());
        match result {
            Ok(_) => &metrics.ok,
            Err(Error::Refused(_) | Error::Overspent(_)) => &metrics.refused,
            Err(_) => &metrics.failed,
        }
        .increment(1);
    }
}

impl ByResult {
    fn new(by: &'static str) -> Self {
        let counter = |result| metrics::counter!(SEARCHES, "by" => by, "result" => result);
        Self {
            ok: counter("ok"),
            refused: counter("refused"),
            failed: counter("failed"),
            duration: metrics::histogram!(SEARCH_DURATION, "by" => by),
        }
    }
}
