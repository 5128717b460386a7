//! Pages of one server, and of several put together.

use std::sync::Arc;

use futures_util::future::try_join_all;
use model::UserId;

use super::reading::{RawPage, Reading, Span, kept, rank, reached_bytes};
use super::shard::Shard;
use crate::{AsOf, Board, Entry, Error, Page, PageStart, Standing, StoreError};

/// A place that no board has: scripts' numbers are doubles.
const PLACE_MAX: u64 = 1 << 40;
/// Up to so many players from the top are read of every server to find a place; one further down is searched.
const FROM_TOP_MAX: u64 = 1_000;
/// A place is found by halving what is left of each server: more steps than any board needs.
const SEARCH_STEPS_MAX: usize = 256;

/// Players of several servers with their ranks.
pub(super) struct Ranked {
    /// Which states it is of, with those of which the players themselves are.
    pub(super) as_of: AsOf,
    /// The place of the first from the top, from 0.
    pub(super) first: u64,
    /// They, in their order.
    pub(super) standings: Vec<Standing>,
}

/// Up to `limit` players from there on.
pub(super) async fn page(
    shards: &[Arc<Shard>],
    board: &Board,
    start: PageStart,
    limit: usize,
) -> Result<Page, Error> {
    if let [shard] = shards {
        let Reading { as_of, count, what } = read(shard, board, start, limit).await?;
        let standings = Span::parse(board, what)?.ranked(board);
        return Ok(Page { as_of, count, standings });
    }
    let (start, searched) = match start {
        PageStart::Place(place @ 1..) if place.saturating_add(limit as u64) > FROM_TOP_MAX => {
            match search(shards, board, place - 1).await? {
                Reading { as_of, what: Some(before), .. } => {
                    (PageStart::After(before), Some(as_of))
                }
                Reading { as_of, count, what: None } => {
                    return Ok(Page { as_of, count, standings: Vec::new() });
                }
            }
        }
        start => (start, None),
    };
    let (start, skipped) = match start {
        PageStart::Place(place) => (PageStart::Place(0), place as usize),
        start @ PageStart::After(_) => (start, 0),
    };
    let Reading { as_of, count, what } = merge(shards, board, start, limit + skipped).await?;
    let mut players = what;
    players.drain(..skipped.min(players.len()));
    let as_of = searched.map_or(as_of, |searched| searched.and(as_of));
    let Ranked { as_of, standings, .. } = ranked(shards, board, as_of, players).await?;
    Ok(Page { as_of, count, standings })
}

/// Players as of there in their order with their ranks. The place of the first is counted on every server; the others follow.
pub(super) async fn ranked(
    shards: &[Arc<Shard>],
    board: &Board,
    as_of: AsOf,
    players: Vec<(UserId, Entry)>,
) -> Result<Ranked, Error> {
    let Some((_, first)) = players.first() else {
        return Ok(Ranked { as_of, first: 0, standings: Vec::new() });
    };
    let counts = before_on_all(shards, board, *first).await?;
    let sum = |of: fn(&(u64, u64)) -> u64| counts.what.iter().map(of).sum::<u64>();
    // A player isn't before themselves.
    let (better, first) = (sum(|it| it.0), sum(|it| it.1).saturating_sub(1));
    let standings = rank(board, players, first, better, 0);
    Ok(Ranked { as_of: as_of.and(counts.as_of), first, standings })
}

/// Of each of these entries how many of a server are better, and how many of it stand before it or have it.
pub(super) async fn before(
    shard: &Shard,
    board: &Board,
    entries: &[Entry],
) -> Result<Reading<Vec<(u64, u64)>>, Error> {
    let asked = entries.iter().flat_map(|entry| entry_arguments(board, *entry));
    let Reading { as_of, count, what } =
        shard.read::<Vec<u64>>(board, "before", asked.collect::<Vec<_>>()).await?;
    let counts = what.as_chunks::<2>().0.iter().map(|[better, before]| (*better, *before));
    Ok(Reading { as_of, count, what: counts.collect() })
}

