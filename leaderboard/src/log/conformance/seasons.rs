//! Seasons: their ends, what comes late, and what is kept of them.

use std::sync::Arc;

use model::Timestamp;

use super::Backend;
use super::following::{copy, follow};
use super::world::{NOW, SUMS, World, board_id, change, event, lines};
use crate::Amount::Delta;
use crate::{
    Calendar, Effect, Mutation, Outcome, PageStart, Ranking, Refusal, Rules, Schedule, ScoreEvent,
    SeasonRules, SeasonState,
};

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The first midnight after [`NOW`], of 15 November 2023, UTC.
pub(super) const END: Timestamp = Timestamp(1_700_006_400_000);

pub(super) fn days(count: i64) -> Timestamp {
    END.plus_ms(count * DAY_MS)
}

pub(super) fn repeats(expression: &str, zone: &str) -> SeasonRules {
    let calendar = Calendar::parse(expression, zone).expect("a calendar");
    let schedule = Schedule::Repeats(calendar);
    SeasonRules { schedule, grace_ms: 1_000, archives: 3, rewards: Arc::from([]) }
}

/// Sums, from midnight to midnight, with a second of grace.
pub(super) fn daily() -> Rules {
    with(repeats("0 0 * * *", "UTC"))
}

pub(super) fn with(season: SeasonRules) -> Rules {
    Rules { season: Some(Arc::new(season)), ..SUMS }
}

/// A player scores a point, under the next of `keys`.
pub(super) async fn point(
    world: &World,
    key: &str,
    player: &str,
    happened: Option<Timestamp>,
    at: Timestamp,
) -> Result<u32, Refusal> {
    let event = ScoreEvent { happened, ..event(key, vec![change("b", player, Delta(1))]) };
    let applied = world.post_at(event, at).await?;
    Ok(applied[0].standings.season)
}

async fn end(world: &World, at: Timestamp) -> Effect {
    match world.give_at(Mutation::EndSeasons { board: board_id("b") }, at).await {
        Ok(Outcome::Seasons(effect, ..)) => effect,
        other => panic!("{other:?}"),
    }
}

/// Everybody on a season, as `player rank score`.
pub(super) async fn table(world: &World, season: u32) -> Vec<String> {
    let board = world.board("b").await.in_season(season).expect("it is kept");
    lines(&world.index.page(&board, PageStart::Place(0), 100).await.expect("read").standings)
}

/// Each season that is kept: number, beginning, end, state.
pub(super) async fn seasons(
    world: &World,
) -> Vec<(u32, Timestamp, Option<Timestamp>, SeasonState)> {
    let board = world.board("b").await;
    board.seasons().map(|it| (it.number, it.starts, it.ends, it.state())).collect()
}

/// Its last one is of the season, the next of the one after it.
pub async fn a_season_ends_to_the_millisecond(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    assert_eq!(seasons(&world).await, [(0, NOW, Some(END), SeasonState::Open)]);
    assert_eq!(point(&world, "1", "ann", None, END.plus_ms(-1)).await, Ok(0));
    assert_eq!(point(&world, "2", "ann", None, END).await, Ok(1));
    assert_eq!(point(&world, "3", "ann", None, days(1).plus_ms(-1)).await, Ok(1));
    assert_eq!(table(&world, 0).await, ["ann 1 1"]);
    assert_eq!(world.table("b").await, ["ann 1 2"], "a season begins with nothing");
    let first = (0, NOW, Some(END), SeasonState::Sealed);
    let second = (1, END, Some(days(1)), SeasonState::Open);
    assert_eq!(seasons(&world).await, [first, second]);
}

