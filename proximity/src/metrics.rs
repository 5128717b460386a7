//! What businesses measure.

api::metric_table! {
    /// Searches answered, by what answered (resident, store) and result (ok, refused, failed).
    Counter SEARCHES = "proximity_searches_total";
    /// Time of a search, by what answered.
    Histogram SEARCH_DURATION = "proximity_search_duration_seconds";
    /// Scans of one search in the store: 1 if the first circle was large enough.
    Histogram SEARCH_SCANS = "proximity_search_scans";
    /// Orders answered, by command and result (created, changed, unchanged, removed, refused, failed).
    Counter ORDERS = "proximity_orders_total";
    /// Time of one group commit, from taking the orders to their being on disk.
    Histogram COMMIT_DURATION = "proximity_commit_duration_seconds";
    /// Orders that shared one group commit.
    Histogram COMMIT_ORDERS = "proximity_commit_orders";
    /// Places imported, by result (created, changed, unchanged, owned).
    Counter IMPORTED = "proximity_imported_total";
    /// Businesses in the resident index.
    Gauge RESIDENT_BUSINESSES = "proximity_resident_businesses";
    /// The feed position that the resident index has followed to, in changes.
    Gauge RESIDENT_POSITION = "proximity_resident_position";
}
