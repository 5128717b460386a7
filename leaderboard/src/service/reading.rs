use model::{ErrorKind, UserId};
use tokio::sync::watch;

use super::{Leaderboard, Listed};
use crate::limits::{AROUND_MAX, STANDINGS_MAX, USERS_MAX};
use crate::{
    Board, BoardPosition, Entry, Error, Page, PageStart, Players, Refusal, Standing, View,
};

impl Leaderboard {
    /// What keeps the index from answering now, for operators: scores are taken meanwhile.
    pub fn index_fault(&self) -> Option<String> {
        self.shared.index.fault()
    }

    /// Up to `limit` players of a board, 1 to [`STANDINGS_MAX`], from `start` on.
    pub async fn page(
        &self,
        board: &Board,
        start: PageStart,
        limit: usize,
    ) -> Result<Listed, Error> {
        check_limit(limit)?;
        // One more than asked for tells whether there is more.
        let mut page = self.shared.index.page(board, start, limit + 1).await?;
        let more = page.standings.len() > limit;
        page.standings.truncate(limit);
        let last = page.standings.last().cloned();
        page.standings = self.without_banned(board, page.standings).await?;
        Ok(Listed { page, last: last.filter(|_| more) })
    }

    /// These players of a board, 1 to [`USERS_MAX`].
    pub async fn players(&self, board: &Board, users: &[UserId]) -> Result<Players, Error> {
        if !(1..=USERS_MAX).contains(&users.len()) {
            return Err(Refusal::Users.into());
        }
        let mut players = self.shared.index.players(board, users).await?;
        let present = players.standings.iter().flatten().cloned().collect();
        let shown = self.without_banned(board, present).await?;
        for standing in &mut players.standings {
            let is_shown = |it: &Standing| shown.iter().any(|shown| shown.user == it.user);
            *standing = standing.take().filter(is_shown);
        }
        Ok(players)
    }

    /// The first `top` players of a board, at most [`STANDINGS_MAX`], and a player with up to `each` neighbours above and
    /// below, at most [`AROUND_MAX`], as of one state as the index says it.
    pub async fn view(
        &self,
        board: &Board,
        top: usize,
        user: &UserId,
        each: usize,
    ) -> Result<View, Error> {
        if top > STANDINGS_MAX {
            return Err(Refusal::Limit.into());
        }
        if each > AROUND_MAX {
            return Err(Refusal::Around.into());
        }
        let view = self.shared.index.view(board, top, user, each).await?;
        self.view_without_banned(board, view).await
    }

    /// Says each time that a board may look different, as of which position; whoever looks late sees the latest only.
    pub async fn watch(&self, board: &Board) -> Result<watch::Receiver<BoardPosition>, Error> {
        self.shared.index.watch(board.number).await
    }

    /// A user and all of their friends.
    pub async fn circle(&self, user: &UserId) -> Result<Vec<UserId>, Error> {
        let mut users = self.shared.people.friends(user).await?;
        users.push(user.clone());
        Ok(users)
    }

    /// Up to `limit` of these users who stand on a board, 1 to [`STANDINGS_MAX`], best first: from behind `after` on.
    pub async fn among(
        &self,
        board: &Board,
        users: &[UserId],
        after: Option<Entry>,
        limit: usize,
    ) -> Result<Listed, Error> {
        check_limit(limit)?;
        let Players { as_of, count, standings } = self.shared.index.players(board, users).await?;
        let wins = board.rules.wins;
        let standings = standings.into_iter().flatten().collect();
        let mut standings = self.without_banned(board, standings).await?;
        standings.retain(|it| after.is_none_or(|after| after.compare(it.entry, wins).is_lt()));
        standings.sort_by(|a, b| a.entry.compare(b.entry, wins));
        let more = standings.len() > limit;
        standings.truncate(limit);
        let last = standings.last().cloned().filter(|_| more);
        Ok(Listed { page: Page { as_of, count, standings }, last })
    }

    /// The names to show of these users, in this order. None of them while names are away: a board without them is worth more
    /// than none.
    pub async fn names(&self, users: &[UserId]) -> Result<Vec<Option<String>>, Error> {
        match self.shared.people.names(users).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(vec![None; users.len()]),
            names => names,
        }
    }
}

fn check_limit(limit: usize) -> Result<(), Refusal> {
    if (1..=STANDINGS_MAX).contains(&limit) { Ok(()) } else { Err(Refusal::Limit) }
}
