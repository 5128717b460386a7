mod lines;
mod meters;
mod request_id;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waking, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures_util::FutureExt;
use http::StatusCode;
use model::{ErrorKind, SeededRandom};
use tower::{Layer, Service};

use crate::{Context, Problem, guard};
use lines::Lines;
use meters::{Meters, method_label};
use request_id::X_REQUEST_ID;
pub use request_id::{REQUEST_ID_BYTES_MAX, RequestId};

/// Puts all routes behind the shared door: request ids, one log line and two metrics a request, the guard, and problems
/// for unknown paths (404), methods (405, with `Allow`; also for OPTIONS and TRACE) and panics (500). HEAD is answered as
/// GET.
///
/// A request that went well is logged at `debug`, any other at `info`: of many in a second so many that a storm of
/// refusals doesn't fill the log.
///
/// Give it the whole router: routes added later are not behind it.
pub fn door(router: Router, context: &Context) -> Router {
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_such_path)
        .layer(Door(Arc::new(Desk::new(context))))
}

/// What balancers and monitoring ask every second: not worth a line of the log, even where the answer is no.
const POLLED: [&str; 3] = ["/live", "/ready", "/metrics"];

async fn no_such_path() -> Problem {
    Problem::new(ErrorKind::NotFound, "no_such_path", "nothing has this path")
}

async fn method_not_allowed() -> Problem {
    let detail = "this path has other methods; the Allow header lists them";
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// What all requests share at the door.
#[derive(Debug)]
struct Desk {
    // An id has to be unique, not secret: asking the operating system once is enough, and each time would be a system
    // call a request.
    ids: SeededRandom,
    meters: Meters,
    lines: Lines,
    // A stopwatch for the log.
    began: Instant,
}

impl Desk {
    fn new(context: &Context) -> Self {
        let start = context.parts().random.next_u64();
        Self {
            ids: SeededRandom::new(start),
            meters: Meters::default(),
            lines: Lines::default(),
            began: Instant::now(),
        }
    }
}

/// Wraps each route. Not `axum::middleware::from_fn`, which boxes the route and its future another time.
#[derive(Clone)]
struct Door(Arc<Desk>);

impl Layer<Route> for Door {
    type Service = Guarded;

    fn layer(&self, route: Route) -> Guarded {
        Guarded { desk: self.0.clone(), route }
    }
}

/// A route behind the door.
#[derive(Clone)]
struct Guarded {
    desk: Arc<Desk>,
    route: Route,
}

impl Service<Request> for Guarded {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, waking: &mut Waking<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.route, waking)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let visit = Visit::begin(self.desk.clone(), &mut request);
        let answer = guard::check(&request)
            .and_then(|()| caught(|| self.route.call(request)).map_err(|_| fault()));
        Box::pin(async move {
            let response = match answer {
                Ok(route) => match AssertUnwindSafe(route).catch_unwind().await {
                    Ok(response) => response?,
                    Err(_) => fault().into_response(),
                },
                Err(problem) => problem.into_response(),
            };
            Ok(visit.end(response))
        })
    }
}

/// Runs a route's code that may panic. What it leaves behind is dropped or made for that.
fn caught<T>(call: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(call))
}

/// What a request is told whose handler panicked.
fn fault() -> Problem {
    Problem::new(ErrorKind::Internal, "internal_error", "a fault of ours")
}

/// A request under way: has its id, and will tell log and metrics how it went.
struct Visit {
    desk: Arc<Desk>,
    // A stopwatch for log and metrics; nothing is decided by it.
    started: Instant,
    id: RequestId,
    method: &'static str,
    matched: Option<MatchedPath>,
}

impl Visit {
    fn begin(desk: Arc<Desk>, request: &mut Request) -> Self {
        let started = Instant::now();
        let id = RequestId::of(request.headers(), &desk.ids);
        let method = method_label(request.method());
        let matched = request.extensions().get::<MatchedPath>().cloned();
        request.extensions_mut().insert(id);
        Self { desk, started, id, method, matched }
    }

    fn end(self, mut response: Response) -> Response {
        let code = match response.extensions_mut().remove::<Problem>() {
            None => "",
            Some(problem) => {
                let code = problem.code();
                problem.with_request_id(self.id.as_str()).write_to(&mut response);
                code
            }
        };
        let route = self.matched.as_ref().map_or("unmatched", MatchedPath::as_str);
        let (status, elapsed) = (response.status(), self.started.elapsed());
        self.log(route, status, code, elapsed);
        self.desk.meters.count(self.method, route, status, elapsed);
        response.headers_mut().insert(X_REQUEST_ID, self.id.header());
        response
    }

    fn log(&self, route: &str, status: StatusCode, code: &str, elapsed: Duration) {
        let (method, request_id) = (self.method, self.id.as_str());
        let (status, duration_ms) = (status.as_u16(), elapsed.as_secs_f64() * 1_000.0);
        let refused = status >= 400 && !(code.is_empty() && POLLED.contains(&route));
        let second = self.desk.began.elapsed().as_secs() as u32;
        if refused && let Some(left_out) = self.desk.lines.take(second) {
            if left_out > 0 {
                tracing::info!(left_out, "more requests were refused than are logged a second");
            }
            tracing::info!(method, route, status, code, duration_ms, request_id, "request");
        } else {
            tracing::debug!(method, route, status, code, duration_ms, request_id, "request");
        }
    }
}
