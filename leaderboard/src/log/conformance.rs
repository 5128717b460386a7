//! The cases that every log and index pass together: one list, stamped out as tests for each by
//! [`conformance_tests!`](sql::conformance_tests), and as [`CASES`] for programs that run them against many.

pub mod bans;
pub mod boards;
pub mod erasing;
pub mod events;
pub mod following;
pub mod keys;
mod oracle;
pub mod random;
pub mod random_seasons;
pub mod ranks;
pub mod schedules;
pub mod scores;
mod season_oracle;
pub mod seasons;
mod world;

use std::sync::Arc;

use crate::{Answer, Index, Log};
pub use world::NOW;

/// What is tested: a place of its own for the data of one case.
pub trait Backend: Send + Sync {
    /// Opens log and index, empty at first. Again, after those before were dropped: with what was answered.
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)>;
}

/// The whole list.
pub const CASES: &[sql::conformance::Case<dyn Backend>] =
    crate::conformance_list! { (sql::conformance_cases) crate () };

/// Gives the whole list to a macro of [`sql`].
#[macro_export]
macro_rules! conformance_list {
    (($then:ident::$macro:ident) $($given:tt)*) => {
        $then::$macro! { @ $($given)*
            boards::a_board_is_made_and_read_back,
            boards::the_same_rules_again_change_nothing,
            boards::what_wins_and_what_is_kept_are_fixed,
            boards::a_range_that_no_score_is_in_is_refused,
            boards::boards_are_listed_in_the_order_of_their_names,
            boards::a_board_that_is_made_again_shows_nothing_of_the_old_one,
            scores::a_sum_adds_what_is_posted,
            scores::the_best_score_stays,
            scores::the_latest_score_replaces_the_one_before,
            scores::zero_and_negative_changes_count,
            scores::the_ends_of_the_range_are_in_it,
            scores::a_sum_never_overflows,
            scores::each_operator_takes_its_own_kind_of_amount,
            events::an_event_over_boards_happens_as_a_whole_or_not_at_all,
            events::changes_of_one_event_see_each_other,
            events::positions_have_no_gaps_and_follow_the_order,
            events::a_refused_event_does_not_undo_its_neighbours,
            events::batches_at_one_moment_act_one_after_the_other,
            events::an_event_has_one_change_at_least_and_not_too_many,
            keys::the_same_event_counts_once,
            keys::another_event_under_a_used_key_is_refused,
            keys::two_producers_may_use_the_same_key,
            keys::a_refused_event_stays_refused,
            keys::a_key_is_remembered_for_a_day,
            keys::events_dated_too_early_or_ahead_are_refused,
            keys::a_hundred_copies_at_once_count_once,
            keys::keys_survive_reopening,
            bans::a_ban_hides_a_player_who_goes_on_scoring,
            bans::a_ban_is_of_one_board,
            bans::bans_survive_reopening,
            following::changes_come_to_what_entries_say,
            following::changes_end_at_the_head,
            following::heads_say_how_far_boards_have_come,
            following::a_log_keeps_its_id,
            following::whoever_watches_a_board_is_told,
            ranks::among_equals_whoever_was_first_stands_first,
            ranks::ranks_are_counted_as_the_board_says,
            ranks::low_scores_win_where_the_board_says_so,
            ranks::who_is_absent_has_no_rank,
            ranks::neighbours_are_found_at_both_ends,
            ranks::a_page_begins_behind_an_entry_or_at_a_place,
            ranks::a_walk_meets_everybody_who_stays_once,
            ranks::ten_thousand_equals_are_told_apart,
            seasons::a_season_ends_to_the_millisecond,
            seasons::late_events_count_in_their_season_until_its_grace_ends,
            seasons::a_season_that_ended_unseen_ends_once_at_its_own_end,
            seasons::seasons_of_which_nobody_saw_anything_never_took_place,
            seasons::clocks_that_differ_come_to_one_end,
            schedules::clocks_of_the_place_say_when_a_season_ends,
            schedules::a_board_that_ended_takes_no_more_until_it_begins_again,
            seasons::seasons_beyond_those_that_are_kept_are_gone,
            seasons::ranks_of_a_sealed_season_are_final,
            schedules::another_schedule_holds_for_the_present_season,
            seasons::a_board_that_is_made_again_begins_with_its_first_season,
            schedules::rules_of_seasons_that_can_not_be_are_refused,
            seasons::whoever_follows_comes_to_the_same_over_seasons,
            erasing::whoever_is_erased_is_unknown_in_all_seasons,
            erasing::whoever_was_erased_begins_anew,
            erasing::a_ban_stays_with_what_was_scored,
            erasing::erasing_again_changes_nothing,
            erasing::whoever_follows_forgets_the_name,
            random::whatever_happens_ranks_agree_with_the_rules,
            random::what_was_answered_survives_reopening,
            random_seasons::whatever_happens_seasons_agree_with_the_rules,
        }
    };
}
