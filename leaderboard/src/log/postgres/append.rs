use std::time::Duration;

use model::crash;
use sql::StoreError;
use sql::postgres::BEGIN;
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use super::load::{Loaded, Needs};
use super::{FEED, Shared, crash_points, load, save};
use crate::core::record::Record;
use crate::core::transaction_state::TransactionState;
use crate::{Effect, Mutation, Outcome, Refusal, WriteRequest};

pub(super) type Outcomes = Vec<Result<Outcome, Refusal>>;

/// The changes that one transaction is about, more or less: a statement takes no longer than it may.
const CHANGES_AT_ONCE: usize = 16_384;
/// How often a batch is tried.
const ATTEMPTS_MAX: usize = 4;
/// What fails sooner is tried again: its connection was cut while nobody used it.
const SOON: Duration = Duration::from_millis(500);

/// How far an attempt has come, whatever became of it then.
#[derive(Default)]
struct Progress {
    /// It has the locks of its boards.
    has_locks: bool,
    /// What was decided; it may have been committed.
    decided: Option<Outcomes>,
}

impl Shared {
    /// Appends writes in transactions of a bearable size.
    pub(super) async fn append(&self, writes: &[WriteRequest]) -> Result<Outcomes, StoreError> {
        // One after the other: those of one process would only wait for each other in the database.
        let _turn = self.turn.lock().await;
        let mut outcomes = Vec::with_capacity(writes.len());
        let mut rest = writes;
        while !rest.is_empty() {
            let (some, behind) = rest.split_at(at_once(rest));
            outcomes.extend(self.append_at_once(some).await?);
            rest = behind;
        }
        Ok(outcomes)
    }

    /// Appends writes in one transaction.
    ///
    /// One that failed is tried again, by another connection if that was the reason. It may have been committed: then the
    /// events are found by their keys, since the locks of the boards are held until it is known whether it was.
    async fn append_at_once(&self, writes: &[WriteRequest]) -> Result<Outcomes, StoreError> {
        let mut first = None;
        for attempt in 1.. {
            let (mut progress, started) = (Progress::default(), Instant::now());
            let answered = self.primary.answer(self.attempt(writes, &mut progress)).await;
            let may_pass = progress.has_locks || started.elapsed() < SOON;
            match answered {
                Ok(Some(outcomes)) => return Ok(reconcile(first, outcomes)),
                Ok(None) | Err(_) if attempt < ATTEMPTS_MAX && may_pass => {}
                Ok(None) => break,
                Err(error) => return Err(error),
            }
            first = progress.decided.or(first);
        }
        Err(StoreError::unavailable("other processes use the same keys again and again"))
    }

    /// `None` if it has to be tried again.
    async fn attempt(
        &self,
        writes: &[WriteRequest],
        progress: &mut Progress,
    ) -> Result<Option<Outcomes>, sqlx::Error> {
        let mut connection = self.connections.connection().await?;
        let done = self.transact(&mut connection, writes, progress).await;
        match &done {
            Ok(_) => self.connections.give_back(connection),
            // Most likely the others are cut too.
            Err(sqlx::Error::Io(_)) => self.connections.forget_idle(),
            Err(_) => {}
        }
        done
    }

    async fn transact(
        &self,
        connection: &mut PgConnection,
        writes: &[WriteRequest],
        progress: &mut Progress,
    ) -> Result<Option<Outcomes>, sqlx::Error> {
        // Each statement sees what was committed before it, so those after the locks see the batches before this one.
        let mut transaction = connection.begin_with(BEGIN).await?;
        let loaded = load::state(&mut transaction, &Needs::new(writes)).await?;
        if !loaded.is_current {
            transaction.rollback().await?;
            FEED.read_primary(connection).await?;
            return Ok(None);
        }
        progress.has_locks = true;
        crash::point(crash_points::LOADED);
        let (outcomes, records) = decide(&loaded, writes);
        crash::point(crash_points::DECIDED);
        if records.is_empty() && !loaded.is_new {
            transaction.rollback().await?;
            return Ok(Some(outcomes));
        }
        match save::records(&mut transaction, &records, &loaded).await {
            Err(error) if is_taken(&error) => {
                transaction.rollback().await?;
                return Ok(None);
            }
            saved => saved?,
        }
        crash::point(crash_points::WRITTEN);
        progress.decided = Some(outcomes.clone());
        transaction.commit().await?;
        crash::point(crash_points::COMMITTED);
        self.take(&records, &loaded);
        crash::point(crash_points::TAKEN);
        Ok(Some(outcomes))
    }
}

fn decide(loaded: &Loaded, writes: &[WriteRequest]) -> (Outcomes, Vec<Record>) {
    let mut state = TransactionState::new(loaded);
    let outcomes = writes.iter().map(|write| state.apply(write.clone())).collect();
    (outcomes, state.into_records())
}

