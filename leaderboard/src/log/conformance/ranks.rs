//! Who stands where.

use super::Backend;
use super::world::{LATEST, SUMS, World, change, event, lines, user, write};
use crate::Amount::{Delta, Score};
use crate::{Entry, Mutation, Neighbours, PageStart, Ranking, Rules, ScoreRange, Wins};

async fn with_scores(backend: &dyn Backend, rules: Rules, scores: &[(&str, i64)]) -> World {
    let world = World::open(backend).await;
    world.put_board("b", rules).await.expect("made");
    for (n, (player, score)) in scores.iter().enumerate() {
        let ScoreRange { min, max } = world.index.range();
        let score = Score((*score).clamp(min, max));
        world.score(&n.to_string(), "b", player, score).await.expect("counted");
    }
    world
}

const TIES: [(&str, i64); 6] = [("f", 1), ("e", 2), ("d", 2), ("c", 2), ("b", 3), ("a", 4)];

/// The same score again isn't reached anew; another one and back is.
pub async fn among_equals_whoever_was_first_stands_first(backend: &dyn Backend) {
    let rules = Rules { ranking: Ranking::Ordinal, ..LATEST };
    let world = with_scores(backend, rules, &[("zoe", 5), ("ann", 5), ("bob", 4)]).await;
    assert_eq!(world.table("b").await, ["zoe 1 5", "ann 2 5", "bob 3 4"]);
    world.score("same", "b", "zoe", Score(5)).await.expect("counted");
    assert_eq!(world.table("b").await, ["zoe 1 5", "ann 2 5", "bob 3 4"]);
    world.score("down", "b", "zoe", Score(4)).await.expect("counted");
    world.score("up", "b", "zoe", Score(5)).await.expect("counted");
    assert_eq!(world.table("b").await, ["ann 1 5", "zoe 2 5", "bob 3 4"]);
}

/// Standard, dense, ordinal, and from one to the other with players on the board.
pub async fn ranks_are_counted_as_the_board_says(backend: &dyn Backend) {
    let world = with_scores(backend, LATEST, &TIES).await;
    for (ranking, ranks) in [
        (Ranking::Standard, [1, 2, 3, 3, 3, 6]),
        (Ranking::Dense, [1, 2, 3, 3, 3, 4]),
        (Ranking::Ordinal, [1, 2, 3, 4, 5, 6]),
        (Ranking::Standard, [1, 2, 3, 3, 3, 6]),
    ] {
        world.put_board("b", Rules { ranking, ..LATEST }).await.expect("changed");
        let page = world.page("b", PageStart::Place(0), 10).await;
        let found: Vec<_> = page.standings.iter().map(|it| it.rank).collect();
        assert_eq!(found, ranks, "{ranking:?}");
        for (player, rank) in ["a", "b", "e", "d", "c", "f"].into_iter().zip(ranks) {
            let standing = world.standing("b", player).await.expect("there");
            assert_eq!(standing.rank, rank, "{ranking:?} {player}");
        }
        let late = world.page("b", PageStart::Place(3), 2).await;
        assert_eq!(late.standings.iter().map(|it| it.rank).collect::<Vec<_>>(), ranks[3..5]);
    }
}

/// To the ends of what a score can be.
pub async fn low_scores_win_where_the_board_says_so(backend: &dyn Backend) {
    let rules = Rules { wins: Wins::Low, ..LATEST };
    let scores = [("ann", i64::MAX), ("bob", i64::MIN), ("cid", 0), ("dan", 0), ("eve", -1)];
    let world = with_scores(backend, rules, &scores).await;
    let table = world.table("b").await;
    let ScoreRange { min, max } = world.index.range();
    let expected = [
        format!("bob 1 {min}"),
        "eve 2 -1".to_owned(),
        "cid 3 0".to_owned(),
        "dan 3 0".to_owned(),
        format!("ann 5 {max}"),
    ];
    assert_eq!(table, expected);
}

/// Players are answered in the order in which they were asked for.
pub async fn who_is_absent_has_no_rank(backend: &dyn Backend) {
    let world = with_scores(backend, LATEST, &[("ann", 0)]).await;
    let board = world.board("b").await;
    let users = [user("bob"), user("ann"), user("bob"), user("ann:{*}|@")];
    let found = world.index.players(&board, &users).await.expect("read");
    let present: Vec<_> = found.standings.iter().map(Option::is_some).collect();
    assert_eq!((present, found.count), (vec![false, true, false, false], 1));
    let view = world.view("b", 10, "bob", 4).await;
    assert_eq!((lines(&view.top), view.neighbours), (vec!["ann 1 0".to_owned()], None));
    world.put_board("empty", SUMS).await.expect("made");
    let view = world.view("empty", 10, "bob", 4).await;
    assert_eq!((view.count, view.top, view.neighbours), (0, vec![], None));
    let page = world.page("empty", PageStart::Place(0), 10).await;
    assert_eq!((page.count, page.standings), (0, vec![]));
    assert_eq!(world.standing("empty", "ann").await, None);
}

