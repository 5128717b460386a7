//! What servers answer, as the core's types.

use model::UserId;

use crate::{AsOf, Board, BoardPosition, Entry, Error, LogId, Ranking, Standing, StoreError, Wins};

/// The bytes before the user in a member: when the score was reached.
const REACHED_BYTES: usize = 8;

/// Something that was read of a board on one server.
#[derive(Debug)]
pub(super) struct Reading<T> {
    /// The state that it is of, or the states, if it was read of several servers.
    pub(super) as_of: AsOf,
    /// How many players stand there, on this server.
    pub(super) count: u64,
    /// What was read.
    pub(super) what: T,
}

impl<T> Reading<T> {
    /// What was read of several servers, at least of one.
    pub(super) fn together(readings: Vec<Self>) -> Reading<Vec<T>> {
        let as_of = readings.iter().map(|read| read.as_of).reduce(AsOf::and);
        Reading {
            as_of: as_of.unwrap_or_else(|| BoardPosition(0).into()),
            count: readings.iter().map(|read| read.count).sum(),
            what: readings.into_iter().map(|read| read.what).collect(),
        }
    }
}

/// A page as scripts answer it: the place of the first, how many have a better score, how many better scores there are,
/// members and scores by turns.
pub(super) type RawPage = (u64, u64, u64, Vec<Vec<u8>>);

/// Players of one server, in their order.
#[derive(Debug, Clone)]
pub(super) struct Span {
    /// The place of the first from the top of the server.
    pub(super) place: u64,
    /// How many of the server have a better score than the first.
    pub(super) better: u64,
    /// How many better scores than that of the first there are, on boards with dense ranks.
    pub(super) dense: u64,
    /// They.
    pub(super) players: Vec<(UserId, Entry)>,
}

impl Span {
    /// Reads a page.
    pub(super) fn parse(board: &Board, raw: RawPage) -> Result<Self, Error> {
        let (place, better, dense, flat) = raw;
        let pairs = flat.as_chunks::<2>().0.iter();
        let players = pairs.map(|[member, score]| {
            let (reached, user) = member.split_at_checked(REACHED_BYTES).ok_or_else(damaged)?;
            let user = std::str::from_utf8(user).ok().and_then(|user| UserId::parse(user).ok());
            Ok::<_, Error>((user.ok_or_else(damaged)?, entry(board, reached, score)?))
        });
        Ok(Self { place, better, dense, players: players.collect::<Result<_, _>>()? })
    }

    /// The players with their ranks, if this is all that there is of the board.
    pub(super) fn ranked(self, board: &Board) -> Vec<Standing> {
        let Self { place, better, dense, players } = self;
        rank(board, players, place, better, dense)
    }
}

/// Players with their ranks, of whom the first has this place, so many better ones and so many better scores.
pub(super) fn rank(
    board: &Board,
    players: Vec<(UserId, Entry)>,
    place: u64,
    better: u64,
    dense: u64,
) -> Vec<Standing> {
    let (mut better, mut dense, mut last) = (better, dense, None);
    let ranked = players.into_iter().zip(place..).map(|((user, entry), place)| {
        if last.is_some_and(|last| last != entry.score) {
            (better, dense) = (place, dense + 1);
        }
        last = Some(entry.score);
        standing(board, user, entry, place, better, dense)
    });
    ranked.collect()
}

/// A player with their rank.
pub(super) fn standing(
    board: &Board,
    user: UserId,
    entry: Entry,
    place: u64,
    better: u64,
    dense: u64,
) -> Standing {
    let before = match board.ranking() {
        Ranking::Standard => better,
        Ranking::Dense => dense,
        Ranking::Ordinal => place,
    };
    Standing { user, entry, rank: before + 1, better }
}

/// What somebody has, from the bytes that say when it was reached and the score as it is kept.
pub(super) fn entry(board: &Board, reached: &[u8], score: &[u8]) -> Result<Entry, Error> {
    let reached: [u8; REACHED_BYTES] = reached.try_into().map_err(|_| damaged())?;
    let score = std::str::from_utf8(score).ok().and_then(|score| score.parse::<f64>().ok());
    // Exact: all scores lie within what a double has.
    let score = score.ok_or_else(damaged)? as i64;
    let reached = BoardPosition(!u64::from_be_bytes(reached));
    Ok(Entry { score: kept(board, score), reached })
}

/// The score as it is kept, and back: higher is better there.
pub(super) fn kept(board: &Board, score: i64) -> i64 {
    match board.rules.wins {
        Wins::High => score,
        Wins::Low => score.saturating_neg(),
    }
}

/// The bytes that say when a score was reached: higher for earlier.
pub(super) fn reached_bytes(entry: Entry) -> Vec<u8> {
    (!entry.reached.0).to_be_bytes().to_vec()
}

/// A log's id as text.
pub(super) fn log_text(log: LogId) -> String {
    format!("{:032x}", log.0)
}

/// The other way round.
pub(super) fn parse_log(text: &str) -> Option<LogId> {
    u128::from_str_radix(text, 16).ok().map(LogId)
}

fn damaged() -> Error {
    StoreError::internal("a redis server answered something that no board has").into()
}
