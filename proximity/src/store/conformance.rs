//! The cases that every store passes: one list, stamped out as tests for each adapter by
//! [`conformance_tests!`](sql::conformance_tests), and as [`CASES`] for programs that run them against many.

pub mod batches;
pub mod businesses;
pub mod feed;
pub mod hexagons;
pub mod imports;
pub mod keys;
pub mod scans;
pub mod searches;
pub mod walks;
mod world;

use std::sync::Arc;

use crate::store::{Answer, Store};

/// What an adapter gives to be tested: a place of its own for the data of one case.
pub trait Backend: Send + Sync {
    /// Opens the store, empty at first. Again, after the one before was dropped: with what that one answered.
    fn open(&self) -> Answer<'_, Arc<dyn Store>>;

    /// Whether searches are answered by a resident index over the store.
    fn is_resident(&self) -> bool {
        false
    }
}

/// The whole list.
pub const CASES: &[sql::conformance::Case<dyn Backend>] =
    crate::conformance_list! { (sql::conformance_cases) crate () };

/// Gives the whole list to a macro of [`sql`].
#[macro_export]
macro_rules! conformance_list {
    (($then:ident::$macro:ident) $($given:tt)*) => {
        $then::$macro! { @ $($given)*
            businesses::what_was_said_comes_back_to_the_last_bit,
            businesses::a_business_that_never_was_is_absent,
            businesses::every_change_makes_one_version,
            businesses::another_version_is_refused_and_told,
            businesses::what_was_removed_is_gone,
            businesses::only_owners_and_operators_change_a_business,
            businesses::operators_say_whose_a_business_is,
            businesses::an_owner_has_no_more_than_allowed,
            businesses::a_walk_over_what_is_owned_meets_everything_once,
            batches::a_refused_order_does_not_undo_its_neighbours,
            batches::later_orders_see_what_earlier_ones_did,
            batches::batches_at_one_moment_act_one_after_the_other,
            batches::concurrent_callers_get_their_own_answers,
            batches::what_was_answered_survives_reopening,
            keys::an_order_given_again_is_answered_as_before,
            keys::a_key_of_another_order_is_refused,
            keys::a_key_is_its_callers_own,
            keys::a_key_is_forgotten_after_a_day,
            keys::a_refused_order_may_come_again_with_its_key,
            imports::importing_again_changes_nothing,
            imports::an_import_changes_what_is_different,
            imports::an_import_leaves_what_is_owned_alone,
            imports::a_place_twice_in_an_import_is_one_business,
            imports::a_taken_id_refuses_the_whole_import,
            scans::a_scan_finds_what_lies_in_its_ranges,
            scans::a_scan_goes_on_behind_its_last_row,
            scans::counts_agree_with_rows,
            scans::businesses_are_found_by_category_and_group,
            scans::businesses_are_found_where_they_are_now,
            scans::hours_come_when_asked_for,
            scans::names_come_when_asked_for,
            scans::densities_count_what_is_there,
            hexagons::cells_of_a_viewport_count_what_is_there,
            hexagons::counters_follow_every_change,
            hexagons::counters_are_right_however_orders_share_a_batch,
            feed::the_feed_tells_every_change_once_in_order,
            feed::a_business_that_changed_again_is_told_last,
            feed::what_changes_nothing_is_not_told,
            feed::a_position_of_another_history_is_refused,
            feed::removals_are_forgotten_after_a_week,
            feed::no_removal_is_forgotten_before_the_oldest,
            feed::a_category_without_businesses_is_forgotten_after_a_week,
            feed::who_follows_while_others_write_misses_nothing,
            searches::a_category_that_never_was_is_refused,
            searches::a_search_agrees_with_brute_force,
            searches::circles_over_a_pole_are_whole,
            searches::circles_over_the_antimeridian_are_whole,
            searches::a_millimetre_decides,
            searches::circles_larger_than_any_cell_are_searched,
            searches::a_rare_category_is_found_far_away,
            searches::only_those_open_then_are_found,
            searches::a_stale_hint_changes_nothing,
            searches::a_search_tells_as_much_as_asked_for,
            walks::five_hundred_on_one_point_come_in_the_order_of_ids,
            walks::pages_of_any_size_meet_everything_once_in_order,
            walks::walks_while_others_write_meet_each_unchanged_business_once,
        }
    };
}
