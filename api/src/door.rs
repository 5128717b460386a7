use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::ErrorKind;

use crate::metrics::{HTTP_REQUEST_DURATION, HTTP_REQUESTS};
use crate::{Context, Problem, guard};

/// The longest request id that is taken from a client, bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request in the log, in its answer's header `x-request-id` and in a problem. Handlers find it in the
/// request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Puts all routes behind the shared door: request ids, one log line and two metrics a request, the guard, and problems
/// for unknown paths (404) and methods (405, with `Allow`; also for OPTIONS and TRACE). HEAD is answered as GET.
///
/// Give it the whole router: routes added later are not behind it.
pub fn door(router: Router, context: &Context) -> Router {
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_such_path)
        .layer(from_fn(guard::guard))
        .layer(from_fn_with_state(context.clone(), accompany))
}

/// What balancers and monitoring ask every second: not worth a line of the log.
const POLLED: [&str; 3] = ["/live", "/ready", "/metrics"];

async fn no_such_path() -> Problem {
    Problem::new(ErrorKind::NotFound, "no_such_path", "nothing has this path")
}

async fn method_not_allowed() -> Problem {
    let detail = "this path has other methods; the Allow header lists them";
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Gives the request its id, and tells log and metrics how it went.
async fn accompany(State(context): State<Context>, mut request: Request, next: Next) -> Response {
    // A stopwatch for log and metrics; nothing is decided by it.
    let started = Instant::now();
    let id = request_id(request.headers()).unwrap_or_else(|| model::token(&*context.random));
    let method = method_label(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = next.run(request).await;

    let code = match response.extensions_mut().remove::<Problem>() {
        None => "",
        Some(problem) => {
            let code = problem.code();
            problem.with_request_id(&id).write_to(&mut response);
            code
        }
    };
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    let duration_ms = elapsed.as_secs_f64() * 1_000.0;
    if POLLED.contains(&&*route) && code.is_empty() {
        tracing::debug!(method, route, status, code, duration_ms, request_id = id, "request");
    } else {
        tracing::info!(method, route, status, code, duration_ms, request_id = id, "request");
    }
    metrics::counter!(HTTP_REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(HTTP_REQUEST_DURATION, "method" => method, "route" => route)
        .record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// The client's own id, if there is one and it is fit for a log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(X_REQUEST_ID).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    let text = value.to_str().ok()?;
    let fit =
        (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.as_bytes().iter().all(allowed);
    fit.then(|| text.to_owned())
}

/// Bounded: a client may make up methods.
fn method_label(method: &Method) -> &'static str {
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
