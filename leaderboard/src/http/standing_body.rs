use api::Problem;
use model::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AsOf, Board, Leaderboard, Standing};

/// A player on a board.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct StandingBody {
    /// Who.
    #[schema(example = "alice")]
    user: String,
    /// The name to show; null if there is none, they aren't on the board, or names are away.
    display_name: Option<String>,
    /// Their rank, from 1, as the board counts; null if they aren't on the board: absent, unknown or banned.
    rank: Option<u64>,
    /// Their score; null if they aren't on the board.
    score: Option<i64>,
}

impl StandingBody {
    /// Of somebody who isn't on the board.
    pub(super) fn absent(user: &UserId) -> Self {
        Self { user: user.to_string(), display_name: None, rank: None, score: None }
    }
}

/// Players as they are shown, in their order: with their names.
pub(super) async fn shown(
    leaderboard: &Leaderboard,
    standings: &[Standing],
) -> Result<Vec<StandingBody>, Problem> {
    let users: Vec<UserId> = standings.iter().map(|it| it.user.clone()).collect();
    let names = leaderboard.names(&users).await?;
    let body = |(it, display_name): (&Standing, Option<String>)| StandingBody {
        user: it.user.to_string(),
        display_name,
        rank: Some(it.rank),
        score: Some(it.entry.score),
    };
    Ok(standings.iter().zip(names).map(body).collect())
}

/// The state of the board that an answer is of.
#[derive(Serialize, ToSchema)]
pub(super) struct AsOfBody {
    /// The state of the board that this is; opaque.
    #[schema(example = "b7.123")]
    as_of: String,
    /// Only where a board lies over several servers and scores come meanwhile: each server's part is exact at a state from
    /// `as_of` to this one; opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "b7.125")]
    as_of_highest: Option<String>,
}

impl AsOfBody {
    /// Of an answer about this board.
    pub(super) fn new(board: &Board, as_of: AsOf) -> Self {
        Self {
            as_of: board.as_of(as_of.lowest),
            as_of_highest: as_of.other_highest().map(|highest| board.as_of(highest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{BoardId, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::{
        BoardNumber, BoardPosition, Operator, Ranking, Readers, Rules, ScoreRange, Season, Wins,
    };

    #[test]
    fn a_highest_state_is_told_only_if_there_are_several() {
        let rules = Rules {
            wins: Wins::High,
            operator: Operator::Sum,
            ranking: Ranking::Standard,
            readers: Readers::Anyone,
            range: ScoreRange::default(),
            season: None,
        };
        let board = Board {
            id: BoardId::parse("weekly").expect("a board id"),
            number: BoardNumber(7),
            rules,
            created: Timestamp(0),
            season: Season::first(Timestamp(0), None),
            past: Arc::default(),
        };
        let told = |as_of| serde_json::to_value(AsOfBody::new(&board, as_of)).expect("JSON");
        let (low, high) = (AsOf::from(BoardPosition(3)), AsOf::from(BoardPosition(5)));
        assert_eq!(told(low), json!({ "as_of": "b7.3" }));
        for both in [low.and(high), high.and(low)] {
            assert_eq!(told(both), json!({ "as_of": "b7.3", "as_of_highest": "b7.5" }));
        }
    }
}
