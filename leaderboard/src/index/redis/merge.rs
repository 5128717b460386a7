//! Players and their neighbours, of one server and of several put together.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use model::UserId;

use super::layout::Layouts;
use super::pages::{Ranked, before, entry_arguments, page, ranked, sort};
use super::reading::{RawPage, Reading, Span, entry, standing};
use super::shard::Shard;
use crate::{AsOf, Board, Entry, Error, Neighbours, PageStart, Players, View};

/// What `read.lua` answers of a player.
type RawPlayer = (Vec<u8>, Vec<u8>, u64, u64, u64);

/// Where a player stands, as one server counts.
#[derive(Debug, Clone, Copy)]
struct Counted {
    entry: Entry,
    place: u64,
    better: u64,
    dense: u64,
}

/// These players of a board.
pub(super) async fn players(
    shards: &[Arc<Shard>],
    layouts: &Layouts,
    board: &Board,
    users: &[UserId],
) -> Result<Players, Error> {
    let own = shards.iter().map(|shard| own_players(shard, layouts, board, users));
    let own = Reading::together(try_join_all(own).await?);
    let mut found: Vec<Option<Counted>> = vec![None; users.len()];
    for (at, counted) in own.what.into_iter().flatten() {
        found[at] = counted;
    }
    let counts = shards.iter().map(|shard| foreign(shard, layouts, board, users, &found));
    let counts = if shards.len() > 1 { try_join_all(counts).await? } else { Vec::new() };
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    let as_of = counts.iter().map(|read| read.as_of).fold(own.as_of, AsOf::and);
    for (at, better, place) in counts.into_iter().flat_map(|read| read.what) {
        if let Some(counted) = &mut found[at] {
            counted.better += better;
            counted.place += place;
        }
    }
    let standings = users.iter().zip(found).map(|(user, found)| {
        let Counted { entry, place, better, dense } = found?;
        Some(standing(board, user.clone(), entry, place, better, dense))
    });
    Ok(Players { as_of, count: own.count, standings: standings.collect() })
}

/// The players who are on a server, as it counts, each with its place among those asked for.
async fn own_players(
    shard: &Shard,
    layouts: &Layouts,
    board: &Board,
    users: &[UserId],
) -> Result<Reading<Vec<(usize, Option<Counted>)>>, Error> {
    let all = users.iter().enumerate();
    let here = all.filter(|(_, user)| layouts.server(board, user) == shard.number());
    let (places, users): (Vec<usize>, Vec<Vec<u8>>) =
        here.map(|(at, user)| (at, user.as_str().into())).unzip();
    let read: Reading<Vec<Option<RawPlayer>>> = shard.read(board, "players", users).await?;
    let counted = read.what.into_iter().map(|raw| {
        let Some((reached, score, place, better, dense)) = raw else { return Ok(None) };
        Ok(Some(Counted { entry: entry(board, &reached, &score)?, place, better, dense }))
    });
    let counted = counted.collect::<Result<Vec<_>, Error>>()?;
    let what = places.into_iter().zip(counted).collect();
    Ok(Reading { as_of: read.as_of, count: read.count, what })
}

/// Of players who are on other servers than this one, how many of it are better, and how many stand before them; nothing is
/// read if there are none.
async fn foreign(
    shard: &Shard,
    layouts: &Layouts,
    board: &Board,
    users: &[UserId],
    found: &[Option<Counted>],
) -> Result<Option<Reading<Vec<(usize, u64, u64)>>>, Error> {
    let all = users.iter().zip(found).enumerate();
    let elsewhere = all.filter(|(_, (user, _))| layouts.server(board, user) != shard.number());
    let (places, entries): (Vec<usize>, Vec<Entry>) =
        elsewhere.filter_map(|(at, (_, found))| Some((at, found.as_ref()?.entry))).unzip();
    if entries.is_empty() {
        return Ok(None);
    }
    let Reading { as_of, count, what } = before(shard, board, &entries).await?;
    let counted = places.into_iter().zip(what);
    let what = counted.map(|(at, (better, before))| (at, better, before)).collect();
    Ok(Some(Reading { as_of, count, what }))
}

/// What `read.lua` answers of a player among their neighbours: a page, and which of it the player is.
type RawNeighbours = (u64, u64, u64, Vec<Vec<u8>>, usize);

/// The first `top` players, and a player with up to `each` neighbours above and below.
pub(super) async fn view(
    shards: &[Arc<Shard>],
    layouts: &Layouts,
    board: &Board,
    top: usize,
    user: &UserId,
    each: usize,
) -> Result<View, Error> {
    let number = layouts.server(board, user);
    let Some(own) = shards.iter().find(|shard| shard.number() == number) else {
        unreachable!("a player's server is one of the board's");
    };
    let text = |number: usize| number.to_string().into_bytes();
    let asked = [text(top), text(each), user.as_str().into()];
    let read: Reading<(RawPage, Option<RawNeighbours>)> = own.read(board, "view", asked).await?;
    let Reading { as_of, count, what: (raw_top, raw) } = read;
    let around = match raw {
        None => None,
        Some((place, better, dense, flat, at)) => {
            Some((Span::parse(board, (place, better, dense, flat))?, at))
        }
    };
    if shards.len() == 1 {
        let top = Span::parse(board, raw_top)?.ranked(board);
        let neighbours = around.map(|(span, own)| Neighbours {
            first: span.place,
            own,
            standings: span.ranked(board),
        });
        return Ok(View { as_of, count, top, neighbours });
    }
    let first = page(shards, board, PageStart::Place(0), top);
    let others: Vec<_> = shards.iter().filter(|shard| shard.number() != number).collect();
    let near = async {
        let Some((span, at)) = around else { return Ok(None) };
        neighbours(shards, &others, board, span, at, each).await.map(Some)
    };
    let (first, near) = try_join(first, near).await?;
    let as_of = as_of.and(first.as_of);
    let as_of = near.as_ref().map_or(as_of, |(near, _)| as_of.and(*near));
    let neighbours = near.map(|(_, near)| near);
    Ok(View { as_of, count: first.count, top: first.standings, neighbours })
}

/// The neighbours of a player over several servers: those of their own, and what lies between on the `others`.
async fn neighbours(
    shards: &[Arc<Shard>],
    others: &[&Arc<Shard>],
    board: &Board,
    span: Span,
    at: usize,
    each: usize,
) -> Result<(AsOf, Neighbours), Error> {
    let mut players = span.players;
    let own = players[at].1;
    let near = others.iter().map(|shard| async {
        let [score, reached] = entry_arguments(board, own);
        let asked = [score, reached, each.to_string().into_bytes()];
        let read: Reading<(u64, u64, RawPage)> = shard.read(board, "near", asked).await?;
        Ok::<_, Error>(read)
    });
    let near = Reading::together(try_join_all(near).await?);
    for (_, _, page) in near.what {
        players.extend(Span::parse(board, page)?.players);
    }
    sort(board, &mut players);
    let place = players.iter().position(|(_, entry)| *entry == own).unwrap_or(0);
    let from = place.saturating_sub(each);
    players.truncate(place + each + 1);
    let players = players.split_off(from);
    let Ranked { as_of, first, standings } = ranked(shards, board, near.as_of, players).await?;
    Ok((as_of, Neighbours { first, own: place - from, standings }))
}
