mod base_path;
mod clients;
mod line_limit;
mod meters;
mod origins;
mod request_checks;
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
use http::{StatusCode, header};
use model::{ErrorChain, ErrorKind, SeededRandom};
use tower::Service;
use tower::layer::layer_fn;
use tracing::field::display;
use tracing::{Instrument, Span};

use crate::{Context, Problem};
pub use base_path::{BasePath, BasePathError};
pub use clients::{
    ClientHeader, ClientNetwork, Connections, Duplex, End, PROXY_HEADER_BYTES_MAX, Peer, Places,
    ProxyError, ProxyHeader, ProxyHeaderError, ProxyRead, Stream, TrustedProxies,
};
pub use line_limit::LineLimit;
use meters::{Meters, method_label};
pub use origins::{AllowedOrigins, Origin, Refused};
use request_checks::HeaderLimits;
pub use request_checks::{BODY_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_BYTES_MAX};
pub use request_id::REQUEST_ID_BYTES_MAX;
use request_id::{RequestId, X_REQUEST_ID};

/// Wraps all routes: request ids, one log line and two metrics a request, checks of what no route should think of, and problems
/// for unknown paths (404), methods (405, with `Allow`; also for OPTIONS and TRACE) and panics (500). HEAD is answered as
/// GET.
///
/// A request that went well is logged at `debug`, a refused one at `info`, one that failed here at `warn`, or `error` if the
/// fault is ours, with its cause: of many in a second so many that a storm of refusals doesn't fill the log. What is logged
/// while it is worked on stands in its span, which has its id.
///
/// Give it the whole router: routes added later are not behind it.
pub fn with_middleware(router: Router, context: &Context) -> Router {
    let state = Arc::new(MiddlewareState::new(context));
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_such_path)
        // Not `axum::middleware::from_fn`, which boxes the route and its future another time.
        .layer(layer_fn(move |route| RequestService { state: state.clone(), route }))
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

/// What all requests share.
struct MiddlewareState {
    // An id has to be unique, not secret: asking the operating system once is enough, and each time would be a system
    // call a request.
    ids: SeededRandom,
    meters: Meters,
    headers: HeaderLimits,
    context: Context,
}

impl MiddlewareState {
    fn new(context: &Context) -> Self {
        let start = context.deps().random.next_u64();
        Self {
            ids: SeededRandom::new(start),
            meters: Meters::default(),
            headers: HeaderLimits::for_tokens(context.deps().verifier.token_bytes_max()),
            context: context.clone(),
        }
    }
}

/// A route in the middleware.
#[derive(Clone)]
struct RequestService {
    state: Arc<MiddlewareState>,
    route: Route,
}

impl Service<Request> for RequestService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, waking: &mut Waking<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.route, waking)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let log = RequestLog::begin(self.state.clone(), &request);
        let span = log.span();
        // tower-http's layer for panics would put each body into one more box. What a route that panics leaves behind is
        // dropped, or made for that.
        let answer = request_checks::check(&request, self.state.headers).and_then(|()| {
            let call = AssertUnwindSafe(|| self.route.call(request));
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
            Ok(log.end(response))
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
    Problem::internal_error(Panicked(text.unwrap_or("without a text").to_owned()))
}

/// A request under way: has its id, and will tell log and metrics how it went.
struct RequestLog {
    state: Arc<MiddlewareState>,
    // A stopwatch for log and metrics; nothing is decided by it.
    started: Instant,
    id: RequestId,
    method: &'static str,
    matched: Option<MatchedPath>,
}

impl RequestLog {
    fn begin(state: Arc<MiddlewareState>, request: &Request) -> Self {
        let started = Instant::now();
        let id = RequestId::from_headers(request.headers(), &state.ids);
        let method = method_label(request.method());
        let matched = request.extensions().get::<MatchedPath>().cloned();
        Self { state, started, id, method, matched }
    }

    /// What is logged while the request is worked on says whose it is; the request's own line has the rest. A field is
    /// written out for each request, logged or not, and costs 0.2 µs.
    fn span(&self) -> Span {
        tracing::info_span!(parent: None, "request", request_id = %self.id.as_str())
    }

    fn route(&self) -> &str {
        self.matched.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    fn end(self, mut response: Response) -> Response {
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let base_path = self.state.context.base_path();
            problem.with_request_id(self.id.as_str()).below(base_path).write_to(&mut response);
        }
        if let Some(location) = self.state.context.location(response.headers()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        let (status, elapsed) = (response.status(), self.started.elapsed());
        self.log(status, response.extensions().get(), elapsed);
        self.state.meters.count(self.method, self.route(), status, elapsed);
        response.headers_mut().insert(X_REQUEST_ID, self.id.header());
        response
    }

    fn log(&self, status: StatusCode, problem: Option<&Problem>, elapsed: Duration) {
        let (method, route, request_id) = (self.method, self.route(), self.id.as_str());
        // Whole microseconds: a product of fractions would have sixteen digits.
        let (status, duration_ms) = (status.as_u16(), elapsed.as_micros() as f64 / 1_000.0);
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
        // What failed here isn't to be lost among refusals, which anybody can cause.
        let lines = &self.state.context.deps().lines;
        let lines = if cause.is_some() { &lines.failures } else { &lines.refusals };
        if refused && let Some(left_out) = lines.take() {
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
