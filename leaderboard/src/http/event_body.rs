use api::Problem;
use model::{Timestamp, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::request::{board_id, invalid, user_id};
use crate::{Amount, EventKey, ScoreChange, ScoreEvent};

/// What is meant by milliseconds: up to the year 9999.
const HAPPENED_MS_MAX: f64 = 253_402_300_799_999.0;

/// A change of one player's score on one board.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    /// The player.
    #[schema(example = "alice")]
    user: String,
    /// What is added, on a board that sums: a whole number of 64 bits.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 25)]
    delta: Option<Box<RawValue>>,
    /// A score, on a board that keeps the best or the latest: a whole number of 64 bits.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    score: Option<Box<RawValue>>,
}

/// Events, each by itself: some may be refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used; `EventBody` reads it")]
pub(super) struct BatchBody {
    /// 1 to 256. What they have in all must fit into 64 KiB.
    #[schema(min_items = 1, max_items = 256)]
    events: Vec<EventBody>,
}

/// One event, or some.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used; `EventBody` reads both")]
pub(super) enum PostBody {
    /// One.
    Event(EventBody),
    /// Some.
    Batch(BatchBody),
}

/// An event: one change, or several in `changes` of which all happen or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBody {
    /// The producer's own name for the event, by which it counts once: 1 to 255 printable ASCII characters.
    #[schema(example = "match-9001")]
    #[serde(default)]
    key: Option<String>,
    /// When it happened, Unix milliseconds; absent: now. It counts in the season in which it happened, as long as the grace of
    /// that lasts. One from longer ago than keys are remembered (out of the box a day) is refused.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    happened_ms: Option<f64>,
    /// The board.
    #[serde(default)]
    #[schema(example = "weekly")]
    board: Option<String>,
    /// The player.
    #[serde(default)]
    #[schema(example = "alice")]
    user: Option<String>,
    /// What is added, on a board that sums: a whole number of 64 bits.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 25)]
    delta: Option<Box<RawValue>>,
    /// A score, on a board that keeps the best or the latest: a whole number of 64 bits.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    score: Option<Box<RawValue>>,
    /// Instead of one change 1 to 16, of which all happen or none.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 16)]
    changes: Option<Vec<ChangeBody>>,
    /// What makes a batch of it, described as `BatchBody`.
    #[serde(default)]
    #[schema(ignore)]
    events: Option<Vec<EventBody>>,
}

impl EventBody {
    /// How many changes it has.
    pub(super) fn changes_count(&self) -> usize {
        self.changes.as_ref().map_or(1, Vec::len)
    }

    /// The events, if it is a batch.
    pub(super) fn take_events(&mut self) -> Result<Option<Vec<Self>>, Problem> {
        let Some(events) = self.events.take() else { return Ok(None) };
        let is_event = self.key.is_some() || self.happened_ms.is_some() || self.changes.is_some();
        if is_event || self.has_change() {
            let detail = "beside events nothing else may stand: all of it is said in each of them";
            return Err(invalid("invalid_event", detail));
        }
        Ok(Some(events))
    }

    fn has_change(&self) -> bool {
        let Self { board, user, delta, score, .. } = self;
        board.is_some() || user.is_some() || delta.is_some() || score.is_some()
    }

    /// The event, if every value can be. `header` is the key that came beside it.
    pub(super) fn check(
        self,
        producer: UserId,
        header: Option<&str>,
    ) -> Result<ScoreEvent, Problem> {
        if self.events.is_some() {
            return Err(invalid("invalid_event", "an event can't have events"));
        }
        let key = key(self.key.as_deref(), header)?;
        let happened = self.happened_ms.map(happened).transpose()?;
        let changes = if self.changes.is_some() && self.has_change() {
            let detail = "an event has changes, or board, user and delta or score, but not both";
            return Err(invalid("invalid_event", detail));
        } else if let Some(changes) = self.changes {
            let each = |(n, it): (usize, ChangeBody)| it.check(&format!("changes[{n}]."));
            changes.into_iter().enumerate().map(each).collect::<Result<_, _>>()?
        } else {
            let missing = |field| invalid("invalid_event", format!("missing field `{field}`"));
            let board = self.board.ok_or_else(|| missing("board"))?;
            let user = self.user.ok_or_else(|| missing("user"))?;
            let (delta, score) = (self.delta, self.score);
            let change = ChangeBody { board, user, delta, score };
            vec![change.check("")?]
        };
        Ok(ScoreEvent { producer, key, happened, changes })
    }
}

impl ChangeBody {
    /// The change; `place` is said before what is wrong.
    fn check(&self, place: &str) -> Result<ScoreChange, Problem> {
        let at = |problem: Problem| invalid(problem.code(), format!("{place}{}", problem.detail()));
        let board = board_id(&self.board).map_err(at)?;
        let user = user_id(&self.user).map_err(at)?;
        let number = |field: &str, json: &RawValue| {
            let read = model::whole_number(json.get());
            read.map_err(|fault| invalid("invalid_number", format!("{place}{field} {fault}")))
        };
        let amount = match (&self.delta, &self.score) {
            (Some(delta), None) => Amount::Delta(number("delta", delta)?),
            (None, Some(score)) => Amount::Score(number("score", score)?),
            _ => {
                let detail = format!("{place}one of delta and score is needed, and not both");
                return Err(invalid("invalid_event", detail));
            }
        };
        Ok(ScoreChange { board, user, amount })
    }
}

fn key(field: Option<&str>, header: Option<&str>) -> Result<EventKey, Problem> {
    let wrong = |detail: String| invalid("invalid_idempotency_key", detail);
    let (name, text) = match (field, header) {
        (Some(field), Some(header)) if field != header => {
            return Err(wrong("key and Idempotency-Key are different".to_owned()));
        }
        (Some(field), _) => ("key", field),
        (None, Some(header)) => ("Idempotency-Key", header),
        (None, None) => {
            let detail = "an event needs a key: the field key, or the header Idempotency-Key";
            return Err(wrong(detail.to_owned()));
        }
    };
    EventKey::parse(text).map_err(|fault| wrong(format!("{name} {fault}")))
}

fn happened(ms: f64) -> Result<Timestamp, Problem> {
    if !(0.0..=HAPPENED_MS_MAX).contains(&ms) {
        let detail = "happened_ms must be Unix milliseconds";
        return Err(invalid("invalid_happened_ms", detail));
    }
    Ok(Timestamp(ms as i64))
}
