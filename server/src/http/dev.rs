//! Development mode: a page that shows the service at work, and what it needs to become anybody. Only on a loopback
//! address, and only for pages of this node.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use api::{Json, Problem, Signer};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use model::{BoardId, Clock, ErrorKind, Role, UserId};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

const PAGE: &str = include_str!("dev/page.html");

/// How long a token of the page holds.
const TOKEN_TTL_S: u32 = 24 * 60 * 60;

/// Users that the page may be asked to hold at a time.
const HELD_MAX: usize = 1_000;

/// Who there is to be, and who is moved by the page rather than by a replay.
#[derive(Clone, Default)]
pub(crate) struct Dev {
    people: Arc<Mutex<BTreeSet<UserId>>>,
    boards: Arc<Mutex<BTreeSet<BoardId>>>,
    held: Arc<Mutex<HashSet<UserId>>>,
}

impl Dev {
    /// Offers these people on the page to be, and boards to watch.
    pub(crate) fn offer(
        &self,
        people: impl IntoIterator<Item = UserId>,
        boards: impl IntoIterator<Item = BoardId>,
    ) {
        self.people.lock().extend(people);
        self.boards.lock().extend(boards);
    }

    /// Whether the page moves this user.
    pub(crate) fn holds(&self, user: &UserId) -> bool {
        self.held.lock().contains(user)
    }
}

#[derive(Clone)]
struct AppState {
    dev: Dev,
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
}

/// Whether it is the page, or of its own: it answers other pages nothing, as it makes tokens.
pub(crate) fn is_own(path: &str) -> bool {
    path == "/" || path.starts_with("/dev/")
}

pub(crate) fn router(dev: Dev, signer: Signer, clock: Arc<dyn Clock>) -> Router {
    let state = AppState { dev, signer: Arc::new(signer), clock };
    Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/dev/people", get(people))
        .route("/dev/token", post(token))
        .route("/dev/held", put(hold))
        .route_layer(from_fn(only_here))
        .with_state(state)
}

/// A foreign name that resolves to this machine must not turn a foreign page into one of ours.
async fn only_here(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        return next.run(request).await;
    }
    let detail = "development mode answers on localhost only";
    Problem::new(ErrorKind::Forbidden, "not_local", detail).into_response()
}

/// Whether a `Host` header names this machine, in a way that no name server decides.
fn is_local(host: &str) -> bool {
    let digits = |port: &str| port.bytes().all(|it| it.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if digits(port) => name,
        _ => host,
    };
    let is_localhost = name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost");
    is_localhost || matches!(name, "127.0.0.1" | "[::1]")
}

async fn people(State(state): State<AppState>) -> axum::Json<Value> {
    let (people, boards) = (state.dev.people.lock(), state.dev.boards.lock());
    axum::Json(json!({
        "people": people.iter().map(UserId::as_str).collect::<Vec<_>>(),
        "boards": boards.iter().map(BoardId::as_str).collect::<Vec<_>>(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    user: String,
}

async fn token(
    State(state): State<AppState>,
    Json(whom): Json<Whom>,
) -> Result<axum::Json<Value>, Problem> {
    let user = parse(&whom.user)?;
    let now = state.clock.now().wall;
    let token = state.signer.sign(&user, Role::User, now, TOKEN_TTL_S);
    Ok(axum::Json(json!({ "token": token })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    user: String,
    held: bool,
}

async fn hold(
    State(state): State<AppState>,
    Json(hold): Json<Hold>,
) -> Result<axum::Json<Value>, Problem> {
    let user = parse(&hold.user)?;
    let mut users = state.dev.held.lock();
    if !hold.held {
        users.remove(&user);
    } else if users.len() < HELD_MAX {
        users.insert(user.clone());
    }
    Ok(axum::Json(json!({ "held": users.contains(&user) })))
}

fn parse(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text)
        .map_err(|fault| Problem::new(ErrorKind::Invalid, "invalid_id", format!("user {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_own_names_only() {
        for local in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:8080",
            "localhost.:8080",
            "Localhost.",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_local(local), "{local}");
        }
        for foreign in [
            "",
            ".",
            "localhost..",
            ".localhost",
            "evil.localhost:8080",
            "localhost.evil.com",
            "localhost:8080.evil.com",
            "localhost:8080:80",
            "127.0.0.1.:80",
            "127.0.0.1.evil.com",
            "::1",
            "localhost@evil.com",
        ] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }
}
