use std::collections::HashMap;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use parking_lot::RwLock;

use crate::metrics::{HTTP_REQUEST_DURATION, HTTP_REQUESTS};

/// Combinations of route, method and status whose handles are kept, some 1 MB. A service has a few hundred; what is
/// over the limit is counted all the same, by the long way.
const METERS_MAX: usize = 4_096;

/// Counts requests and their times.
///
/// To find a metric by its labels the recorder makes a key of texts, hashes and compares it: several times what
/// counting costs. So its handles are kept here by what is known of a request without making anything.
#[derive(Default)]
pub(super) struct Meters {
    // A plain lock: it is written once for each combination and read for a hash lookup and a count.
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    by_route: HashMap<Box<str>, Vec<Meter>>,
    meters: usize,
}

/// The handles of one combination.
struct Meter {
    method: &'static str,
    status: StatusCode,
    requests: Counter,
    duration: Histogram,
}

impl Meters {
    /// Counts a request of a method as [`method_label`] names it.
    pub(super) fn count(
        &self,
        method: &'static str,
        route: &str,
        status: StatusCode,
        elapsed: Duration,
    ) {
        {
            let kept = self.kept.read();
            if let Some(meter) = kept.find(method, route, status) {
                return meter.count(elapsed);
            }
        }
        let meter = Meter::open(method, route, status);
        meter.count(elapsed);
        self.kept.write().keep(route, meter);
    }
}

impl Kept {
    fn find(&self, method: &str, route: &str, status: StatusCode) -> Option<&Meter> {
        let of_route = self.by_route.get(route)?;
        of_route.iter().find(|meter| meter.status == status && meter.method == method)
    }

    fn keep(&mut self, route: &str, meter: Meter) {
        // Another request may have been faster.
        let known = self.find(meter.method, route, meter.status).is_some();
        if known || self.meters >= METERS_MAX {
            return;
        }
        self.meters += 1;
        self.by_route.entry(route.into()).or_default().push(meter);
    }
}

impl Meter {
    fn open(method: &'static str, route: &str, status: StatusCode) -> Self {
        let route = route.to_owned();
        let requests = metrics::counter!(HTTP_REQUESTS, "method" => method, "route" => route.clone(), "status" => status.as_str().to_owned());
        let duration =
            metrics::histogram!(HTTP_REQUEST_DURATION, "method" => method, "route" => route);
        Self { method, status, requests, duration }
    }

    fn count(&self, elapsed: Duration) {
        self.requests.increment(1);
        self.duration.record(elapsed.as_secs_f64());
    }
}

/// Bounded: a client may make up methods.
pub(super) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn what_is_kept_counts_under_the_labels_of_its_request() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let meters = Meters::default();
        metrics::with_local_recorder(&recorder, || {
            for (method, route, status, times) in [
                ("GET", "/pies/{pie}", 200, 3),
                ("GET", "/pies/{pie}", 404, 2),
                ("PUT", "/pies/{pie}", 200, 1),
                ("GET", "/cakes", 200, 4),
            ] {
                let status = StatusCode::from_u16(status).expect("a status");
                for _ in 0..times {
                    meters.count(method, route, status, Duration::from_millis(1));
                }
            }
        });
        let text = recorder.handle().render();
        for line in [
            r#"whereabouts_http_requests_total{method="GET",route="/pies/{pie}",status="200"} 3"#,
            r#"whereabouts_http_requests_total{method="GET",route="/pies/{pie}",status="404"} 2"#,
            r#"whereabouts_http_requests_total{method="PUT",route="/pies/{pie}",status="200"} 1"#,
            r#"whereabouts_http_requests_total{method="GET",route="/cakes",status="200"} 4"#,
            r#"whereabouts_http_request_duration_seconds_count{method="GET",route="/pies/{pie}"} 5"#,
            r#"whereabouts_http_request_duration_seconds_count{method="GET",route="/cakes"} 4"#,
        ] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
        assert_eq!(meters.kept.read().meters, 4);
    }

    #[test]
    fn never_keeps_more_than_its_limit_and_counts_the_rest() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let meters = Meters::default();
        metrics::with_local_recorder(&recorder, || {
            for n in 0..METERS_MAX + 10 {
                meters.count("GET", &format!("/pies/{n}"), StatusCode::OK, Duration::ZERO);
            }
        });
        let kept = meters.kept.read();
        assert_eq!((kept.meters, kept.by_route.len()), (METERS_MAX, METERS_MAX));
        let last = format!(r#"{{method="GET",route="/pies/{}",status="200"}} 1"#, METERS_MAX + 9);
        assert!(recorder.handle().render().contains(&last));
    }
}