/// An event that says when it happened is of the season in which it did; what happens later than it comes happens now.
pub async fn late_events_count_in_their_season_until_its_grace_ends(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    let (last, grace) = (END.plus_ms(-1), END.plus_ms(1_000));
    assert_eq!(point(&world, "1", "ann", Some(END), last).await, Ok(0), "ahead of its time");
    assert_eq!(point(&world, "2", "ann", Some(NOW.plus_ms(-5)), END).await, Ok(0), "before all");
    assert_eq!(seasons(&world).await[0].3, SeasonState::Grace);
    assert_eq!(point(&world, "3", "ann", Some(last), grace.plus_ms(-1)).await, Ok(0));
    assert_eq!(point(&world, "4", "ann", Some(END), grace.plus_ms(-1)).await, Ok(1));
    let closed = Err(Refusal::SeasonClosed { closed_ms: grace.0 });
    assert_eq!(point(&world, "5", "ann", Some(last), grace).await, closed);
    assert_eq!(seasons(&world).await[0].3, SeasonState::Sealed);
    // Whatever a clock says that is behind.
    assert_eq!(point(&world, "6", "ann", Some(last), END).await, closed);
    assert_eq!(point(&world, "5", "ann", Some(last), END).await, closed, "told as the first time");
    assert_eq!(table(&world, 0).await, ["ann 1 3"]);
    assert_eq!(table(&world, 1).await, ["ann 1 1"]);
}

/// Also if the process was started again before anybody looked.
pub async fn a_season_that_ended_unseen_ends_once_at_its_own_end(backend: &dyn Backend) {
    {
        let world = World::open(backend).await;
        world.put_board("b", daily()).await.expect("made");
        assert_eq!(point(&world, "1", "ann", None, NOW).await, Ok(0));
        assert_eq!(end(&world, END.plus_ms(-1)).await, Effect::Unchanged);
    }
    let world = World::open(backend).await;
    let after = END.plus_ms(DAY_MS / 2);
    assert_eq!(end(&world, after).await, Effect::Changed);
    assert_eq!(end(&world, after).await, Effect::Unchanged, "once");
    let first = (0, NOW, Some(END), SeasonState::Sealed);
    let second = (1, END, Some(days(1)), SeasonState::Open);
    assert_eq!(seasons(&world).await, [first, second]);
    assert_eq!(table(&world, 0).await, ["ann 1 1"]);
    drop(world);
    assert_eq!(seasons(&World::open(backend).await).await, [first, second]);
}

/// The next one is the one that contains the present; what happened between is of no season.
pub async fn seasons_of_which_nobody_saw_anything_never_took_place(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    let now = days(3).plus_ms(7);
    assert_eq!(point(&world, "1", "ann", None, now).await, Ok(1));
    let first = (0, NOW, Some(END), SeasonState::Sealed);
    let second = (1, days(3), Some(days(4)), SeasonState::Open);
    assert_eq!(seasons(&world).await, [first, second]);
    let between = point(&world, "2", "ann", Some(days(3).plus_ms(-1)), now).await;
    assert_eq!(between, Err(Refusal::SeasonClosed { closed_ms: END.plus_ms(1_000).0 }));
    assert_eq!(point(&world, "3", "ann", Some(days(3)), now).await, Ok(1));
}

/// The log says which season it is: whose clock is behind finds the next one.
pub async fn clocks_that_differ_come_to_one_end(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    let behind = END.plus_ms(-20);
    assert_eq!(point(&world, "1", "ann", None, END).await, Ok(1));
    assert_eq!(end(&world, behind).await, Effect::Unchanged);
    assert_eq!(point(&world, "2", "ann", None, behind).await, Ok(1), "now is now");
    assert_eq!(point(&world, "3", "ann", Some(behind), behind).await, Ok(0), "in its grace");
    assert_eq!(seasons(&world).await.len(), 2);
}

/// With all that was on them.
pub async fn seasons_beyond_those_that_are_kept_are_gone(backend: &dyn Backend) {
    {
        let world = World::open(backend).await;
        let rules = SeasonRules { archives: 1, ..repeats("0 0 * * *", "UTC") };
        world.put_board("b", with(rules)).await.expect("made");
        for day in 0..4_u32 {
            let (key, at) = (day.to_string(), days(i64::from(day)).plus_ms(-1));
            assert_eq!(point(&world, &key, "ann", None, at).await, Ok(day));
        }
    }
    let world = World::open(backend).await;
    let numbers = seasons(&world).await.into_iter().map(|(number, ..)| number);
    assert_eq!(numbers.collect::<Vec<_>>(), [2, 3]);
    assert_eq!(table(&world, 2).await, ["ann 1 1"]);
    let board = world.board("b").await;
    assert_eq!(board.in_season(1), None);
    let kept = copy(&world, board.number).await;
    let mut kept: Vec<u32> = kept.keys().map(|(standings, _)| standings.season).collect();
    kept.sort_unstable();
    assert_eq!(kept, [2, 3], "of the others nothing is told");
    let late = point(&world, "late", "ann", Some(days(1)), days(2)).await;
    assert!(matches!(late, Err(Refusal::SeasonClosed { .. })), "{late:?}");
    // Fewer from now on.
    let rules = SeasonRules { archives: 0, ..repeats("0 0 * * *", "UTC") };
    let put = Mutation::PutBoard { id: board_id("b"), rules: with(rules) };
    world.give_at(put, days(2).plus_ms(5_000)).await.expect("changed");
    assert_eq!(seasons(&world).await.len(), 1);
}

