//! The cases that every store passes: one list, stamped out as tests for each adapter by
//! [`conformance_tests!`](sql::conformance_tests), and as [`CASES`] for programs that run them against many.

pub mod batches;
pub mod changes;
pub mod circles;
pub mod feed;
pub mod lists;
pub mod relations;
pub mod users;

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

/// The whole list.
pub const CASES: &[sql::conformance::Case<dyn Backend>] =
    crate::conformance_list! { (sql::conformance_cases) crate () };

/// Gives the whole list to a macro of [`sql`].
#[macro_export]
macro_rules! conformance_list {
    (($then:ident::$macro:ident) $($given:tt)*) => {
        $then::$macro! { @ $($given)*
            users::a_user_who_never_came_is_absent,
            users::ensuring_a_user_leaves_an_existing_one_alone,
            users::putting_a_user_makes_or_renames_them,
            users::names_of_any_script_survive,
            users::a_radius_is_set_and_taken_back,
            users::a_radius_needs_its_user,
            relations::asking_twice_is_one_request,
            relations::asking_each_other_makes_friends,
            relations::accepting_makes_friends,
            relations::declining_and_cancelling_end_a_request,
            relations::nobody_is_related_to_themself,
            relations::a_request_to_nobody_waits_for_them,
            relations::blocking_ends_friendship_and_requests,
            relations::a_request_to_somebody_who_blocks_looks_pending,
            relations::being_asked_does_not_show_in_a_block,
            relations::befriending_needs_both_users_and_no_block,
            relations::removing_a_friend_is_seen_by_both,
            relations::whatever_is_done_the_store_agrees_with_the_rules,
            batches::a_refused_order_does_not_undo_its_neighbours,
            batches::later_orders_see_what_earlier_ones_did,
            batches::batches_at_one_moment_act_one_after_the_other,
            batches::concurrent_callers_get_their_own_answers,
            batches::limits_hold_also_within_a_batch,
            batches::what_was_answered_survives_reopening,
            lists::a_walk_meets_everything_once_in_order,
            lists::a_walk_is_not_disturbed_by_changes_behind_it,
            lists::a_circle_holds_all_friends_of_a_full_user,
            circles::circles_come_in_the_order_of_the_users_and_say_who_exists,
            circles::circles_that_are_asked_for_at_once_share_statements,
            feed::positions_have_no_gaps_and_follow_the_order_of_commits,
            feed::a_circle_and_the_changes_behind_it_give_every_later_circle,
            feed::what_changes_nothing_for_anybody_has_no_position,
            feed::the_feed_is_read_in_parts,
            feed::what_was_forgotten_is_said_to_be,
            feed::a_position_of_another_history_is_refused,
            feed::the_feed_survives_reopening,
            changes::whoever_is_concerned_is_named,
            changes::nothing_is_announced_where_nothing_changed,
            changes::a_change_is_announced_before_its_answer,
        }
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
