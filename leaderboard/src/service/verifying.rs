use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use model::{ErrorChain, UserId};

use super::Leaderboard;
use crate::limits::{SUSPECTS_MAX, USERS_MAX};
use crate::{Board, BoardPosition, Entries, Error, PageStart, Refusal, Standee};

/// How often a board is gone through for players who differ: who changes meanwhile differs for a moment.
const PASSES: usize = 3;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Players compared so far, in all seasons.
    pub players: u64,
    /// Those of them whom the index had otherwise at that moment.
    pub suspects: u64,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The position of the board's log when it began.
    pub as_of: BoardPosition,
    /// Players compared, in all seasons.
    pub players: u64,
    /// Whom the index has otherwise than the log: where they stand, or that they do.
    pub differing: Vec<UserId>,
    /// Those who changed each time that they were compared, or were too many to be looked at again: nothing is known of
    /// them.
    pub unsettled: u64,
    /// How many more stand in the index than in the log, over all seasons; fewer if negative. `None` if scores came
    /// meanwhile, so that it can't be said.
    pub surplus: Option<i64>,
}

impl Verified {
    /// Whether the index has what the log says, as far as could be seen.
    pub fn is_right(&self) -> bool {
        self.differing.is_empty() && self.surplus.unwrap_or(0) == 0
    }
}

/// How far the index of a board has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexState {
    /// The position of the board's log.
    pub log: BoardPosition,
    /// The position that answers are of, the lowest if servers have come to different ones; `None` while there are none.
    pub index: Option<BoardPosition>,
    /// Why there are none, or may be none soon.
    pub fault: Option<String>,
}

/// Players who differ, each in a season, with what the log said.
type Suspects = HashMap<(u32, UserId), Standee>;

/// One way through all entries of a board.
#[derive(Default)]
struct Pass {
    as_of: BoardPosition,
    players: u64,
    suspects: Suspects,
    lost: u64,
    /// Who stands in each season by the log.
    shown: HashMap<u32, u64>,
}

impl Leaderboard {
    /// How far the index of a board has come.
    pub async fn index_state(&self, board: &Board) -> Result<IndexState, Error> {
        let log = self.shared.log.heads().await?;
        let log = log.into_iter().find(|(number, _)| *number == board.number);
        let (_, log) = log.ok_or(Refusal::NoSuchBoard)?;
        let (index, fault) = match self.shared.index.page(board, PageStart::Place(0), 1).await {
            Ok(page) => (Some(page.as_of.lowest), None),
            Err(error) => (None, Some(ErrorChain(&error).to_string())),
        };
        Ok(IndexState { log, index, fault: self.shared.index.fault().or(fault) })
    }

    /// Has the index of a board built anew from its log, while the old one goes on answering; completes once that is done.
    pub async fn rebuild(&self, board: &Board) -> Result<(), Error> {
        self.shared.index.rebuild(board).await
    }

    /// Compares what the index has of a board, in all of its seasons, with what the log says, while both go on. `progress`
    /// is told now and then how far it has come.
    pub async fn verify(
        &self,
        board: &Board,
        mut progress: impl FnMut(Checked) + Send,
    ) -> Result<Verified, Error> {
        let first = self.pass(board, None, &mut progress).await?;
        let (as_of, players, lost) = (first.as_of, first.players, first.lost);
        let surplus = self.surplus(board, &first).await?;
        let (mut suspects, mut differing) = (first.suspects, Vec::new());
        for _ in 1..PASSES {
            if suspects.is_empty() {
                break;
            }
            let again = self.pass(board, Some(&suspects), &mut progress).await?;
            let differ =
                |key: &(u32, UserId), standee: &Standee| suspects.get(key) == Some(standee);
            let (same, other): (Suspects, Suspects) =
                again.suspects.into_iter().partition(|(key, standee)| differ(key, standee));
            differing.extend(same.into_keys().map(|(_, user)| user));
            suspects = other;
        }
        differing.sort_unstable();
        differing.dedup();
        let unsettled = suspects.len() as u64 + lost;
        Ok(Verified { as_of, players, differing, unsettled, surplus })
    }

    /// Compares everybody, or those only who differed before.
    async fn pass(
        &self,
        board: &Board,
        only: Option<&Suspects>,
        progress: &mut (impl FnMut(Checked) + Send),
    ) -> Result<Pass, Error> {
        let entries = self.shared.log.entries(board.number).await?;
        let Entries { as_of, mut standees } = entries.ok_or(Refusal::NoSuchBoard)?;
        // What came before this has to be in the index; what comes later may be there already.
        self.shared.index.reach(board.number, as_of).await?;
        let mut pass = Pass { as_of, ..Pass::default() };
        while let Some(piece) = standees.try_next().await? {
            let mut by_season: HashMap<u32, Vec<Standee>> = HashMap::new();
            for standee in piece {
                let season = standee.standings.season;
                if only.is_none_or(|only| only.contains_key(&(season, standee.user.clone()))) {
                    by_season.entry(season).or_default().push(standee);
                }
            }
            for (season, standees) in by_season {
                if let Some(board) = board.in_season(season) {
                    self.compare(&board, standees, &mut pass).await?;
                }
            }
            let suspects = pass.suspects.len() as u64 + pass.lost;
            progress(Checked { players: pass.players, suspects });
        }
        Ok(pass)
    }

    async fn compare(
        &self,
        board: &Board,
        standees: Vec<Standee>,
        pass: &mut Pass,
    ) -> Result<(), Error> {
        let season = board.season.number;
        for some in standees.chunks(USERS_MAX) {
            let users: Vec<UserId> = some.iter().map(|it| it.user.clone()).collect();
            let found = self.shared.index.players(board, &users).await?;
            for (standee, standing) in some.iter().zip(found.standings) {
                let entry = standee.entry.filter(|_| standee.is_shown);
                pass.players += 1;
                *pass.shown.entry(season).or_default() += u64::from(entry.is_some());
                if entry == standing.map(|it| it.entry) {
                    continue;
                }
                if pass.suspects.len() < SUSPECTS_MAX {
                    pass.suspects.insert((season, standee.user.clone()), standee.clone());
                } else {
                    pass.lost += 1;
                }
            }
        }
        Ok(())
    }

    /// How many more stand in the index than were counted in the log, if nothing has come since.
    async fn surplus(&self, board: &Board, pass: &Pass) -> Result<Option<i64>, Error> {
        let mut surplus = 0;
        for season in board.seasons() {
            let Some(board) = board.in_season(season.number) else { continue };
            let view = self.shared.index.page(&board, PageStart::Place(0), 1).await?;
            if view.as_of != pass.as_of.into() {
                return Ok(None);
            }
            let counted = pass.shown.get(&season.number).copied().unwrap_or_default();
            surplus += view.count as i64 - counted as i64;
        }
        Ok(Some(surplus))
    }
}
