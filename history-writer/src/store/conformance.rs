//! The cases that every store and every register passes: a list each, stamped out as tests for each adapter by
//! [`conformance_tests!`](sql::conformance_tests).

pub mod dead_letters;
pub mod erasing;
pub mod forgetting;
pub mod gaps;
pub mod off;
pub mod reading;
pub mod records;
pub mod rewrapping;

use std::sync::Arc;

use model::{Timestamp, UserId};

use crate::{
    Bucket, ChunkPlace, Direction, Erasure, Register, SealedChunk, Store, StoreAnswer, StoredChunk,
    TimeRange,
};

/// What an adapter of [`Store`] gives to be tested: a place of its own for the data of one case.
pub trait StoreBackend: Send + Sync {
    /// Opens the store, empty at first. Again, after the one before was dropped: with what that one answered.
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Store>>;

    /// Whether chunks expire by themselves, so that [`Store::forget`] has nothing to do.
    fn lets_expire(&self) -> bool {
        false
    }
}

/// What an adapter of [`Register`] gives to be tested: a place of its own for the data of one case.
pub trait RegisterBackend: Send + Sync {
    /// Opens the register, empty at first. Again, after the one before was dropped: with what that one answered.
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Register>>;
}

/// The cases of stores.
pub const STORE_CASES: &[sql::conformance::Case<dyn StoreBackend>] =
    crate::store_conformance_list! { (sql::conformance_cases) crate () };

/// The cases of registers.
pub const REGISTER_CASES: &[sql::conformance::Case<dyn RegisterBackend>] =
    crate::register_conformance_list! { (sql::conformance_cases) crate () };

/// Gives the list of stores to a macro of [`sql`].
#[macro_export]
macro_rules! store_conformance_list {
    (($then:ident::$macro:ident) $($given:tt)*) => {
        $then::$macro! { @ $($given)*
            reading::chunks_come_in_order_and_against_it,
            reading::a_walk_meets_everything_once,
            reading::chunks_that_begin_at_one_moment_are_told_apart,
            reading::putting_a_chunk_again_changes_nothing,
            reading::a_range_has_its_beginning_and_not_its_end,
            reading::nobody_reads_the_chunks_of_another,
            reading::puts_at_one_moment_are_all_kept,
            reading::what_was_answered_survives_reopening,
            erasing::chunks_that_are_erased_in_part_stay,
            erasing::what_was_received_after_an_erasure_stays,
            erasing::all_of_a_long_history_is_erased,
            erasing::what_was_erased_can_be_put_again,
            forgetting::what_was_received_first_is_forgotten_first,
            forgetting::what_came_late_is_kept_as_long_as_the_rest,
        }
    };
}

/// Gives the list of registers to a macro of [`sql`].
#[macro_export]
macro_rules! register_conformance_list {
    (($then:ident::$macro:ident) $($given:tt)*) => {
        $then::$macro! { @ $($given)*
            records::of_a_new_user_nothing_is_known,
            records::the_first_key_wins,
            records::keys_that_are_made_at_one_moment_are_one,
            records::it_is_known_what_wrapped_users_keys,
            rewrapping::keys_are_found_by_what_wrapped_them,
            rewrapping::a_key_is_exchanged_only_if_it_is_still_the_one,
            records::erasing_all_destroys_the_key,
            records::erasures_are_gathered,
            records::too_many_erasures_are_refused_and_change_nothing,
            records::a_walk_meets_everybody_who_has_a_key,
            records::records_come_in_the_order_of_the_users,
            records::what_was_answered_survives_reopening,
            off::history_is_turned_off_and_on,
            off::of_too_many_stretches_the_oldest_is_forgotten,
            off::a_walk_meets_everybody_whose_history_is_off,
            off::turns_at_one_moment_come_one_after_the_other,
            dead_letters::they_come_in_the_order_in_which_they_were_put_aside,
            dead_letters::erasures_reach_them,
            forgetting::what_touches_no_point_any_more_is_forgotten,
            gaps::gaps_are_gathered,
            gaps::there_are_never_too_many_gaps,
        }
    };
}

/// When the first chunk of the cases begins, unless the case says otherwise: within a bucket.
const START: i64 = 1_700_000_000_000;
/// When what the cases put was received, unless the case says otherwise.
const RECEIVED: Timestamp = Timestamp(START + 1_000_000);

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("the case's ids are valid")
}

/// A chunk that begins at this moment and lasts a minute. Stores don't look into what is sealed.
fn chunk(user: &str, first: i64, bytes: &[u8]) -> StoredChunk {
    let first = Timestamp(first);
    StoredChunk {
        user: id(user),
        sealed: SealedChunk { bucket: Bucket::at(first), first, bytes: bytes.to_vec() },
        last: first.plus_ms(60_000),
        received: RECEIVED,
        points: 2,
    }
}

/// Chunks that begin a minute after each other, each with bytes of its own.
fn chunks(user: &str, number: i64) -> Vec<StoredChunk> {
    (0..number)
        .map(|n| chunk(user, START + n * 60_000, format!("chunk number {n:08}").as_bytes()))
        .collect()
}

/// What is read of these chunks.
fn sealed(chunks: &[StoredChunk]) -> Vec<SealedChunk> {
    chunks.iter().map(|chunk| chunk.sealed.clone()).collect()
}

fn range(from: i64, to: i64) -> TimeRange {
    TimeRange { from: Timestamp(from), to: Timestamp(to) }
}

/// An erasure after everything was received.
fn erasure(from: i64, to: i64) -> Erasure {
    Erasure { range: range(from, to), erased_at: RECEIVED }
}

async fn open_store(backend: &dyn StoreBackend) -> Arc<dyn Store> {
    backend.open().await.expect("the store opens")
}

async fn open_register(backend: &dyn RegisterBackend) -> Arc<dyn Register> {
    backend.open().await.expect("the register opens")
}

async fn put(store: &dyn Store, chunks: &[StoredChunk]) {
    for chunks in chunks.chunks(crate::PUT_CHUNKS_MAX) {
        store.put(chunks).await.expect("the store is there");
    }
}

/// The first chunks of a range, in order.
async fn read(store: &dyn Store, user: &str, starts: TimeRange) -> Vec<SealedChunk> {
    let (user, max) = (id(user), crate::READ_CHUNKS_MAX);
    let found = store.chunks(&user, starts, Direction::Ascending, None, max);
    found.await.expect("the store is there")
}

/// All chunks of a user in so many at a time.
async fn walk(
    store: &dyn Store,
    user: &str,
    direction: Direction,
    limit: usize,
) -> Vec<SealedChunk> {
    let (user, mut walked) = (id(user), Vec::<SealedChunk>::new());
    loop {
        let after: Option<ChunkPlace> = walked.last().map(SealedChunk::place);
        let page = store.chunks(&user, TimeRange::ALL, direction, after, limit).await;
        let page = page.expect("the store is there");
        let is_end = page.len() < limit;
        walked.extend(page);
        if is_end {
            return walked;
        }
    }
}
