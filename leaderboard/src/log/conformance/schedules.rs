//! When seasons end: by the clocks of a place, once, or by another rule from now on.

use std::sync::Arc;

use model::Timestamp;

use super::Backend;
use super::seasons::{END, daily, days, point, repeats, seasons, table, with};
use super::world::{NOW, SUMS, World, board_id};
use crate::{
    Effect, Mutation, Outcome, Refusal, Reward, Rewarded, Schedule, SeasonRules, SeasonState,
};

fn ends(at: Timestamp) -> SeasonRules {
    SeasonRules { schedule: Schedule::Ends(at), ..repeats("0 0 * * *", "UTC") }
}

/// Over both changes of the clocks: the end is a moment, before which there is one season and after which another.
pub async fn clocks_of_the_place_say_when_a_season_ends(backend: &dyn Backend) {
    // 2026 in Berlin: 02:30 is left out on 29 March, and comes twice on 25 October.
    for (made, end, next) in [
        ("2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
        ("2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
    ] {
        let world = World::open(backend).await;
        let at = |text: &str| {
            Timestamp(text.parse::<jiff::Timestamp>().expect("a moment").as_millisecond())
        };
        let rules = with(repeats("30 2 * * *", "Europe/Berlin"));
        let put = Mutation::PutBoard { id: board_id("b"), rules };
        world.give_at(put, at(made)).await.expect("made");
        let key = |n: u32| format!("{end} {n}");
        assert_eq!(point(&world, &key(1), "ann", None, at(end).plus_ms(-1)).await, Ok(0));
        assert_eq!(point(&world, &key(2), "ann", None, at(end)).await, Ok(1));
        assert_eq!(point(&world, &key(3), "ann", None, at(next).plus_ms(-1)).await, Ok(1));
        assert_eq!(point(&world, &key(4), "ann", None, at(next)).await, Ok(2));
        world.give(Mutation::DeleteBoard { id: board_id("b") }).await.expect("deleted");
    }
}

/// What was scored stays to be read, and late events count in their time.
pub async fn a_board_that_ended_takes_no_more_until_it_begins_again(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", with(ends(END))).await.expect("made");
    assert_eq!(point(&world, "1", "ann", None, END.plus_ms(-1)).await, Ok(0));
    let closed = |at: Timestamp| Err(Refusal::SeasonClosed { closed_ms: at.0 });
    assert_eq!(point(&world, "2", "ann", None, END).await, closed(END));
    assert_eq!(point(&world, "3", "ann", Some(END), END.plus_ms(5)).await, closed(END));
    let late = Some(END.plus_ms(-1));
    assert_eq!(point(&world, "4", "ann", late, END.plus_ms(999)).await, Ok(0));
    let grace = END.plus_ms(1_000);
    assert_eq!(point(&world, "5", "ann", late, grace).await, closed(grace));
    assert_eq!(point(&world, "6", "ann", None, days(9)).await, closed(END));
    assert_eq!(world.table("b").await, ["ann 1 2"]);
    let put = |rules| Mutation::PutBoard { id: board_id("b"), rules: world.rules(rules) };
    let same = world.give_at(put(with(ends(END))), days(9)).await;
    assert!(matches!(same, Ok(Outcome::Board(Effect::Unchanged, _))), "{same:?}");
    world.give_at(put(with(ends(days(20)))), days(9)).await.expect("begins again");
    assert_eq!(point(&world, "7", "ann", None, days(9)).await, Ok(1));
    assert_eq!(point(&world, "8", "ann", late, days(9)).await, Err(Refusal::TooOld));
    assert_eq!(table(&world, 0).await, ["ann 1 2"]);
    assert_eq!(world.table("b").await, ["ann 1 1"]);
}

/// From the moment at which the board has it.
pub async fn another_schedule_holds_for_the_present_season(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    assert_eq!(seasons(&world).await, [(0, NOW, None, SeasonState::Open)]);
    assert_eq!(point(&world, "1", "ann", None, NOW).await, Ok(0));
    world.put_board("b", daily()).await.expect("changed");
    assert_eq!(seasons(&world).await, [(0, NOW, Some(END), SeasonState::Open)]);
    let hourly = with(repeats("0 * * * *", "UTC"));
    world.put_board("b", hourly).await.expect("changed");
    let hour = Timestamp(1_700_002_800_000);
    assert_eq!(seasons(&world).await, [(0, NOW, Some(hour), SeasonState::Open)]);
    world.put_board("b", SUMS).await.expect("changed");
    assert_eq!(point(&world, "2", "ann", None, days(5)).await, Ok(0), "for ever");
    assert_eq!(world.table("b").await, ["ann 1 2"]);
}

/// And change nothing.
pub async fn rules_of_seasons_that_can_not_be_are_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let daily_with = |change: fn(&mut SeasonRules)| {
        let mut rules = repeats("0 0 * * *", "UTC");
        change(&mut rules);
        with(rules)
    };
    let reward = Reward { to: Rewarded::Ranks { from: 1, to: 1 }, data: "{}".into() };
    let rewards = |from, archives| {
        let to = Rewarded::Ranks { from, to: 1 };
        let rewards = Arc::from([Reward { to, ..reward.clone() }]);
        with(SeasonRules { archives, rewards, ..repeats("0 0 * * *", "UTC") })
    };
    for rules in [
        daily_with(|rules| rules.grace_ms = -1),
        daily_with(|rules| rules.grace_ms = crate::limits::GRACE_MS_MAX + 1),
        daily_with(|rules| rules.archives = crate::limits::ARCHIVES_MAX + 1),
        rewards(0, 1),
        // They could never be read.
        rewards(1, 0),
    ] {
        assert_eq!(world.put_board("b", rules).await, Err(Refusal::Season));
    }
    for over in [ends(NOW), ends(NOW.plus_ms(-1)), repeats("0 0 31 2 *", "UTC")] {
        assert_eq!(world.put_board("b", with(over)).await, Err(Refusal::SeasonOver));
    }
    assert_eq!(world.log.board(&board_id("b")).await, Ok(None));
    let last = SeasonRules { grace_ms: 0, archives: 0, ..ends(NOW.plus_ms(1)) };
    assert_eq!(world.put_board("b", with(last)).await, Ok(Effect::Created));
}
