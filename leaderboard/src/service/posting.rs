use std::collections::BTreeMap;

use model::{BoardId, UserId};

use super::{Leaderboard, unexpected};
use crate::limits::{EVENTS_MAX, USERS_MAX};
use crate::{Error, Mutation, Outcome, Posted, Refusal, ScoreEvent};

impl Leaderboard {
    /// Counts events, up to [`EVENTS_MAX`], each by itself; answers each in their order. They count once, however often they
    /// are sent.
    pub async fn post(
        &self,
        events: Vec<ScoreEvent>,
    ) -> Result<Vec<Result<Vec<Posted>, Refusal>>, Error> {
        if !(1..=EVENTS_MAX).contains(&events.len()) {
            return Err(Refusal::Events.into());
        }
        let boards: Vec<Vec<BoardId>> = events
            .iter()
            .map(|event| event.changes.iter().map(|change| change.board.clone()).collect())
            .collect();
        let outcomes = self.submit(events.into_iter().map(Mutation::Post).collect()).await?;
        let mut all = Vec::with_capacity(outcomes.len());
        for (outcome, boards) in outcomes.into_iter().zip(boards) {
            all.push(match outcome {
                Ok(Outcome::Posted(applied)) => {
                    let each = applied.into_iter().zip(boards);
                    Ok(each
                        .map(|(applied, board)| Posted { board, applied, standing: None })
                        .collect())
                }
                Ok(_) => return Err(unexpected()),
                Err(refusal) => Err(refusal),
            });
        }
        self.rank(&mut all).await;
        Ok(all)
    }

    /// Says where the players stand whose events were counted, asked for a season at a time. That it isn't known is no failure
    /// of an event.
    async fn rank(&self, all: &mut [Result<Vec<Posted>, Refusal>]) {
        let mut by_season: BTreeMap<(BoardId, u32), Vec<&mut Posted>> = BTreeMap::new();
        for posted in all.iter_mut().flatten().flatten() {
            let season = posted.applied.standings.season;
            by_season.entry((posted.board.clone(), season)).or_default().push(posted);
        }
        for ((id, season), mut posted) in by_season {
            let Ok(Some(board)) = self.shared.log.board(&id).await else { continue };
            let Some(board) = board.in_season(season) else { continue };
            // An event of before may have been on a board of this name that is gone.
            posted.retain(|it| it.applied.standings == board.current());
            for some in posted.chunks_mut(USERS_MAX) {
                let users: Vec<UserId> = some.iter().map(|it| it.applied.user.clone()).collect();
                let Ok(found) = self.players(&board, &users).await else { break };
                for (it, standing) in some.iter_mut().zip(found.standings) {
                    it.standing = standing;
                }
            }
        }
    }
}
