use api::Problem;
use model::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Leaderboard, Standing};

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
