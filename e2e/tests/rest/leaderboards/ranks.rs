//! Who stands where: ties, the three ways to count ranks, pages, neighbours, percentiles.

use e2e::Sandbox;
use serde_json::{Value, json};

use super::world::{add, get, listed, make, post, rows, set, standing, sums, walk};

/// A board of five, three of whom share a score, which c reached first, then a, then b.
async fn with_ties(world: &Sandbox, board: &str, wins: &str, ranks: &str) {
    make(world, board, json!({ "wins": wins, "operator": "latest", "ranks": ranks })).await;
    for (n, (user, score)) in
        [("top", 30), ("c", 20), ("a", 25), ("a", 20), ("b", 20), ("last", 10)].iter().enumerate()
    {
        let score = if wins == "high" { *score } else { -score };
        set(world, board, user, &format!("{board}-{n}"), score).await;
    }
}

#[tokio::test]
async fn of_equals_whoever_came_first_stands_first_and_ranks_are_counted_as_the_board_says() {
    let world = Sandbox::start().await;
    for (ranks, expected) in
        [("standard", [1, 2, 2, 2, 5]), ("dense", [1, 2, 2, 2, 3]), ("ordinal", [1, 2, 3, 4, 5])]
    {
        for (wins, sign) in [("high", 1), ("low", -1)] {
            let board = format!("{wins}-{ranks}");
            with_ties(&world, &board, wins, ranks).await;
            let who = [("top", 30), ("c", 20), ("a", 20), ("b", 20), ("last", 10)];
            let expected: Vec<_> = who
                .iter()
                .zip(expected)
                .map(|((user, score), rank)| ((*user).to_owned(), rank, sign * score))
                .collect();
            for limit in [1, 2, 3, 100] {
                assert_eq!(walk(&world, &board, limit).await, expected, "{board} by {limit}");
            }
            // The share of those who aren't better, whatever the ranking.
            for (user, percentile) in
                [("top", 100.0), ("c", 80.0), ("a", 80.0), ("b", 80.0), ("last", 20.0)]
            {
                let told = standing(&world, &board, user).await;
                assert_eq!(told["percentile"], percentile, "{board}: {told}");
                let own = expected.iter().find(|it| it.0 == user).expect("a player");
                assert_eq!((&told["rank"], &told["score"]), (&json!(own.1), &json!(own.2)));
            }
        }
    }
}

#[tokio::test]
async fn neighbours_are_those_who_are_there() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    let around = async |user: &str, each: usize| {
        let path = format!("/v1/scores/{user}?board=weekly&around={each}");
        let around = get(&world, &path).await["around"].clone();
        listed(&around).into_iter().map(|(user, rank, _)| (user, rank)).collect::<Vec<_>>()
    };
    let ranks = |from: u64, to: u64| (from..=to).map(|n| (format!("p{n}"), n)).collect::<Vec<_>>();
    add(&world, "weekly", "p1", "1", 1_000).await;
    // A board of one.
    assert_eq!(around("p1", 4).await, ranks(1, 1));
    let alone = standing(&world, "weekly", "p1").await;
    assert_eq!((&alone["percentile"], &alone["count"]), (&json!(100.0), &json!(1)));
    for n in 2..=20 {
        add(&world, "weekly", &format!("p{n}"), &n.to_string(), 1_000 - n).await;
    }
    for (user, each, from, to) in [
        ("p1", 4, 1, 5),
        ("p2", 4, 1, 6),
        ("p5", 4, 1, 9),
        ("p6", 4, 2, 10),
        ("p19", 4, 15, 20),
        ("p20", 4, 16, 20),
        ("p20", 0, 20, 20),
        ("p10", 50, 1, 20),
    ] {
        assert_eq!(around(user, each).await, ranks(from, to), "{user} ± {each}");
    }
    assert_eq!(standing(&world, "weekly", "p10").await["around"].as_array().map(Vec::len), Some(9));
}

#[tokio::test]
async fn whoever_is_absent_has_no_rank_and_no_score() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    world.user("alice").await;
    let expected = json!({
        "board": "weekly", "season": 0, "as_of": "b1.0", "count": 0, "user": "alice", "display_name": null,
        "rank": null, "score": null, "percentile": null, "around": [],
    });
    assert_eq!(standing(&world, "weekly", "alice").await, expected);
    let top = get(&world, "/v1/scores?board=weekly").await;
    let expected = json!({
        "board": "weekly", "season": 0, "as_of": "b1.0", "count": 0, "standings": [], "next_cursor": null,
    });
    assert_eq!(top, expected);
    // 0 is a score like any other.
    add(&world, "weekly", "alice", "a", 0).await;
    let alice = standing(&world, "weekly", "alice").await;
    assert_eq!((&alice["rank"], &alice["score"]), (&json!(1), &json!(0)));
    assert_eq!(alice["display_name"], "alice");
    assert_eq!(standing(&world, "weekly", "nobody").await["rank"], Value::Null);
}

#[tokio::test]
async fn a_page_begins_at_a_rank() {
    let world = Sandbox::start().await;
    with_ties(&world, "weekly", "high", "standard").await;
    let from = async |rank: &str| {
        let page = get(&world, &format!("/v1/scores?board=weekly&limit=2&from_rank={rank}")).await;
        (listed(&page["standings"]), page["next_cursor"].is_null())
    };
    assert_eq!(from("1").await, (rows(&[("top", 1, 30), ("c", 2, 20)]), false));
    // The third player shares rank 2.
    assert_eq!(from("3").await, (rows(&[("a", 2, 20), ("b", 2, 20)]), false));
    assert_eq!(from("4").await, (rows(&[("b", 2, 20), ("last", 5, 10)]), true));
    assert_eq!(from("5").await, (rows(&[("last", 5, 10)]), true));
    assert_eq!(from("6").await, (rows(&[]), true));
    assert_eq!(from("18446744073709551615").await, (rows(&[]), true));
}