/// Neither a ban nor other rules change them; whoever was banned when it was sealed isn't on it.
pub async fn ranks_of_a_sealed_season_are_final(backend: &dyn Backend) {
    let final_table = ["bob 1 1", "cid 1 1", "dan 3 -1"];
    {
        let world = World::open(backend).await;
        world.put_board("b", daily()).await.expect("made");
        for (key, player, delta) in
            [("1", "ann", 5), ("2", "bob", 1), ("3", "cid", 1), ("4", "dan", -1)]
        {
            world.score(key, "b", player, Delta(delta)).await.expect("counted");
        }
        world.ban("b", "dan", true).await;
        assert_eq!(end(&world, END).await, Effect::Changed);
        // Both hold in its grace.
        let ban = |player: &str, is_banned| {
            let user = super::world::user(player);
            Mutation::Ban { board: board_id("b"), user, is_banned }
        };
        world.give_at(ban("ann", true), END).await.expect("banned");
        world.give_at(ban("dan", false), END).await.expect("no more");
        assert_eq!(table(&world, 0).await, final_table);
        assert_eq!(end(&world, END.plus_ms(1_000)).await, Effect::Changed);
        world.give_at(ban("ann", false), days(0).plus_ms(2_000)).await.expect("no more");
        world.give_at(ban("bob", true), days(0).plus_ms(2_000)).await.expect("banned");
        let rules = Rules { ranking: Ranking::Ordinal, ..daily() };
        let put = Mutation::PutBoard { id: board_id("b"), rules };
        world.give_at(put, days(0).plus_ms(2_000)).await.expect("changed");
        assert_eq!(table(&world, 0).await, final_table);
    }
    assert_eq!(table(&World::open(backend).await, 0).await, final_table);
}

/// And has nothing of those before.
pub async fn a_board_that_is_made_again_begins_with_its_first_season(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    assert_eq!(point(&world, "1", "ann", None, NOW).await, Ok(0));
    assert_eq!(point(&world, "2", "ann", None, END).await, Ok(1));
    world.give(Mutation::DeleteBoard { id: board_id("b") }).await.expect("deleted");
    let gone = world.give(Mutation::EndSeasons { board: board_id("b") }).await;
    assert_eq!(gone, Err(Refusal::NoSuchBoard));
    world.put_board("b", daily()).await.expect("made");
    assert_eq!(seasons(&world).await, [(0, NOW, Some(END), SeasonState::Open)]);
    assert_eq!(world.table("b").await, Vec::<String>::new());
}

/// Ends and seals are changes at positions of their own.
pub async fn whoever_follows_comes_to_the_same_over_seasons(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", daily()).await.expect("made");
    let board = world.board("b").await.number;
    // Who follows is heard from the first time on that they ask.
    let (mut followed, mut at) = (copy(&world, board).await, 0);
    follow(&world, board, &mut followed, &mut at).await;
    for (key, player) in [("1", "ann"), ("2", "bob")] {
        assert_eq!(point(&world, key, player, None, NOW).await, Ok(0));
    }
    world.ban("b", "bob", true).await;
    assert_eq!(point(&world, "3", "ann", None, END).await, Ok(1));
    assert_eq!(end(&world, days(0).plus_ms(1_000)).await, Effect::Changed);
    follow(&world, board, &mut followed, &mut at).await;
    assert_eq!(at, 6, "two points, a ban, an end, a point, a seal");
    assert_eq!(followed, copy(&world, board).await);
    let names: Vec<_> = followed.keys().map(|(it, user)| (it.season, user.as_str())).collect();
    assert_eq!(names.len(), 2, "bob is left out: {names:?}");
}
