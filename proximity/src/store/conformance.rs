//! The cases that every store passes: one list, stamped out as tests for each adapter by
//! [`conformance_tests!`](crate::conformance_tests), and as [`CASES`] for programs that run them against many.

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

use std::future::Future;
use std::pin::Pin;
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
/// `embedded::importing_again_changes_nothing` and so on. The expression is evaluated for each.
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
            businesses: what_was_said_comes_back_to_the_last_bit,
                a_business_that_never_was_is_absent,
                every_change_makes_one_version,
                another_version_is_refused_and_told,
                what_was_removed_is_gone,
                only_owners_and_operators_change_a_business,
                operators_say_whose_a_business_is,
                an_owner_has_no_more_than_allowed,
                a_walk_over_what_is_owned_meets_everything_once;
            batches: a_refused_order_does_not_undo_its_neighbours,
                later_orders_see_what_earlier_ones_did,
                batches_at_one_moment_act_one_after_the_other,
                concurrent_callers_get_their_own_answers,
                what_was_answered_survives_reopening;
            keys: an_order_given_again_is_answered_as_before,
                a_key_of_another_order_is_refused,
                a_key_is_its_callers_own,
                a_key_is_forgotten_after_a_day,
                a_refused_order_may_come_again_with_its_key;
            imports: importing_again_changes_nothing,
                an_import_changes_what_is_different,
                an_import_leaves_what_is_owned_alone,
                a_place_twice_in_an_import_is_one_business,
                a_taken_id_refuses_the_whole_import;
            scans: a_scan_finds_what_lies_in_its_ranges,
                a_scan_goes_on_behind_its_last_row,
                counts_agree_with_rows,
                businesses_are_found_by_category_and_group,
                businesses_are_found_where_they_are_now,
                hours_come_when_asked_for,
                names_come_when_asked_for,
                densities_count_what_is_there;
            hexagons: cells_of_a_viewport_count_what_is_there,
                counters_follow_every_change,
                counters_are_right_however_orders_share_a_batch;
            feed: the_feed_tells_every_change_once_in_order,
                a_business_that_changed_again_is_told_last,
                what_changes_nothing_is_not_told,
                a_position_of_another_history_is_refused,
                removals_are_forgotten_after_a_week,
                a_category_without_businesses_is_forgotten_after_a_week,
                who_follows_while_others_write_misses_nothing;
            searches: a_category_that_never_was_is_refused,
                a_search_agrees_with_brute_force,
                circles_over_a_pole_are_whole,
                circles_over_the_antimeridian_are_whole,
                a_millimetre_decides,
                circles_larger_than_any_cell_are_searched,
                a_rare_category_is_found_far_away,
                only_those_open_then_are_found,
                a_stale_hint_changes_nothing,
                a_search_tells_as_much_as_asked_for;
            walks: five_hundred_on_one_point_come_in_the_order_of_ids,
                pages_of_any_size_meet_everything_once_in_order,
                walks_while_others_write_meet_each_unchanged_business_once;
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
