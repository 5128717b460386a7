mod needs;
mod people;

use std::collections::{BTreeSet, HashMap, HashSet};

use model::{BoardId, FeedPosition, UserId};
use sql::damaged;
use sql::postgres::LINEAGE;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::rows::RememberedRow;
use super::{FEED, rows};
use crate::core::record::{KeyOf, Remembered};
use crate::core::transaction_state::Stored;
use crate::{Board, BoardNumber, BoardPosition, Entry, ScoreEvent, SeasonState, StandingsId};
pub(super) use needs::Needs;

/// What is stored, to decide by.
#[derive(Default)]
pub(super) struct Loaded {
    /// The number of the timeline that positions are of.
    pub(super) timeline: u64,
    /// Whether that is the one of the server's lineage. If it isn't nothing else is known, and nothing may be written.
    pub(super) is_current: bool,
    /// Whether the transaction began that timeline, and must be committed for it.
    pub(super) is_new: bool,
    boards: HashMap<BoardId, Board>,
    /// How many changes each has seen, and how many are banned from it.
    counts: HashMap<BoardNumber, (BoardPosition, usize)>,
    boards_count: usize,
    /// Known only where boards are made or deleted, as their count.
    last_number: Option<BoardNumber>,
    entries: HashMap<(StandingsId, UserId), Entry>,
    players: HashMap<StandingsId, u64>,
    banned: HashSet<(BoardNumber, UserId)>,
    remembered: HashMap<KeyOf, RememberedRow>,
}

/// Keeps other batches on these boards waiting until the transaction ends, and reads what a batch of writes needs: in three
/// statements, whatever its size. Each sees what was committed before it began.
pub(super) async fn state(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
) -> Result<Loaded, sqlx::Error> {
    let mut loaded = Loaded::default();
    if needs.is_about_boards {
        let (made, is_new) = FEED.take(connection).await?;
        let FeedPosition(last_number) = made.position;
        (loaded.last_number, loaded.is_new) = (Some(BoardNumber(last_number)), is_new);
        let count = sqlx::query("SELECT count(*) AS boards FROM leaderboard.boards");
        loaded.boards_count =
            rows::count(&count.fetch_one(&mut *connection).await?, "boards")? as usize;
    }
    lock(connection, needs, &mut loaded).await?;
    if loaded.is_current {
        players(connection, needs, &mut loaded).await?;
        people::erased(connection, needs, &mut loaded).await?;
        people::banned(connection, needs, &mut loaded).await?;
        keys(connection, needs, &mut loaded).await?;
    }
    Ok(loaded)
}

/// Locks the rows of boards in the order of their numbers, so that nobody waits in a circle.
async fn lock(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
    loaded: &mut Loaded,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT history, lineage = {LINEAGE} AS same, board.head, banned, definition
         FROM leaderboard.feed LEFT JOIN LATERAL (
             SELECT number, head, banned, definition FROM leaderboard.boards
             WHERE id = ANY ($1) OR number = ANY ($2) ORDER BY number FOR UPDATE) AS board ON true"
    );
    let ids: Vec<&str> = needs.boards.iter().map(|id| id.as_str()).collect();
    let known_to = people::boards(&mut *connection, needs).await?;
    let query = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(known_to);
    let found = query.fetch_all(connection).await?;
    for row in &found {
        loaded.timeline = row.try_get::<i64, _>("history")? as u64;
        loaded.is_current = row.try_get("same")?;
        let Some(head) = rows::maybe_count(row, "head")? else { continue };
        let board = rows::board(row)?;
        let banned = rows::count(row, "banned")? as usize;
        loaded.counts.insert(board.number, (BoardPosition(head), banned));
        loaded.boards.insert(board.id.clone(), board);
    }
    Ok(())
}

