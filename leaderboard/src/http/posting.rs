use api::{Json, Problem, Work, single_header};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::event_body::{EventBody, PostBody};
use super::request::{Trusted, invalid};
use crate::core::cost::{CHANGE, EVENT};
use crate::limits::EVENTS_MAX;
use crate::{Leaderboard, Posted, Refusal, ScoreEvent};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a change of a score came to.
#[derive(Serialize, ToSchema)]
pub(super) struct ResultBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    /// The season in which it counts.
    season: u32,
    /// The player.
    #[schema(example = "alice")]
    user: String,
    /// Their score since.
    score: i64,
    /// Their rank now; null if they are banned, or as long as ranks are away.
    rank: Option<u64>,
    /// `created` or `changed`, or `unchanged`: the same score, or a better one stands.
    #[schema(example = "changed")]
    effect: &'static str,
    /// The change's position among those of the board.
    position: u64,
}

/// An event that was counted.
#[derive(Serialize, ToSchema)]
pub(super) struct CountedBody {
    /// What each of its changes came to, in their order; of an event that came before, what it came to then.
    results: Vec<ResultBody>,
}

/// Why an event of a batch wasn't counted, as it would be refused alone.
#[derive(Serialize, ToSchema)]
pub(super) struct RefusedBody {
    /// A word for programs.
    #[schema(example = "no_such_board")]
    code: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// A sentence for people.
    detail: String,
}

/// What became of an event of a batch.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ItemBody {
    /// It was counted.
    Counted(CountedBody),
    /// It wasn't, and changed nothing.
    Refused {
        /// Why.
        problem: RefusedBody,
    },
}

/// What became of the events of a batch, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemsBody {
    events: Vec<ItemBody>,
}

/// What became of one event, or of some.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum PostedBody {
    /// Of one.
    Event(CountedBody),
    /// Of some.
    Batch(ItemsBody),
}

/// Counts scores: once, however often they are sent. Services and operators only.
#[utoipa::path(
    post,
    operation_id = "post_scores",
    path = "/v1/scores",
    tag = "scores",
    params(
        ("idempotency-key" = Option<String>, Header, description = "Stands for `key`, where there is one event"),
    ),
    request_body = PostBody,
    responses(
        (status = 200, body = PostedBody, description = "On disk. A batch is answered so even if some of its events, or all, were refused"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn post(
    State(leaderboard): State<Leaderboard>,
    Trusted(caller): Trusted,
    mut work: Work,
    headers: HeaderMap,
    Json(mut body): Json<EventBody>,
) -> Result<Response, Problem> {
    let key = single_header(&headers, &IDEMPOTENCY_KEY)?;
    let Some(events) = body.take_events()? else {
        work.spend(cost(std::slice::from_ref(&body))).await?;
        let event = body.check(caller.user, key)?;
        let posted = leaderboard.post(vec![event]).await?.pop();
        let posted = posted.ok_or(Refusal::Events).flatten()?;
        return Ok(answer(PostedBody::Event(counted(posted))));
    };
    if key.is_some() {
        let detail = "Idempotency-Key is for one event: of several each has its own key";
        return Err(invalid("invalid_idempotency_key", detail));
    }
    if !(1..=EVENTS_MAX).contains(&events.len()) {
        return Err(Refusal::Events.into());
    }
    work.spend(cost(&events)).await?;
    let checked = events.into_iter().map(|event| event.check(caller.user.clone(), None));
    let events = post_checked(&leaderboard, checked.collect()).await?;
    Ok(answer(PostedBody::Batch(ItemsBody { events })))
}

/// Counts the events that can be, and says of each what became of it.
async fn post_checked(
    leaderboard: &Leaderboard,
    checked: Vec<Result<ScoreEvent, Problem>>,
) -> Result<Vec<ItemBody>, Problem> {
    let events: Vec<ScoreEvent> = checked.iter().flatten().cloned().collect();
    let outcomes = if events.is_empty() { Vec::new() } else { leaderboard.post(events).await? };
    let mut outcomes = outcomes.into_iter();
    let item = |checked: Result<ScoreEvent, Problem>| {
        let outcome = checked.and_then(|_| match outcomes.next() {
            Some(outcome) => outcome.map_err(Problem::from),
            None => Err(Refusal::Events.into()),
        });
        match outcome {
            Ok(posted) => ItemBody::Counted(counted(posted)),
            Err(problem) => ItemBody::Refused { problem: refused(&problem) },
        }
    };
    Ok(checked.into_iter().map(item).collect())
}

fn cost(events: &[EventBody]) -> u64 {
    events.iter().map(|event| EVENT + CHANGE * event.changes_count() as u64).sum()
}

fn counted(posted: Vec<Posted>) -> CountedBody {
    let result = |it: Posted| ResultBody {
        board: it.board.to_string(),
        season: it.applied.standings.season,
        user: it.applied.user.to_string(),
        score: it.applied.entry.score,
        rank: it.standing.map(|standing| standing.rank),
        effect: it.applied.effect.as_str(),
        position: it.applied.position.0,
    };
    CountedBody { results: posted.into_iter().map(result).collect() }
}

fn refused(problem: &Problem) -> RefusedBody {
    let detail = problem.detail().to_owned();
    RefusedBody { code: problem.code(), status: problem.status().as_u16(), detail }
}

fn answer(body: PostedBody) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