#[tokio::test]
async fn players_are_told_in_the_order_of_the_request() {
    let world = Sandbox::start().await;
    with_ties(&world, "weekly", "high", "standard").await;
    world.user("top").await;
    let path = "/v1/scores?board=weekly&user=last&user=nobody&user=top&user=a,b&user=last";
    let told = get(&world, path).await;
    let one = |user: &str, name: Value, rank: Value, score: Value| json!({ "user": user, "display_name": name, "rank": rank, "score": score });
    let last = one("last", Value::Null, json!(5), json!(10));
    let expected = json!([
        last,
        one("nobody", Value::Null, Value::Null, Value::Null),
        one("top", json!("top"), json!(1), json!(30)),
        one("a,b", Value::Null, Value::Null, Value::Null),
        last,
    ]);
    assert_eq!(told["standings"], expected);
    assert_eq!((&told["count"], &told["next_cursor"]), (&json!(5), &Value::Null));
}

#[tokio::test]
async fn a_walk_goes_on_behind_its_cursor_whatever_happens_to_scores() {
    let world = Sandbox::start().await;
    make(&world, "weekly", json!({ "wins": "high", "operator": "latest" })).await;
    for n in 1..=6 {
        set(&world, "weekly", &format!("p{n}"), &n.to_string(), 100 - n).await;
    }
    let first = get(&world, "/v1/scores?board=weekly&limit=2").await;
    assert_eq!(listed(&first["standings"]), rows(&[("p1", 1, 99), ("p2", 2, 98)]));
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    let next = async || {
        let path = format!("/v1/scores?board=weekly&limit=2&cursor={cursor}");
        listed(&get(&world, &path).await["standings"])
    };
    assert_eq!(next().await, rows(&[("p3", 3, 97), ("p4", 4, 96)]));
    // Whoever had the last entry moves up, is banned, or falls behind: the page begins where it began, ranks are of now.
    set(&world, "weekly", "p2", "up", 200).await;
    assert_eq!(next().await, rows(&[("p3", 3, 97), ("p4", 4, 96)]));
    assert_eq!(world.as_service("PUT", "/v1/boards/weekly/bans/p2", None).await.status, 204);
    assert_eq!(next().await, rows(&[("p3", 2, 97), ("p4", 3, 96)]));
    set(&world, "weekly", "p1", "down", 97).await;
    // An equal score that was reached later stands behind.
    assert_eq!(next().await, rows(&[("p3", 1, 97), ("p1", 1, 97)]));
    set(&world, "weekly", "p3", "over", 98).await;
    assert_eq!(next().await, rows(&[("p3", 1, 98), ("p1", 2, 97)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stays_is_met_once_by_every_walk_while_others_move() {
    let world = Sandbox::start().await;
    make(&world, "weekly", json!({ "wins": "low", "operator": "latest", "ranks": "ordinal" }))
        .await;
    let event = |key: String, user: String, score: usize| json!({ "key": key, "board": "weekly", "user": user, "score": score });
    let stays: Vec<String> = (0..200).map(|n| format!("stays{n}")).collect();
    let events = stays.iter().enumerate().map(|(n, user)| event(user.clone(), user.clone(), n / 5));
    let events: Vec<Value> = events.collect();
    assert_eq!(post(&world, json!({ "events": events })).await.status, 200);
    let moving = async {
        for round in 0_usize.. {
            let moves = |n: usize| {
                event(format!("{round}/{n}"), format!("moves{n}"), (round * 17 + n * 13) % 41)
            };
            let events: Vec<Value> = (0..30).map(moves).collect();
            assert_eq!(post(&world, json!({ "events": events })).await.status, 200);
        }
    };
    let walking = async {
        for limit in 3..23 {
            let mut met: Vec<String> =
                walk(&world, "weekly", limit).await.into_iter().map(|it| it.0).collect();
            met.retain(|user| user.starts_with("stays"));
            assert_eq!(met, stays, "by {limit}");
        }
    };
    tokio::select! {
        () = walking => {}
        () = moving => panic!("it goes on"),
    }
}

#[tokio::test]
async fn ten_thousand_who_share_a_score_stand_in_the_order_of_arrival() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    for batch in 0..40 {
        let event = |n: u32| {
            let user = format!("p{}", batch * 250 + n);
            json!({ "key": user, "board": "weekly", "user": user, "delta": 7 })
        };
        let events: Vec<Value> = (0..250).map(event).collect();
        let answer = post(&world, json!({ "events": events })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let top = get(&world, "/v1/scores?board=weekly&limit=3").await;
    assert_eq!(listed(&top["standings"]), rows(&[("p0", 1, 7), ("p1", 1, 7), ("p2", 1, 7)]));
    let end = get(&world, "/v1/scores?board=weekly&from_rank=9999").await;
    assert_eq!(listed(&end["standings"]), rows(&[("p9998", 1, 7), ("p9999", 1, 7)]));
    add(&world, "weekly", "p5000", "one more", 1).await;
    let last = standing(&world, "weekly", "p9999").await;
    assert_eq!((&last["rank"], &last["percentile"]), (&json!(2), &json!(99.99)));
}