/// What players have, whether they are banned, and how many others there are.
async fn players(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
    loaded: &mut Loaded,
) -> Result<(), sqlx::Error> {
    let mut wanted: Vec<(StandingsId, &UserId)> = Vec::with_capacity(needs.players.len());
    for &(board, user) in &needs.players {
        let Some(board) = loaded.boards.get(board) else { continue };
        // Nobody scores in those that are sealed.
        let open = board.seasons().filter(|season| season.state() != SeasonState::Sealed);
        // At least of one: whether they are banned is told beside.
        let open = open.map(|season| season.number).chain([board.current().season]);
        let open: BTreeSet<u32> = open.collect();
        wanted.extend(open.into_iter().map(|season| (board.standings(season), user)));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    // Neighbours in the index are looked up one after the other.
    wanted.sort_unstable();
    // Looked up one by one, whatever the server believes of the tables' sizes (see `PLANS_OFF`): a join might read all of them.
    let sql = "SELECT wanted.number - 1 AS place, entry.score, entry.reached,
                      ban.board IS NOT NULL AS is_banned, season.players
               FROM unnest($1::bigint[], $2::integer[], $3::text[])
                   WITH ORDINALITY AS wanted (board, season, user_id, number)
               LEFT JOIN LATERAL (
                   SELECT score, reached FROM leaderboard.entries AS known
                   WHERE known.board = wanted.board AND known.season = wanted.season
                       AND known.user_id = wanted.user_id LIMIT 1) AS entry ON true
               LEFT JOIN LATERAL (
                   SELECT board FROM leaderboard.bans AS known
                   WHERE known.board = wanted.board AND known.user_id = wanted.user_id
                   LIMIT 1) AS ban ON true
               LEFT JOIN LATERAL (
                   SELECT players FROM leaderboard.seasons AS known
                   WHERE known.board = wanted.board AND known.season = wanted.season
                   LIMIT 1) AS season ON true";
    let found = sqlx::query(sql)
        .bind(wanted.iter().map(|(id, _)| id.board.0 as i64).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(id, _)| id.season as i32).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, user)| user.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    for row in &found {
        let &(id, user) =
            wanted.get(rows::place(row)?).ok_or_else(|| damaged("a place too many"))?;
        if let Some(entry) = rows::entry(row)? {
            loaded.entries.insert((id, user.clone()), entry);
        }
        if let Some(players) = rows::maybe_count(row, "players")? {
            loaded.players.insert(id, players);
        }
        if row.try_get("is_banned")? {
            loaded.banned.insert((id.board, user.clone()));
        }
    }
    Ok(())
}

async fn keys(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
    loaded: &mut Loaded,
) -> Result<(), sqlx::Error> {
    if needs.events.is_empty() {
        return Ok(());
    }
    let events: Vec<&ScoreEvent> = needs.events.values().copied().collect();
    let (producers, keys): (Vec<&str>, Vec<&str>) =
        events.iter().map(|event| (event.producer.as_str(), event.key.as_str())).unzip();
    let sql = "SELECT wanted.number - 1 AS place, known.*
               FROM unnest($1::text[], $2::text[])
                   WITH ORDINALITY AS wanted (producer, key, number)
               CROSS JOIN LATERAL (
                   SELECT at_ms, digest, result FROM leaderboard.keys AS one
                   WHERE one.producer = wanted.producer AND one.key = wanted.key
                   LIMIT 1) AS known";
    let found = sqlx::query(sql).bind(producers).bind(keys).fetch_all(connection).await?;
    for row in &found {
        let event = events.get(rows::place(row)?).ok_or_else(|| damaged("a place too many"))?;
        let key = (event.producer.clone(), event.key.clone());
        loaded.remembered.insert(key, RememberedRow::new(row)?);
    }
    Ok(())
}

impl Loaded {
    /// Whether there is a row of the event's key.
    pub(super) fn has_key(&self, event: &ScoreEvent) -> bool {
        self.remembered.contains_key(&(event.producer.clone(), event.key.clone()))
    }
}

impl Stored for Loaded {
    fn board(&self, id: &BoardId) -> Option<Board> {
        self.boards.get(id).cloned()
    }

    fn boards_count(&self) -> usize {
        self.boards_count
    }

    fn last_number(&self) -> BoardNumber {
        self.last_number.unwrap_or(BoardNumber(0))
    }

    fn head(&self, board: BoardNumber) -> BoardPosition {
        self.counts.get(&board).map_or(BoardPosition(0), |(head, _)| *head)
    }

    fn entry(&self, id: StandingsId, user: &UserId) -> Option<Entry> {
        self.entries.get(&(id, user.clone())).copied()
    }

    fn players_count(&self, id: StandingsId) -> u64 {
        self.players.get(&id).copied().unwrap_or_default()
    }

    fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool {
        self.banned.contains(&(board, user.clone()))
    }

    fn banned_count(&self, board: BoardNumber) -> usize {
        self.counts.get(&board).map_or(0, |(_, banned)| *banned)
    }

    fn banned_on(&self, id: StandingsId) -> Vec<UserId> {
        let on = self.entries.keys().filter(|(standings, _)| *standings == id);
        on.map(|(_, user)| user).filter(|user| self.is_banned(id.board, user)).cloned().collect()
    }

    fn is_sealed(&self, id: StandingsId) -> bool {
        let board = self.boards.values().find(|board| board.number == id.board);
        let season =
            board.and_then(|board| board.seasons().find(|season| season.number == id.season));
        season.is_some_and(|season| season.state() == SeasonState::Sealed)
    }

    fn entries_of(&self, user: &UserId) -> Vec<(StandingsId, Entry)> {
        let own = self.entries.iter().filter(|((_, of), _)| of == user);
        own.map(|((standings, _), entry)| (*standings, *entry)).collect()
    }

    fn bans_of(&self, user: &UserId) -> Vec<BoardNumber> {
        let own = self.banned.iter().filter(|(_, of)| of == user);
        own.map(|(board, _)| *board).collect()
    }

    fn remembered(&self, event: &ScoreEvent) -> Option<Remembered> {
        self.remembered.get(&(event.producer.clone(), event.key.clone()))?.as_if(event)
    }

    fn room_for_events(&self) -> usize {
        usize::MAX
    }
}
