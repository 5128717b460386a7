//! The metrics of all requests, and how a crate declares its own: one table, whose doc comments are the help texts.

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

/// One line of a table of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// With its unit last.
    pub name: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// The help text.
    pub help: &'static str,
}

/// Tells the installed recorder what the metrics of a table mean.
pub fn describe(table: &[Metric]) {
    for metric in table {
        let help = metric.help.trim();
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, help),
        }
    }
}

/// Declares a crate's metrics: a constant for each name, and all of them with their help texts as `ALL`.
///
/// ```
/// mod metrics {
///     api::metric_table! {
///         /// Pies that left the oven.
///         Counter PIES = "pies_total";
///     }
/// }
///
/// fn main() {
///     assert_eq!(metrics::PIES, "pies_total");
///     assert_eq!(metrics::ALL[0].help.trim(), "Pies that left the oven.");
/// }
/// ```
#[macro_export]
macro_rules! metric_table {
    ($($(#[doc = $help:literal])+ $kind:ident $name:ident = $text:literal;)+) => {
        $($(#[doc = $help])+ pub(crate) const $name: &str = $text;)+

        /// Every metric of this crate.
        pub const ALL: &[$crate::metrics::Metric] = &[$($crate::metrics::Metric {
            name: $text,
            kind: $crate::metrics::Kind::$kind,
            help: concat!($($help),+),
        }),+];
    };
}

metric_table! {
    /// Requests answered, by method, route pattern and status.
    Counter HTTP_REQUESTS = "whereabouts_http_requests_total";
    /// Time from a request's headers to its answer's headers, by method and route pattern.
    Histogram HTTP_REQUEST_DURATION = "whereabouts_http_request_duration_seconds";
    /// Connections that weren't served, by what was wrong with their beginning: a header of a proxy, or TLS.
    Counter REFUSED_CONNECTIONS = "whereabouts_http_refused_connections_total";
    /// Connections that lost their place to others, by who had it (anonymous; user, after a valid token).
    Counter CROWDED_OUT = "whereabouts_http_crowded_out_total";
    /// What the work of requests has cost, in units of about a microsecond of CPU, by role (user, service).
    Counter COST = "whereabouts_http_cost_total";
    /// Requests that cost more than a light one may, by result: ok if one had its turn, else the code of the refusal.
    Counter HEAVY = "whereabouts_http_heavy_total";
}