/// The same of one entry on each server.
async fn before_on_all(
    shards: &[Arc<Shard>],
    board: &Board,
    entry: Entry,
) -> Result<Reading<Vec<(u64, u64)>>, Error> {
    let entry = [entry];
    let counts = shards.iter().map(|shard| before(shard, board, &entry));
    let Reading { as_of, count, what } = Reading::together(try_join_all(counts).await?);
    Ok(Reading { as_of, count, what: what.concat() })
}

/// An entry as scripts take it.
pub(super) fn entry_arguments(board: &Board, entry: Entry) -> [Vec<u8>; 2] {
    [kept(board, entry.score).to_string().into_bytes(), reached_bytes(entry)]
}

/// The players of several servers in one order.
pub(super) fn sort(board: &Board, players: &mut [(UserId, Entry)]) {
    players.sort_by(|(_, a), (_, b)| a.compare(*b, board.rules.wins));
}

async fn read(
    shard: &Shard,
    board: &Board,
    start: PageStart,
    limit: usize,
) -> Result<Reading<RawPage>, Error> {
    let limit = limit.to_string().into_bytes();
    match start {
        PageStart::Place(place) => {
            let place = place.min(PLACE_MAX).to_string().into_bytes();
            shard.read(board, "page", [place, limit]).await
        }
        PageStart::After(entry) => {
            let [score, reached] = entry_arguments(board, entry);
            shard.read(board, "behind", [score, reached, limit]).await
        }
    }
}

/// Up to `limit` players of several servers from there on, in their order.
async fn merge(
    shards: &[Arc<Shard>],
    board: &Board,
    start: PageStart,
    limit: usize,
) -> Result<Reading<Vec<(UserId, Entry)>>, Error> {
    let pages = shards.iter().map(|shard| read(shard, board, start, limit));
    let Reading { as_of, count, what } = Reading::together(try_join_all(pages).await?);
    let mut players = Vec::new();
    for page in what {
        players.extend(Span::parse(board, page)?.players);
    }
    sort(board, &mut players);
    players.truncate(limit);
    Ok(Reading { as_of, count, what: players })
}

/// What stands at a place; nothing if the board has fewer.
async fn search(
    shards: &[Arc<Shard>],
    board: &Board,
    place: u64,
) -> Result<Reading<Option<Entry>>, Error> {
    let looked = shards.iter().map(|shard| read(shard, board, PageStart::Place(0), 0));
    let looked = try_join_all(looked).await?;
    // Of each server those among whom it may still be.
    let mut left: Vec<(u64, u64)> = looked.iter().map(|read| (0, read.count)).collect();
    let Reading { mut as_of, count, .. } = Reading::together(looked);
    if place >= count {
        return Ok(Reading { as_of, count, what: None });
    }
    for _ in 0..SEARCH_STEPS_MAX {
        let widest =
            left.iter().enumerate().max_by_key(|(_, (low, high))| high.saturating_sub(*low));
        let Some((server, &(low, high))) = widest.filter(|(_, (low, high))| low < high) else {
            break;
        };
        let middle = PageStart::Place(low + (high - low) / 2);
        let found = read(&shards[server], board, middle, 1).await?;
        let players = Span::parse(board, found.what)?.players;
        let Some(&(_, entry)) = players.first() else { break };
        let counts = before_on_all(shards, board, entry).await?;
        as_of = as_of.and(found.as_of).and(counts.as_of);
        // It is counted itself.
        let its_place = counts.what.iter().map(|it| it.1).sum::<u64>().saturating_sub(1);
        if its_place == place {
            return Ok(Reading { as_of, count, what: Some(entry) });
        }
        for (at, (low, high)) in left.iter_mut().enumerate() {
            let here = counts.what.get(at).map_or(0, |it| it.1);
            if its_place < place {
                *low = here.max(*low);
            } else {
                *high = here.saturating_sub(u64::from(at == server)).min(*high);
            }
        }
    }
    Err(StoreError::unavailable("the board changes faster than a place in it is found").into())
}