/// How many of these writes go into one transaction: at least one.
fn at_once(writes: &[WriteRequest]) -> usize {
    let mut changes = 0;
    let is_over = |write: &WriteRequest| {
        changes += match &write.mutation {
            Mutation::Post(event) => event.changes.len(),
            _ => 1,
        };
        changes > CHANGES_AT_ONCE
    };
    writes.iter().position(is_over).unwrap_or(writes.len()).max(1)
}

/// Another process used a key since we looked for it.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// What came of writes that were tried twice, where the first time may have been committed: what that has done already isn't
/// told as if nobody had done it.
fn reconcile(first: Option<Outcomes>, again: Outcomes) -> Outcomes {
    let Some(first) = first else { return again };
    let each = first.into_iter().zip(again).map(|both| match both {
        (Ok(Outcome::Board(effect, board)), Ok(Outcome::Board(Effect::Unchanged, same)))
            if board == same =>
        {
            Ok(Outcome::Board(effect, board))
        }
        (Ok(Outcome::Ban(effect, board, _)), Ok(Outcome::Ban(Effect::Unchanged, same, head)))
            if board == same =>
        {
            Ok(Outcome::Ban(effect, board, head))
        }
        (Ok(Outcome::Seasons(effect, board, _)), Ok(Outcome::Seasons(_, same, head)))
            if board == same =>
        {
            Ok(Outcome::Seasons(effect, board, head))
        }
        (Ok(Outcome::Erased(boards)), Ok(Outcome::Erased(none))) if none.is_empty() => {
            Ok(Outcome::Erased(boards))
        }
        (Ok(Outcome::Deleted(board)), Err(Refusal::NoSuchBoard)) => Ok(Outcome::Deleted(board)),
        (_, again) => again,
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use model::{BoardId, Timestamp, UserId};

    use super::*;
    use crate::{
        Amount, Board, BoardNumber, BoardPosition, EventKey, KeyTime, Operator, Ranking, Readers,
        Rules, ScoreChange, ScoreEvent, ScoreRange, Wins,
    };

    fn board_id() -> BoardId {
        BoardId::parse("b").expect("a board id")
    }

    fn write(mutation: Mutation) -> WriteRequest {
        let (at, keys) = (Timestamp(0), KeyTime::new(Timestamp(0), 1));
        WriteRequest { mutation, at, keys }
    }

    /// A board that is made.
    fn board() -> Board {
        let (wins, operator, ranking) = (Wins::High, Operator::Sum, Ranking::Standard);
        let (readers, range) = (Readers::Anyone, ScoreRange::default());
        let rules = Rules { wins, operator, ranking, readers, range, season: None };
        let put = write(Mutation::PutBoard { id: board_id(), rules });
        match decide(&Loaded::default(), &[put]).0.remove(0) {
            Ok(Outcome::Board(Effect::Created, board)) => board,
            other => panic!("{other:?}"),
        }
    }

    /// An event of so many changes.
    fn event(changes: usize) -> WriteRequest {
        let user = UserId::parse("ann").expect("a user id");
        let change =
            ScoreChange { board: board_id(), user: user.clone(), amount: Amount::Delta(1) };
        let key = EventKey::parse("k").expect("a key");
        let changes = vec![change; changes];
        write(Mutation::Post(ScoreEvent { producer: user, key, happened: None, changes }))
    }

    #[test]
    fn a_transaction_is_no_larger_than_it_may_be_and_has_one_write_at_least() {
        let size = |changes: &[usize]| {
            at_once(&changes.iter().map(|changes| event(*changes)).collect::<Vec<_>>())
        };
        assert_eq!(size(&[1, 2, 3]), 3);
        assert_eq!(size(&[CHANGES_AT_ONCE - 1, 1]), 2);
        assert_eq!(size(&[CHANGES_AT_ONCE, 1, 1]), 1);
        assert_eq!(size(&[CHANGES_AT_ONCE + 1, 1]), 1);
    }

    #[test]
    fn what_was_done_by_the_first_try_is_not_told_as_if_nobody_had_done_it() {
        let (number, at) = (BoardNumber(1), BoardPosition);
        let first = vec![
            Ok(Outcome::Board(Effect::Created, board())),
            Ok(Outcome::Ban(Effect::Changed, number, at(1))),
            Ok(Outcome::Deleted(number)),
            Ok(Outcome::Posted(Vec::new())),
        ];
        let again = vec![
            Ok(Outcome::Board(Effect::Unchanged, board())),
            Ok(Outcome::Ban(Effect::Unchanged, number, at(2))),
            Err(Refusal::NoSuchBoard),
            Err(Refusal::KeyUsed),
        ];
        let told = reconcile(Some(first.clone()), again.clone());
        assert_eq!(told[0], first[0]);
        assert_eq!(told[1], Ok(Outcome::Ban(Effect::Changed, number, at(2))), "the head of now");
        assert_eq!(told[2], first[2]);
        assert_eq!(told[3], again[3], "of an event its key says what came of it");
        assert_eq!(reconcile(None, again.clone()), again);
    }
}
