//! Every order of everything: blocks, friendships, fixes, readings and deliveries are under way together, and a random
//! schedule says which of them goes a step on next. Nobody is told of a fix that was sent after their friendship had ended,
//! whatever the order; and when everything has come to its end, everybody sees exactly whom they should. Movement history
//! answers in any order, or not at all: fixes are acknowledged in order and no better than they are kept.

mod acks;
mod judge;
mod notes;
mod stage;
mod theme;

use model::{Random, SeededRandom};

use super::history::Answers;
use crate::session::seam::{Planted, plant};
use stage::Stage;
use theme::THEMES;

/// Steps of one schedule.
const STEPS: usize = 60;

/// In how many schedules a planted fault must be found.
const FOUND_WITHIN: u64 = 10_000;

/// Schedules of the real thing; more with [`LONG_VARIABLE`].
const SCHEDULES: u64 = 10_000;
const SCHEDULES_LONG: u64 = 100_000;

/// With this variable at 1 tests take their time.
const LONG_VARIABLE: &str = "WHEREABOUTS_LONG";

/// What is wrong at the end of a schedule, or in it; with all that happened.
fn run(seed: u64) -> Result<(), String> {
    let random = SeededRandom::new(seed);
    let below = |end: usize| (random.next_u64() % end as u64) as usize;
    let answers = [None, Some(Answers::All), Some(Answers::Some)][below(3)];
    let mut stage = Stage::new(answers);
    let theme = &THEMES[below(THEMES.len())];
    for _ in 0..STEPS {
        stage.step(theme, &below)?;
    }
    stage.end()
}

/// The first schedule in which something is wrong, and what.
fn first_fault(schedules: u64) -> Option<(u64, String)> {
    (0..schedules).find_map(|seed| run(seed).err().map(|why| (seed, why)))
}

#[test]
fn in_no_order_is_anybody_shown_whom_they_may_not_see_or_missed() {
    let long = std::env::var_os(LONG_VARIABLE).is_some_and(|long| long == "1");
    let found = first_fault(if long { SCHEDULES_LONG } else { SCHEDULES });
    if let Some((schedule, why)) = found {
        panic!("schedule {schedule}: {why}");
    }
}

#[test]
fn faults_of_before_are_found() {
    for fault in [Planted::SlotGivenAway, Planted::TimerKept, Planted::TakenApart] {
        plant(Some(fault));
        let found = first_fault(FOUND_WITHIN);
        plant(None);
        let (seed, why) = found.unwrap_or_else(|| panic!("{fault:?} isn't found"));
        println!(
            "{fault:?} is found by schedule {seed}: {}",
            why.lines().next().unwrap_or_default()
        );
    }
}
