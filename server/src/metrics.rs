use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of every histogram, seconds: live paths take milliseconds.
const BUCKETS_S: [f64; 12] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The process' one recorder; several nodes of a process share it.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_S)
            .expect("the list of buckets isn't empty")
            .install_recorder()
            .expect("nothing else in this process records metrics");
        for table in [
            api::metrics::ALL,
            directory::metrics::ALL,
            proximity::metrics::ALL,
            ws_gateway::metrics::ALL,
            ws_gateway::live::redis::metrics::ALL,
        ] {
            api::metrics::describe(table);
        }
        handle
    })
}
