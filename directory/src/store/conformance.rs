//! The cases that every store passes: one list, stamped out as tests for each adapter by
//! [`conformance_tests!`](crate::conformance_tests), and as [`CASES`] for programs that run them against many.

pub mod batches;
pub mod changes;
pub mod circles;
pub mod feed;
pub mod lists;
pub mod relations;
pub mod users;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use model::{Timestamp, UserId};

use crate::{
    Answer, DisplayName, Entry, Limits, List, Mutation, Outcome, Refusal, Relation, Store,
    StoredCircle, User, Verb, WriteRequest,
};

/// What an adapter gives to be tested: a place of its own for the data of one case.
pub trait Backend: Send + Sync {
    /// Opens the store, empty at first. Again, after the one before was dropped: with what that one answered.
    fn open(&self) -> Answer<'_, Arc<dyn Store>>;
}

/// A case of the list.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What must hold, as the words of a sentence with `_` between.
    pub name: &'static str,
    /// Tries it, and panics if it doesn't hold.
    pub run: for<'a> fn(&'a dyn Backend) -> Running<'a>,
}

/// A case that is being tried.
pub type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The whole list.
pub const CASES: &[Case] = crate::conformance_tests! { @list @cases () };

/// Makes a test of every case: `conformance_tests!(embedded, Embedded::new());` makes
/// `embedded::asking_twice_is_one_request` and so on. The expression is evaluated for each.
#[macro_export]
macro_rules! conformance_tests {
    ($adapter:ident, $backend:expr) => {
        mod $adapter {
            use super::*;
            $crate::conformance_tests! { @list @tests ($backend) }
        }
    };
    (@list @$form:ident $given:tt) => {
        $crate::conformance_tests! { @$form $given;
            users: a_user_who_never_came_is_absent,
                ensuring_a_user_leaves_an_existing_one_alone,
                putting_a_user_makes_or_renames_them,
                names_of_any_script_survive,
                a_radius_is_set_and_taken_back,
                a_radius_needs_its_user;
            relations: asking_twice_is_one_request,
                asking_each_other_makes_friends,
                accepting_makes_friends,
                declining_and_cancelling_end_a_request,
                nobody_is_related_to_themself,
                a_request_to_nobody_waits_for_them,
                blocking_ends_friendship_and_requests,
                a_request_to_somebody_who_blocks_looks_pending,
                being_asked_does_not_show_in_a_block,
                befriending_needs_both_users_and_no_block,
                removing_a_friend_is_seen_by_both,
                whatever_is_done_the_store_agrees_with_the_rules;
            batches: a_refused_order_does_not_undo_its_neighbours,
                later_orders_see_what_earlier_ones_did,
                batches_at_one_moment_act_one_after_the_other,
                concurrent_callers_get_their_own_answers,
                limits_hold_also_within_a_batch,
                what_was_answered_survives_reopening;
            lists: a_walk_meets_everything_once_in_order,
                a_walk_is_not_disturbed_by_changes_behind_it,
                a_circle_holds_all_friends_of_a_full_user;
            circles: circles_come_in_the_order_of_the_users_and_say_who_exists,
                circles_that_are_asked_for_at_once_share_statements;
            feed: positions_have_no_gaps_and_follow_the_order_of_commits,
                a_circle_and_the_changes_behind_it_give_every_later_circle,
                what_changes_no_circle_has_no_position,
                the_feed_is_read_in_parts,
                what_was_forgotten_is_said_to_be,
                a_position_of_another_history_is_refused,
                the_feed_survives_reopening;
            changes: whoever_is_concerned_is_named,
                nothing_is_announced_where_nothing_changed,
                a_change_is_announced_before_its_answer;
        }
    };
    (@tests ($backend:expr); $($topic:ident: $($case:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$topic::$case(&$backend).await;
            }
        )+)+
    };
    (@cases (); $($topic:ident: $($case:ident),+;)+) => {
        &[$($(
            $crate::conformance::Case {
                name: stringify!($case),
                run: |backend| Box::pin($crate::conformance::$topic::$case(backend)),
            },
        )+)+]
    };
}

/// When the writes of the cases are given, unless the case says otherwise.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("the case's ids are valid")
}

fn ensure(user: &str) -> Mutation {
    Mutation::Ensure { user: id(user) }
}

fn relate(verb: Verb, user: &str, other: &str) -> Mutation {
    Mutation::Relate { verb, user: id(user), other: id(other) }
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.other.as_str()).collect()
}

/// A store with short words for it.
struct World {
    store: Arc<dyn Store>,
    limits: Limits,
}

impl World {
    /// A store in which these users exist.
    async fn with(backend: &dyn Backend, users: &[&str]) -> Self {
        let store = backend.open().await.expect("an empty store opens");
        let world = Self { store, limits: Limits::default() };
        for chunk in users.chunks(crate::BATCH_MAX) {
            world.batch(chunk.iter().map(|user| ensure(user)).collect()).await;
        }
        world
    }

    async fn batch(&self, mutations: Vec<Mutation>) -> Vec<Result<Outcome, Refusal>> {
        self.apply(
            mutations.into_iter().map(|mutation| WriteRequest { mutation, at: NOW }).collect(),
        )
        .await
    }

    async fn apply(&self, writes: Vec<WriteRequest>) -> Vec<Result<Outcome, Refusal>> {
        let applied = self.store.apply(writes, self.limits).await.expect("the store is there");
        applied.published.await;
        applied.outcomes
    }

    async fn at(&self, at: Timestamp, mutation: Mutation) -> Result<Outcome, Refusal> {
        let mut outcomes = self.apply(vec![WriteRequest { mutation, at }]).await;
        assert_eq!(outcomes.len(), 1, "one answer for one write");
        outcomes.remove(0)
    }

    async fn mutation(&self, mutation: Mutation) -> Result<Outcome, Refusal> {
        self.at(NOW, mutation).await
    }

    async fn does(&self, user: &str, verb: Verb, other: &str) -> Result<Outcome, Refusal> {
        self.mutation(relate(verb, user, other)).await
    }

    async fn user(&self, user: &str) -> Option<User> {
        let mut found = self.store.users(&[id(user)]).await.expect("the store is there");
        assert_eq!(found.len(), 1, "one answer for one id");
        found.remove(0)
    }

    async fn name(&self, user: &str) -> Option<DisplayName> {
        self.user(user).await.map(|user| user.name)
    }

    async fn relation(&self, user: &str, other: &str) -> Relation {
        let found = self.store.relations(&[(id(user), id(other))]).await;
        found.expect("the store is there")[0]
    }

    async fn circle(&self, user: &str) -> StoredCircle {
        let (_, mut circles) = self.store.circles(&[id(user)]).await.expect("the store is there");
        assert_eq!(circles.len(), 1, "one circle for one user");
        circles.remove(0)
    }

    async fn list(&self, list: List, owner: &str) -> Vec<Entry> {
        self.store.page(list, &id(owner), None, 1_000).await.expect("the store is there")
    }

    async fn lists(&self, list: List, owner: &str) -> Vec<String> {
        names(&self.list(list, owner).await).into_iter().map(str::to_owned).collect()
    }
}
