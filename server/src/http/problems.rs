//! What every problem means: the pages that their `type` leads to, for people in HTML and for programs in JSON.

mod known;
mod page;

use std::sync::Arc;

use api::problems::Meaning;
use api::{BasePath, Context, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::ErrorKind;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use ws_gateway::protocol::{CloseCode, ErrorWord};

use crate::parts;

/// How long an answer may be kept: it changes with the version of the service only.
const KEPT: &str = "public, max-age=3600";

/// In which forms there is each, the one for whoever says nothing first.
const FORMS: [&str; 3] = ["text/html", "application/json", "application/problem+json"];

/// The tables of all parts, of what they share, and of the server itself.
pub fn tables() -> impl Iterator<Item = &'static [Meaning]> {
    parts::ALL.into_iter().map(parts::Part::problems).chain([api::problems::ALL, known::ALL])
}

/// All words, in the order of the alphabet.
fn all() -> Vec<&'static Meaning> {
    let mut all: Vec<_> = tables().flatten().collect();
    all.sort_unstable_by_key(|meaning| meaning.code);
    all
}

/// What a word of problems means.
#[derive(Serialize, ToSchema)]
struct MeaningBody {
    /// The word, which is in every answer's `code` and at the end of its `type`.
    #[schema(example = "no_such_user")]
    code: &'static str,
    /// The HTTP statuses that it is answered with.
    statuses: &'static [u16],
    /// What it means.
    meaning: &'static str,
    /// What to do about it.
    remedy: &'static str,
    /// Whether the same request may be sent again: `never`, once it was `mended`, or `later`.
    #[schema(example = "never")]
    retry: &'static str,
    /// An answer with it.
    #[schema(value_type = Object)]
    example: Box<RawValue>,
}

/// Every word.
#[derive(Serialize, ToSchema)]
struct ProblemIndexBody {
    problems: Vec<MeaningBody>,
    /// The words in `error` on WebSockets.
    websocket_errors: Vec<&'static str>,
    /// How the service ends WebSockets.
    websocket_closes: Vec<CloseBody>,
}

/// An end of a WebSocket.
#[derive(Serialize, ToSchema)]
struct CloseBody {
    /// The number in the close frame.
    code: u16,
    /// The word at the beginning of its reason.
    word: &'static str,
    /// Whether the client should connect again.
    comes_back: bool,
}

/// `/problems/` and what is below it.
pub(crate) fn router(context: &Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(meaning))
        .route("/problems", get(to_index))
        .with_state(context.base_path().clone())
}

/// The address without its last slash; links of the index begin behind that.
async fn to_index() -> impl IntoResponse {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "problems/")])
}

/// All problems
///
/// Every word that `code` of a problem may have, and what else is refused on WebSockets. HTML, or JSON for whoever accepts that
/// rather.
#[utoipa::path(
    get,
    operation_id = "list_problems",
    path = "/problems/",
    tag = "problems",
    responses((status = 200, body = ProblemIndexBody, description = "In the order of the alphabet"))
)]
async fn index(State(base_path): State<Arc<BasePath>>, headers: HeaderMap) -> Response {
    let all = all();
    answer(
        &headers,
        || page::index(&all),
        || ProblemIndexBody {
            problems: all.iter().map(|meaning| MeaningBody::new(meaning, &base_path)).collect(),
            websocket_errors: ErrorWord::ALL.iter().map(|word| word.as_str()).collect(),
            websocket_closes: CloseCode::ALL.iter().copied().map(CloseBody::new).collect(),
        },
    )
}

/// A problem
///
/// What it means, what a client should do, and an answer with it: where `type` of every problem leads. HTML, or JSON for whoever
/// accepts that rather.
#[utoipa::path(
    get,
    operation_id = "read_problem",
    path = "/problems/{code}",
    tag = "problems",
    params(("code" = String, Path, description = "The word", example = "no_such_user")),
    responses((status = 200, body = MeaningBody, description = "What it means"), Problem)
)]
async fn meaning(
    State(base_path): State<Arc<BasePath>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let meaning = tables().flatten().find(|meaning| meaning.code == code).ok_or_else(|| {
        Problem::new(ErrorKind::NotFound, "no_such_problem", "no problem has this name")
    })?;
    let example = meaning.example_body(&base_path);
    let page = || page::meaning(meaning, &example);
    Ok(answer(&headers, page, || MeaningBody::new(meaning, &base_path)))
}

impl MeaningBody {
    fn new(meaning: &Meaning, base_path: &Arc<BasePath>) -> Self {
        let example = RawValue::from_string(meaning.example_body(base_path));
        Self {
            code: meaning.code,
            statuses: meaning.statuses,
            meaning: meaning.means.trim(),
            remedy: meaning.remedy,
            retry: meaning.retry.as_str(),
            example: example.expect("an example is JSON"),
        }
    }
}

impl CloseBody {
    fn new(close: CloseCode) -> Self {
        Self { code: close.code(), word: close.as_str(), comes_back: close.comes_back() }
    }
}

/// The page, or the same for programs that accept JSON rather. Whoever accepts neither gets the page too: it is all there is.
fn answer<T: Serialize>(
    headers: &HeaderMap,
    page: impl FnOnce() -> String,
    body: impl FnOnce() -> T,
) -> Response {
    let shared = [(header::CACHE_CONTROL, KEPT), (header::VARY, "accept")];
    if api::preferred(headers, &FORMS).unwrap_or(0) > 0 {
        return (shared, axum::Json(body())).into_response();
    }
    let own = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (shared, own, page()).into_response()
}
