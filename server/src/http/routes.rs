use std::time::Duration;

use api::{AllowedOrigins, BasePath, Problem};
use axum::Router;
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use history_writer::http::{COMPLETE_UNTIL, INCOMPLETE};
use model::ErrorKind;
use proximity::http::FRESHNESS;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use utoipa::openapi::{OpenApi, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::dev;

/// How long a browser may remember what it was allowed.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All endpoints of a node behind the shared middleware, with their description and a page to try them from.
pub(crate) fn assemble(
    parts: Vec<OpenApiRouter>,
    dev: Option<Router>,
    context: &api::Context,
    allowed_origins: AllowedOrigins,
) -> Router {
    let described = OpenApiRouter::with_openapi(api::openapi());
    let (router, mut description) =
        parts.into_iter().fold(described, OpenApiRouter::merge).split_for_parts();
    if **context.base_path() != BasePath::default() {
        description.servers = Some(vec![Server::new(context.base_path().to_string())]);
    }
    let mut router = router.merge(docs(&description));
    if let Some(dev) = dev {
        router = router.merge(dev);
    }
    let router = api::with_middleware(router, context);
    if allowed_origins.is_empty() { router } else { router.layer(cors(allowed_origins)) }
}

/// Lets pages of other origins use REST, where they are allowed to; browsers ask before they do. They get nothing of the development
/// page, which makes tokens, and send no credentials but the token in a header.
fn cors(allowed_origins: AllowedOrigins) -> CorsLayer {
    let allow = move |origin: &HeaderValue, request: &Parts| {
        !dev::is_own(request.uri.path())
            && origin.to_str().is_ok_and(|origin| allowed_origins.allow(origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allow))
        .allow_methods([Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE])
        // Any: tracing libraries add ever others by themselves, and no header gives a page of an allowed origin more than an app has.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            COMPLETE_UNTIL,
            INCOMPLETE,
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            FRESHNESS,
            X_REQUEST_ID,
        ])
        .max_age(PREFLIGHT_MAX_AGE)
}

/// `/openapi.json` and `/docs/`, served from the binary: nothing is loaded from elsewhere.
fn docs(description: &OpenApi) -> Router {
    let json = description.to_json().expect("a description of routes has a JSON form");
    let json = Bytes::from(json);
    // By default the page shows our address to a validator on the internet.
    let config = Config::from("../openapi.json").validator_url("none");
    let serve = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() }
    };
    let page = Router::from(SwaggerUi::new("/docs").config(config)).layer(map_response(explained));
    Router::new().route("/openapi.json", get(serve)).merge(page)
}

/// A file that the page hasn't is told as any other path that leads nowhere.
async fn explained(answer: Response) -> Response {
    if answer.status() != StatusCode::NOT_FOUND {
        return answer;
    }
    Problem::new(ErrorKind::NotFound, "no_such_path", "nothing has this path").into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::{Context, RateLimit, SystemRandom, Verifier, VerifyingKey};
    use axum::body::Body;
    use axum::http::Request;
    use model::SystemClock;
    use tower::ServiceExt;

    use super::*;

    /// Ours, and what tracing libraries of several makers add.
    const ASKED_HEADERS: &str = "authorization,content-type,if-match,idempotency-key,x-freshness,\
        traceparent,tracestate,baggage,b3,x-b3-flags,sentry-trace,x-datadog-tags,newrelic,\
        elastic-apm-traceparent,x-amzn-trace-id,uber-trace-id,request-id,x-correlation-id";

    async fn faulty() -> StatusCode {
        panic!("as the test wants")
    }

    async fn answer(method: Method, path: &str, origin: &str) -> Response {
        let key = VerifyingKey::hs256("k", &[7; 32]).expect("long enough");
        let verifier = Verifier::new(vec![key], "i", "a", 0).expect("one key");
        let clock = Arc::new(SystemClock::start());
        let random = Arc::new(SystemRandom);
        let context = Context::new(Arc::new(verifier), clock, random, RateLimit::default());
        let page = Router::new().route("/fault", get(faulty));
        let allowed = ["https://app.example.com".to_owned(), "https://*.example.org".to_owned()];
        let allowed = AllowedOrigins::parse(&allowed).expect("origins");
        let router = assemble(Vec::new(), Some(page), &context, allowed);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, ASKED_HEADERS)
            .body(Body::empty())
            .expect("a valid request");
        router.oneshot(request).await.expect("infallible")
    }

    fn allowed(response: &Response) -> Option<&HeaderValue> {
        response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    }

    #[tokio::test]
    async fn pages_of_allowed_origins_may_use_rest_and_others_may_not() {
        let good = answer(Method::OPTIONS, "/openapi.json", "https://app.example.com").await;
        assert_eq!(allowed(&good).expect("allowed"), "https://app.example.com");
        let bad =
            answer(Method::OPTIONS, "/openapi.json", "https://app.example.com.evil.com").await;
        assert_eq!(allowed(&bad), None);
        let below = answer(Method::OPTIONS, "/openapi.json", "https://a.b.example.org").await;
        assert_eq!(allowed(&below).expect("allowed"), "https://a.b.example.org");
        let sent = below.headers().get(header::ACCESS_CONTROL_ALLOW_HEADERS).expect("headers");
        assert_eq!(sent, ASKED_HEADERS);
    }

    #[tokio::test]
    async fn pages_of_other_origins_never_get_tokens_of_the_development_page() {
        for path in ["/", "/dev/people", "/dev/token", "/dev/held"] {
            let refused = answer(Method::OPTIONS, path, "https://app.example.com").await;
            assert_eq!(allowed(&refused), None, "{path}");
        }
    }

    #[tokio::test]
    async fn what_the_page_of_the_documentation_lacks_is_a_problem_too() {
        for (path, status) in [("/docs/", 200), ("/docs/nosuch", 404), ("/docs/a/b.js", 404)] {
            let response = answer(Method::GET, path, "https://app.example.com").await;
            assert_eq!(response.status(), status, "{path}");
            let kind = response.headers().get(header::CONTENT_TYPE).expect("a body");
            assert_eq!(kind == "application/problem+json", status == 404, "{path} {kind:?}");
            assert!(response.headers().contains_key(X_REQUEST_ID));
        }
    }

    #[tokio::test]
    async fn a_fault_of_ours_is_a_problem_with_a_request_id() {
        let response = answer(Method::GET, "/fault", "https://app.example.com").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(X_REQUEST_ID));
    }
}
