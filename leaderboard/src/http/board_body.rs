use std::sync::Arc;

use api::Problem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request::invalid;
use super::seasons::body::{SeasonBody, SeasonRulesBody};
use crate::{Board, Operator, Ranking, Readers, Rules, ScoreRange, Wins};

/// What a board is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutBoard {
    /// Which scores are better: `high` or `low`. Can't change.
    #[schema(example = "high")]
    wins: String,
    /// What becomes of what is posted. `sum`: it is added; `best`: it counts if it is better; `latest`: it replaces what was.
    /// Can't change.
    #[schema(example = "sum")]
    operator: String,
    /// Which ranks those have who share a score: `standard` (1, 2, 2, 4; as if absent), `dense` (1, 2, 2, 3) or `ordinal`
    /// (1, 2, 3, 4). Among them whoever reached it first stands first.
    #[serde(default)]
    #[schema(example = "standard")]
    ranks: Option<String>,
    /// Who may read it: `anyone` with a token (as if absent), or `services` and operators only.
    #[serde(default)]
    #[schema(example = "anyone")]
    readers: Option<String>,
    /// The lowest score; absent or null: -2^63. A change of a score to below is refused.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    score_min: Option<Box<RawValue>>,
    /// The highest score; absent or null: 2^63 - 1. A change of a score to above is refused.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    score_max: Option<Box<RawValue>>,
    /// How it is played in seasons; absent or null: in one that goes on for ever.
    #[serde(default)]
    season: Option<SeasonRulesBody>,
    /// As it was read, if at all; it changes by itself.
    #[serde(default, rename = "current_season")]
    #[schema(value_type = Option<SeasonBody>)]
    _current_season: Option<Map<String, Value>>,
    /// As it was read, if at all.
    #[serde(default)]
    id: Option<String>,
    /// As it was read, if at all.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    created_ms: Option<f64>,
}

/// A board.
#[derive(Serialize, ToSchema)]
pub(super) struct BoardBody {
    /// Its name.
    #[schema(example = "weekly")]
    id: String,
    /// Which scores are better.
    #[schema(example = "high")]
    wins: &'static str,
    /// What becomes of what is posted.
    #[schema(example = "sum")]
    operator: &'static str,
    /// Which ranks those have who share a score.
    #[schema(example = "standard")]
    ranks: &'static str,
    /// Who may read it.
    #[schema(example = "anyone")]
    readers: &'static str,
    /// The lowest score; null: -2^63.
    score_min: Option<i64>,
    /// The highest score; null: 2^63 - 1.
    score_max: Option<i64>,
    /// How it is played in seasons; null: in one that goes on for ever.
    season: Option<SeasonRulesBody>,
    /// The season that it is in.
    current_season: SeasonBody,
    /// Made at, Unix milliseconds.
    created_ms: i64,
}

impl From<&Board> for BoardBody {
    fn from(board: &Board) -> Self {
        let Rules { wins, operator, ranking, readers, range, ref season } = board.rules;
        let all = ScoreRange::default();
        Self {
            id: board.id.to_string(),
            wins: wins.as_str(),
            operator: operator.as_str(),
            ranks: ranking.as_str(),
            readers: readers.as_str(),
            score_min: (range.min != all.min).then_some(range.min),
            score_max: (range.max != all.max).then_some(range.max),
            season: season.as_deref().map(SeasonRulesBody::from),
            current_season: SeasonBody::from(&board.season),
            created_ms: board.created.0,
        }
    }
}

impl PutBoard {
    /// The rules, if every value can be.
    pub(super) fn rules(&self) -> Result<Rules, Problem> {
        let all = ScoreRange::default();
        Ok(Rules {
            wins: word("wins", &self.wins, Wins::ALL, Wins::as_str)?,
            operator: word("operator", &self.operator, Operator::ALL, Operator::as_str)?,
            ranking: match &self.ranks {
                Some(ranks) => word("ranks", ranks, Ranking::ALL, Ranking::as_str)?,
                None => Ranking::Standard,
            },
            readers: match &self.readers {
                Some(readers) => word("readers", readers, Readers::ALL, Readers::as_str)?,
                None => Readers::Anyone,
            },
            range: ScoreRange {
                min: number("score_min", self.score_min.as_deref(), all.min)?,
                max: number("score_max", self.score_max.as_deref(), all.max)?,
            },
            season: self.season.as_ref().map(|it| it.rules().map(Arc::new)).transpose()?,
        })
    }

    /// Whether it says what can't be changed; then it must be so.
    pub(super) fn has_fixed(&self) -> bool {
        self.id.is_some() || self.created_ms.is_some()
    }

    /// Refuses to change what can't be: the name, and when the board was made.
    pub(super) fn check_fixed(&self, id: &str, known: Option<&Board>) -> Result<(), Problem> {
        let fixed = |field| Err(invalid("read_only_field", format!("{field} can't be chosen")));
        if self.id.as_deref().is_some_and(|said| said != id) {
            return fixed("id");
        }
        let created_ms = known.map(|board| board.created.0 as f64);
        if self.created_ms.is_some() && self.created_ms != created_ms {
            return fixed("created_ms");
        }
        Ok(())
    }
}

fn word<T: Copy>(
    field: &str,
    text: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<T, Problem> {
    let found = all.iter().copied().find(|it| as_str(*it) == text);
    found.ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|it| as_str(*it)).collect();
        invalid("invalid_board", format!("{field} must be one of {}", words.join(", ")))
    })
}

fn number(field: &str, json: Option<&RawValue>, absent: i64) -> Result<i64, Problem> {
    let read = json.map_or(Ok(absent), |json| model::whole_number(json.get()));
    read.map_err(|fault| invalid("invalid_board", format!("{field} {fault}")))
}
