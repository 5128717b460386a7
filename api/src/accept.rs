use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, StatusCode, header};
use tower::Service;
use tower::layer::layer_fn;
use utoipa_axum::router::OpenApiRouter;

use crate::Problem;

/// Marks a router's routes as answering in JSON: who accepts none is refused before anything is done.
pub fn json_routes<S>(router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    // Not `axum::middleware::from_fn`, which boxes the route and its future another time.
    router.route_layer(layer_fn(|route| Checked { route }))
}

/// A route that answers in JSON.
#[derive(Clone)]
struct Checked {
    route: Route,
}

impl Service<Request> for Checked {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<<Route as Service<Request>>::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.route, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if accepts_json(request.headers()) {
            return Either::Left(self.route.call(request));
        }
        let detail = "answers are application/json; the Accept header excludes that";
        let status = StatusCode::NOT_ACCEPTABLE;
        let refusal = Problem::with_status(status, "not_acceptable", detail);
        Either::Right(ready(Ok(refusal.into_response())))
    }
}

/// The media ranges that cover our answers, the most specific one last.
const RANGES: [&str; 4] = ["*/*", "application/*", "application/problem+json", "application/json"];

/// Whether a media range of `Accept` (RFC 9110, 12.5.1) covers JSON; the most specific one decides.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(usize, bool)> = None;
    let mut present = false;
    for value in headers.get_all(header::ACCEPT) {
        present = true;
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next().unwrap_or_default();
            let covering = RANGES.iter().position(|range| named.eq_ignore_ascii_case(range));
            let Some(specific) = covering else { continue };
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
