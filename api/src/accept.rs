use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;

use crate::Problem;

/// Marks a router's routes as answering in JSON: who accepts none is refused before anything is done.
pub fn json_routes<S>(router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    router.route_layer(from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    if accepts_json(request.headers()) {
        return next.run(request).await;
    }
    let detail = "answers are application/json; the Accept header excludes that";
    Problem::with_status(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail).into_response()
}

/// Whether a media range of `Accept` (RFC 9110, 12.5.1) covers JSON; the most specific one decides.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(u8, bool)> = None;
    let mut present = false;
    for value in headers.get_all(header::ACCEPT) {
        present = true;
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let specific = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "*/*" => 0,
                "application/*" => 1,
                "application/problem+json" => 2,
                "application/json" => 3,
                _ => continue,
            };
            let wanted = !parts.any(is_zero_quality);
            if best.is_none_or(|(so_far, _)| specific >= so_far) {
                best = Some((specific, wanted));
            }
        }
    }
    !present || best.is_some_and(|(_, wanted)| wanted)
}

fn is_zero_quality(parameter: &str) -> bool {
    parameter.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accepts(value: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
        accepts_json(&headers)
    }

    #[test]
    fn json_is_served_to_whoever_takes_it() {
        assert!(accepts_json(&HeaderMap::new()));
        for ok in [
            "*/*",
            "application/*",
            "application/json",
            "text/html, application/json;q=0.1",
            "application/problem+json",
            "text/html;q=0.9, */*;q=0.1",
        ] {
            assert!(accepts(ok), "{ok}");
        }
        for no in [
            "text/html",
            "application/xml",
            "",
            "application/json;q=0",
            "*/*, application/json;q=0.0",
        ] {
            assert!(!accepts(no), "{no}");
        }
    }
}
