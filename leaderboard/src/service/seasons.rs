use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use model::{ErrorChain, UserId};
use tokio::time::{MissedTickBehavior, interval};

use super::{Leaderboard, Shared, unexpected};
use crate::limits::STANDINGS_MAX;
use crate::{
    Board, Effect, Error, Mutation, Outcome, PageStart, Refusal, Reward, Season, SeasonState,
    Standing, View,
};

/// How often boards are looked at whose seasons may have come to an end.
const LOOK: Duration = Duration::from_secs(1);
/// Boards whose seasons are ended at once.
const BOARDS_AT_ONCE: usize = 256;

/// A season, and how many play it or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The season.
    pub season: Season,
    /// How many are on its standings; `None` while ranks are away.
    pub count: Option<u64>,
}

/// Somebody who gets something of a season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// Who, and where they stand for good.
    pub standing: Standing,
    /// What they get.
    pub rewards: Vec<Reward>,
}

/// Some of those who get something of a season, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winners {
    /// How many are on its standings.
    pub count: u64,
    /// Up to as many as were asked for.
    pub winners: Vec<Winner>,
    /// The last who was looked at, if there may be more behind them.
    pub next: Option<Standing>,
}

impl Leaderboard {
    /// The seasons of a board that are kept, oldest first.
    pub async fn seasons(&self, board: &Board) -> Vec<Played> {
        let mut all = Vec::new();
        for season in board.seasons() {
            let view = board.in_season(season.number);
            let view = view.as_ref().unwrap_or(board);
            let page = self.shared.index.page(view, PageStart::Place(0), 1).await;
            all.push(Played { season: season.clone(), count: page.ok().map(|page| page.count) });
        }
        all
    }

    /// Up to `limit` players of a sealed season who get something, 1 to [`STANDINGS_MAX`], from `start` on: the same whenever it
    /// is asked, whoever is banned since.
    pub async fn winners(
        &self,
        board: &Board,
        start: PageStart,
        limit: usize,
    ) -> Result<Winners, Error> {
        if !(1..=STANDINGS_MAX).contains(&limit) {
            return Err(Refusal::Limit.into());
        }
        let ended = board.season.ended.as_ref().filter(|ended| ended.is_sealed);
        let rewards = &ended.ok_or(Refusal::SeasonNotSealed)?.rewards;
        let page = self.shared.index.page(board, start, limit).await?;
        let count = page.count;
        let is_full = page.standings.len() == limit;
        let last = page.standings.last().cloned().filter(|last| {
            is_full && !rewards.iter().all(|it| it.to.ends_before(last.rank, last.better, count))
        });
        let winners = page.standings.into_iter().filter_map(|standing| {
            let (rank, better) = (standing.rank, standing.better);
            let own = rewards.iter().filter(|it| it.to.has(rank, better, count));
            let rewards: Vec<Reward> = own.cloned().collect();
            (!rewards.is_empty()).then_some(Winner { standing, rewards })
        });
        Ok(Winners { count, winners: winners.collect(), next: last })
    }

    /// Makes somebody unknown on all boards, in all of their seasons; says on how many boards they were known. It may be
    /// repeated.
    pub async fn erase(&self, user: &UserId) -> Result<usize, Error> {
        let random = &self.shared.random;
        let name = format!("erased-{:016x}{:016x}", random.next_u64(), random.next_u64());
        let pseudonym = UserId::parse(&name).map_err(|_| unexpected())?;
        match self.write(Mutation::Erase { user: user.clone(), pseudonym }).await? {
            Outcome::Erased(boards) => Ok(boards.len()),
            _ => Err(unexpected()),
        }
    }

    /// Ends the seasons that have come to their ends by now, of boards that nobody writes to; says of how many.
    pub async fn end_seasons(&self) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            let now = self.shared.clock.now().wall;
            let due = self.shared.log.due(now, BOARDS_AT_ONCE).await?;
            let is_last = due.len() < BOARDS_AT_ONCE;
            let mutations: Vec<_> =
                due.into_iter().map(|board| Mutation::EndSeasons { board }).collect();
            if !mutations.is_empty() {
                let outcomes = self.submit(mutations).await?;
                let changed = outcomes
                    .iter()
                    .filter(|outcome| matches!(outcome, Ok(Outcome::Seasons(Effect::Changed, ..))));
                count += changed.count();
            }
            if is_last {
                return Ok(count);
            }
        }
    }

    /// Without those who are banned now, if the season is sealed: everybody else keeps their rank. In others they don't stand
    /// anyway.
    pub(super) async fn without_banned(
        &self,
        board: &Board,
        standings: Vec<Standing>,
    ) -> Result<Vec<Standing>, Error> {
        if board.season.state() != SeasonState::Sealed || standings.is_empty() {
            return Ok(standings);
        }
        let users: Vec<UserId> = standings.iter().map(|it| it.user.clone()).collect();
        let banned = self.shared.log.banned(board.number, &users).await?;
        let banned: HashSet<UserId> = banned.into_iter().collect();
        Ok(standings.into_iter().filter(|it| !banned.contains(&it.user)).collect())
    }

    /// As [`without_banned`](Self::without_banned), of what a player is shown.
    pub(super) async fn view_without_banned(
        &self,
        board: &Board,
        mut view: View,
    ) -> Result<View, Error> {
        view.top = self.without_banned(board, view.top).await?;
        let Some(mut neighbours) = view.neighbours.take() else { return Ok(view) };
        let own = neighbours.standings.get(neighbours.own).map(|own| own.user.clone());
        neighbours.standings = self.without_banned(board, neighbours.standings).await?;
        let mut places = neighbours.standings.iter();
        if let Some(own) = places.position(|it| Some(&it.user) == own.as_ref()) {
            neighbours.own = own;
            view.neighbours = Some(neighbours);
        }
        Ok(view)
    }
}

/// Ends seasons as long as there are leaderboards. While the log is away they end later.
pub(super) async fn run(shared: Weak<Shared>) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(shared) = Weak::upgrade(&shared) else { return };
        match (Leaderboard { shared: Arc::clone(&shared) }).end_seasons().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "seasons of leaderboards have ended"),
            Err(error) => {
                tracing::warn!(error = %ErrorChain(&error), "seasons can't be ended now; it is tried again");
            }
        }
    }
}
