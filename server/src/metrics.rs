//! What the process as a whole measures, beside the tables of its parts.

use std::sync::OnceLock;

use api::metrics::Metric;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

use crate::parts;

api::metric_table! {
    /// Always 1; its label says which version this is.
    Gauge BUILD_INFO = "whereabouts_build_info";
}

/// Upper bounds of the buckets of every histogram, seconds: live paths take milliseconds.
const BUCKETS_S: [f64; 12] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The tables of all parts, of what they share, and of the process.
pub fn tables() -> impl Iterator<Item = &'static [Metric]> {
    let parts = parts::ALL.into_iter().flat_map(|part| part.metrics().iter().copied());
    parts.chain([api::metrics::ALL, ALL])
}

/// The process' one recorder; several nodes of a process share it.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_S)
            .expect("the list of buckets isn't empty")
            .install_recorder()
            .expect("nothing else in this process records metrics");
        tables().for_each(api::metrics::describe);
        metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
        Collector::default().describe();
        handle
    })
}

/// All metrics in the text format of Prometheus, those of the process (`process_…`) as they are now.
pub(crate) fn render() -> String {
    Collector::default().collect();
    recorder().render()
}
