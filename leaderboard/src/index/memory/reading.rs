//! What standings in memory answer, as of a position.

use model::UserId;

use crate::core::standings::Standings;
use crate::{BoardPosition, Neighbours, Page, PageStart, Players, View};

/// See [`Index::page`](crate::Index::page); nobody is on standings that aren't there.
pub(super) fn page(
    as_of: BoardPosition,
    standings: Option<&Standings>,
    start: PageStart,
    limit: usize,
) -> Page {
    let from = |standings: &Standings| match start {
        PageStart::Place(place) => place,
        PageStart::After(entry) => standings.index_after(entry),
    };
    Page {
        as_of: as_of.into(),
        count: standings.map_or(0, Standings::count),
        standings: standings.map(|it| it.page(from(it), limit)).unwrap_or_default(),
    }
}

/// See [`Index::players`](crate::Index::players).
pub(super) fn players(
    as_of: BoardPosition,
    standings: Option<&Standings>,
    users: &[UserId],
) -> Players {
    let standing = |user| standings.and_then(|it| it.standing(user));
    Players {
        as_of: as_of.into(),
        count: standings.map_or(0, Standings::count),
        standings: users.iter().map(standing).collect(),
    }
}

/// See [`Index::view`](crate::Index::view).
pub(super) fn view(
    as_of: BoardPosition,
    standings: Option<&Standings>,
    top: usize,
    user: &UserId,
    each: usize,
) -> View {
    let neighbours = |standings: &Standings| {
        let (first, own, standings) = standings.around(user, each)?;
        Some(Neighbours { first, own, standings })
    };
    View {
        as_of: as_of.into(),
        count: standings.map_or(0, Standings::count),
        top: standings.map(|it| it.page(0, top)).unwrap_or_default(),
        neighbours: standings.and_then(neighbours),
    }
}
