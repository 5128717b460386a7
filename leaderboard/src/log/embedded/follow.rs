//! What whoever follows the log is given.

use std::vec;

use futures_util::stream::{self, StreamExt};
use parking_lot::{Mutex, RwLock};

use crate::core::board::StandingsId;
use crate::core::limits::STANDEES_MAX;
use crate::core::memory::Memory;
use crate::core::recent_changes::RecentChanges;
use crate::{BoardNumber, BoardPosition, Changes, Entries, Standee};

/// See [`Log::changes`](crate::Log::changes).
pub(super) fn changes(
    memory: &RwLock<Memory>,
    recent: &Mutex<RecentChanges>,
    board: BoardNumber,
    after: BoardPosition,
    limit: usize,
) -> Option<Changes> {
    let memory = memory.read();
    let head = memory.has(board).then(|| memory.head(board))?;
    let mut recent = recent.lock();
    recent.follow();
    if head == after {
        return Some(Changes { up_to: after, standees: Vec::new() });
    }
    recent.behind(board, after, limit)
}

/// See [`Log::entries`](crate::Log::entries). Memory isn't locked between two pieces.
pub(super) fn entries(memory: &RwLock<Memory>, board: BoardNumber) -> Option<Entries<'_>> {
    let (as_of, seasons) = {
        let memory = memory.read();
        (memory.has(board).then(|| memory.head(board))?, memory.seasons(board))
    };
    let next = move |mut place: Place| async move {
        loop {
            let id = StandingsId { board, season: place.season? };
            let (piece, behind) = piece(&memory.read(), id, place.from);
            if !piece.is_empty() {
                return Some((Ok(piece), Place { from: behind, ..place }));
            }
            (place.season, place.from) = (place.rest.next(), 0);
        }
    };
    let mut rest = seasons.into_iter();
    let season = rest.next();
    let standees = stream::unfold(Place { season, from: 0, rest }, next).boxed();
    Some(Entries { as_of, standees })
}

/// How far a board has been gone through.
struct Place {
    season: Option<u32>,
    from: u32,
    rest: vec::IntoIter<u32>,
}

fn piece(memory: &Memory, id: StandingsId, from: u32) -> (Vec<Standee>, u32) {
    let Some(standings) = memory.standings(id) else { return (Vec::new(), from) };
    let (members, behind) = standings.members(from, STANDEES_MAX);
    let standees = members.into_iter().map(|(user, entry, is_shown)| Standee {
        standings: id,
        user,
        entry: Some(entry),
        is_shown,
    });
    (standees.collect(), behind)
}
