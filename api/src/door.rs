mod lines;
mod meters;
mod request_id;

use std::any::Any;
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
use model::{ErrorChain, ErrorKind, SeededRandom};
use tower::{Layer, Service};
use tracing::field::display;
use tracing::{Instrument, Span};

use crate::{Context, Problem, guard};
use lines::Lines;
use meters::{Meters, method_label};
use request_id::X_REQUEST_ID;
pub use request_id::{REQUEST_ID_BYTES_MAX, RequestId};

/// Puts all routes behind the shared door: request ids, one log line and two metrics a request, the guard, and problems
/// for unknown paths (404), methods (405, with `Allow`; also for OPTIONS and TRACE) and panics (500). HEAD is answered as
/// GET.
///
/// A request that went well is logged at `debug`, a refused one at `info`, one that failed here at `warn`, or `error` if the
/// fault is ours, with its cause: of many in a second so many that a storm of refusals doesn't fill the log. What is logged
/// while it is worked on stands in its span, which has its id and its route.
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
        let span = visit.span();
        // tower-http's layer for panics would put each body into one more box. What a route that panics leaves behind is
        // dropped, or made for that.
        let answer = guard::check(&request).and_then(|()| {
            let call = AssertUnwindSafe(|| span.in_scope(|| self.route.call(request)));
            catch_unwind(call).map_err(|panic| panicked(&*panic))
        });
        Box::pin(async move {
            let response = match answer {
                Ok(route) => match AssertUnwindSafe(route.instrument(span)).catch_unwind().await {
                    Ok(response) => response?,
                    Err(panic) => panicked(&*panic).into_response(),
                },
                Err(problem) => problem.into_response(),
            };
            Ok(visit.end(response))
        })
    }
}

/// A handler panicked, with this text.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

/// What a request is told whose handler panicked.
fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    let text = formatted.or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::of_ours(Panicked(text.unwrap_or("without a text").to_owned()))
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

    /// What is logged while the request is worked on says whose it is. Neither path nor query: these may hold positions.
    fn span(&self) -> Span {
        let (method, route, request_id) = (self.method, self.route(), self.id.as_str());
        tracing::info_span!("request", method, route, request_id)
    }

    fn route(&self) -> &str {
        self.matched.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    fn end(self, mut response: Response) -> Response {
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            problem.with_request_id(self.id.as_str()).write_to(&mut response);
        }
        let (status, elapsed) = (response.status(), self.started.elapsed());
        self.log(status, response.extensions().get(), elapsed);
        self.desk.meters.count(self.method, self.route(), status, elapsed);
        response.headers_mut().insert(X_REQUEST_ID, self.id.header());
        response
    }

    fn log(&self, status: StatusCode, problem: Option<&Problem>, elapsed: Duration) {
        let (method, route, request_id) = (self.method, self.route(), self.id.as_str());
        let (status, duration_ms) = (status.as_u16(), elapsed.as_secs_f64() * 1_000.0);
        let code = problem.map_or("", Problem::code);
        let cause = problem.and_then(Problem::cause).map(|cause| display(ErrorChain(cause)));
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    route,
                    status,
                    code,
                    duration_ms,
                    request_id,
                    cause,
                    "request"
                )
            };
        }
        let refused = status >= 400 && !(code.is_empty() && POLLED.contains(&route));
        let second = self.desk.began.elapsed().as_secs() as u32;
        if refused && let Some(left_out) = self.desk.lines.take(second) {
            if left_out > 0 {
                tracing::info!(left_out, "more requests were refused than are logged a second");
            }
            match (status, &cause) {
                (500, _) => line!(error),
                (_, Some(_)) => line!(warn),
                (_, None) => line!(info),
            }
        } else {
            line!(debug);
        }
    }
}