/// At ranks 1, 2, in the middle, at the last, and on a board of one.
pub async fn neighbours_are_found_at_both_ends(backend: &dyn Backend) {
    let rules = Rules { ranking: Ranking::Ordinal, ..LATEST };
    let world = with_scores(backend, rules, &TIES).await;
    let around = async |player: &str, each| {
        let view = world.view("b", 2, player, each).await;
        assert_eq!((view.count, lines(&view.top)), (6, vec!["a 1 4".into(), "b 2 3".into()]));
        let Neighbours { first, own, standings } = view.neighbours.expect("there");
        assert_eq!(standings[own].user.as_str(), player);
        assert_eq!(standings[own].rank, first + own as u64 + 1, "ranks are places here");
        lines(&standings)
    };
    assert_eq!(around("a", 2).await, ["a 1 4", "b 2 3", "e 3 2"]);
    assert_eq!(around("b", 2).await, ["a 1 4", "b 2 3", "e 3 2", "d 4 2"]);
    assert_eq!(around("d", 1).await, ["e 3 2", "d 4 2", "c 5 2"]);
    assert_eq!(around("f", 2).await, ["d 4 2", "c 5 2", "f 6 1"]);
    assert_eq!(around("f", 0).await, ["f 6 1"]);
    assert_eq!(around("d", 50).await.len(), 6);
    world.put_board("one", LATEST).await.expect("made");
    world.score("x", "one", "ann", Score(1)).await.expect("counted");
    let view = world.view("one", 0, "ann", 4).await;
    assert_eq!(view.top, vec![]);
    let Neighbours { first, own, standings } = view.neighbours.expect("there");
    assert_eq!((lines(&standings), first, own), (vec!["ann 1 1".to_owned()], 0, 0));
}

/// Also behind one that nobody has any more, and behind the end.
pub async fn a_page_begins_behind_an_entry_or_at_a_place(backend: &dyn Backend) {
    let world = with_scores(backend, LATEST, &TIES).await;
    let first = world.page("b", PageStart::Place(0), 3).await;
    assert_eq!(lines(&first.standings), ["a 1 4", "b 2 3", "e 3 2"]);
    let last = first.standings[2].entry;
    let second = world.page("b", PageStart::After(last), 10).await;
    assert_eq!(lines(&second.standings), ["d 3 2", "c 3 2", "f 6 1"]);
    // Nobody has this one any more.
    world.score("e", "b", "e", Score(9)).await.expect("counted");
    let second = world.page("b", PageStart::After(last), 1).await;
    assert_eq!((lines(&second.standings), second.count), (vec!["d 4 2".to_owned()], 6));
    for (place, found) in [(5, 1), (6, 0), (u64::MAX, 0)] {
        assert_eq!(world.page("b", PageStart::Place(place), 10).await.standings.len(), found);
    }
    let end = Entry { score: i64::MIN, ..last };
    assert!(world.page("b", PageStart::After(end), 10).await.standings.is_empty());
}

/// Whatever others do meanwhile.
pub async fn a_walk_meets_everybody_who_stays_once(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let post = |key: String, player: String, delta| {
        write(Mutation::Post(event(&key, vec![change("b", &player, Delta(delta))])))
    };
    let all = (0..60).map(|n| post(format!("p{n}"), format!("p{n:02}"), n / 4));
    world.append(all.collect()).await;
    let (mut met, mut start, mut step) = (Vec::new(), PageStart::Place(0), 0);
    loop {
        let page = world.page("b", start, 7).await;
        let Some(last) = page.standings.last() else { break };
        start = PageStart::After(last.entry);
        met.extend(page.standings.iter().map(|it| it.user.to_string()));
        // Some move meanwhile, from anywhere to anywhere.
        step += 1;
        let mover = |n: i64| post(format!("m{step} {n}"), format!("p{:02}", n * 9), 40 - 20 * n);
        world.append((0..3).map(mover).collect()).await;
    }
    for n in (0..60).filter(|n| ![0, 9, 18].contains(n)) {
        let times = met.iter().filter(|met| **met == format!("p{n:02}")).count();
        assert_eq!(times, 1, "p{n:02} in {met:?}");
    }
}

/// By who was first; and whoever comes behind them knows how many there are.
pub async fn ten_thousand_equals_are_told_apart(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", LATEST).await.expect("made");
    for part in 0..40 {
        let one = |n: i32| {
            let player = format!("p{:05}", part * 250 + n);
            write(Mutation::Post(event(&player, vec![change("b", &player, Score(7))])))
        };
        world.append((0..250).map(one).collect()).await;
    }
    world.score("x", "b", "last", Score(6)).await.expect("counted");
    assert_eq!(world.standing("b", "last").await.expect("there").rank, 10_001);
    assert_eq!(world.standing("b", "p09999").await.expect("there").rank, 1);
    let page = world.page("b", PageStart::Place(9_998), 3).await;
    assert_eq!(lines(&page.standings), ["p09998 1 7", "p09999 1 7", "last 10001 6"]);
    world.put_board("b", Rules { ranking: Ranking::Ordinal, ..LATEST }).await.expect("changed");
    assert_eq!(world.standing("b", "p09999").await.expect("there").rank, 10_000);
}
