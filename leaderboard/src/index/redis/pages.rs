//! Pages of one server, and of several put together.

use std::sync::Arc;

use futures_util::future::try_join_all;
use model::UserId;

use super::reading::{RawPage, Reading, Span, kept, rank, reached_bytes};
use super::shard::Shard;
use crate::{Board, BoardPosition, Entry, Error, Page, PageStart, Standing, StoreError};

/// A place that no board has: scripts' numbers are doubles.
const PLACE_MAX: u64 = 1 << 40;
/// Up to so many players from the top are read of every server to find a place; one further down is searched.
const FROM_TOP_MAX: u64 = 1_000;
/// A place is found by halving what is left of each server: more steps than any board needs.
const SEARCH_STEPS_MAX: usize = 256;

/// Players of all servers of a board, each with the entry; of all these servers together.
pub(super) struct Merged {
    /// The lowest position of the servers.
    pub(super) as_of: BoardPosition,
    /// How many players stand there.
    pub(super) count: u64,
    /// They, in their order.
    pub(super) players: Vec<(UserId, Entry)>,
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
    let start = match start {
        PageStart::Place(place @ 1..) if place.saturating_add(limit as u64) > FROM_TOP_MAX => {
            match search(shards, board, place - 1).await? {
                Ok(before) => PageStart::After(before),
                Err(page) => return Ok(page),
            }
        }
        start => start,
    };
    let (start, skipped) = match start {
        PageStart::Place(place) => (PageStart::Place(0), place as usize),
        start @ PageStart::After(_) => (start, 0),
    };
    let merged = merge(shards, board, start, limit + skipped).await?;
    let Merged { as_of, count, mut players } = merged;
    players.drain(..skipped.min(players.len()));
    let (_, standings) = ranked(shards, board, players).await?;
    Ok(Page { as_of, count, standings })
}

/// Players in their order with their ranks, and the place of the first, which is counted on every server; the others follow.
pub(super) async fn ranked(
    shards: &[Arc<Shard>],
    board: &Board,
    players: Vec<(UserId, Entry)>,
) -> Result<(u64, Vec<Standing>), Error> {
    let Some((_, first)) = players.first() else { return Ok((0, Vec::new())) };
    let counts = shards.iter().map(|shard| before(shard, board, std::slice::from_ref(first)));
    let counts = try_join_all(counts).await?;
    let sum = |of: fn(&(u64, u64)) -> u64| counts.iter().flatten().map(of).sum::<u64>();
    // A player isn't before themselves.
    let (better, place) = (sum(|it| it.0), sum(|it| it.1).saturating_sub(1));
    Ok((place, rank(board, players, place, better, 0)))
}

/// Of each of these entries how many of a server are better, and how many of it stand before it or have it.
pub(super) async fn before(
    shard: &Shard,
    board: &Board,
    entries: &[Entry],
) -> Result<Vec<(u64, u64)>, Error> {
    let asked = entries.iter().flat_map(|entry| entry_arguments(board, *entry));
    let read: Reading<Vec<u64>> = shard.read(board, "before", asked.collect::<Vec<_>>()).await?;
    Ok(read.what.as_chunks::<2>().0.iter().map(|[better, before]| (*better, *before)).collect())
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

async fn merge(
    shards: &[Arc<Shard>],
    board: &Board,
    start: PageStart,
    limit: usize,
) -> Result<Merged, Error> {
    let pages = shards.iter().map(|shard| read(shard, board, start, limit));
    let mut merged = Merged { as_of: BoardPosition(u64::MAX), count: 0, players: Vec::new() };
    for Reading { as_of, count, what } in try_join_all(pages).await? {
        merged.as_of = merged.as_of.min(as_of);
        merged.count += count;
        merged.players.extend(Span::parse(board, what)?.players);
    }
    sort(board, &mut merged.players);
    merged.players.truncate(limit);
    Ok(merged)
}

/// What stands at a place; or a page of nobody, if the board has fewer.
async fn search(
    shards: &[Arc<Shard>],
    board: &Board,
    place: u64,
) -> Result<Result<Entry, Page>, Error> {
    let looked = merge(shards, board, PageStart::Place(0), 0);
    let counts = shards.iter().map(|shard| read(shard, board, PageStart::Place(0), 0));
    let (Merged { as_of, count, .. }, counts) = (looked.await?, try_join_all(counts).await?);
    if place >= count {
        return Ok(Err(Page { as_of, count, standings: Vec::new() }));
    }
    // Of each server those among whom it may still be.
    let mut left: Vec<(u64, u64)> = counts.iter().map(|read| (0, read.count)).collect();
    for _ in 0..SEARCH_STEPS_MAX {
        let widest =
            left.iter().enumerate().max_by_key(|(_, (low, high))| high.saturating_sub(*low));
        let Some((server, &(low, high))) = widest.filter(|(_, (low, high))| low < high) else {
            break;
        };
        let middle = PageStart::Place(low + (high - low) / 2);
        let found = Span::parse(board, read(&shards[server], board, middle, 1).await?.what)?;
        let Some(&(_, entry)) = found.players.first() else { break };
        let counts = shards.iter().map(|shard| before(shard, board, std::slice::from_ref(&entry)));
        let counts: Vec<u64> =
            try_join_all(counts).await?.iter().flatten().map(|(_, before)| *before).collect();
        // It is counted itself.
        let its_place = counts.iter().sum::<u64>().saturating_sub(1);
        if its_place == place {
            return Ok(Ok(entry));
        }
        for (at, (low, high)) in left.iter_mut().enumerate() {
            let here = counts.get(at).copied().unwrap_or(0);
            if its_place < place {
                *low = here.max(*low);
            } else {
                *high = here.saturating_sub(u64::from(at == server)).min(*high);
            }
        }
    }
    Err(StoreError::unavailable("the board changes faster than a place in it is found").into())
}
