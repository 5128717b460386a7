//! Seasons that end by themselves, what is read of them, and people who are erased.

use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::{Calendar, Reward, Rewarded, Schedule, SeasonRules, SeasonState};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// From midnight to midnight, without grace; the best gets something, and so does half of all.
fn daily() -> Rules {
    let calendar = Calendar::parse("0 0 * * *", "UTC").expect("a calendar");
    let reward = |to, data: &str| Reward { to, data: data.into() };
    let rewards = Arc::from([
        reward(Rewarded::Ranks { from: 1, to: 1 }, "\"cup\""),
        reward(Rewarded::Top { percent_hundredths: 5_000 }, "\"coin\""),
    ]);
    let schedule = Schedule::Repeats(calendar);
    let season = SeasonRules { schedule, grace_ms: 0, archives: 3, rewards };
    Rules { season: Some(Arc::new(season)), ..sums() }
}

/// A board on which `p0` has 50, `p1` 45 and so on to `p9`, in its first season; a day later.
async fn played() -> (Leaderboard, Board, tempfile::TempDir) {
    let (boards, clock, dir) = leaderboard_at(false).await;
    boards.put_board(&weekly(), daily()).await.expect("made");
    let points = (0..10).flat_map(|n| std::iter::repeat_n(n, 10 - n));
    let events: Vec<_> = points.enumerate().map(|(n, it)| event(&n.to_string(), [it])).collect();
    boards.post(events).await.expect("taken");
    clock.advance_ms(DAY_MS);
    assert!(boards.end_seasons().await.expect("ended") <= 1, "or it has been done already");
    let board = boards.board(&weekly()).await.expect("there");
    (boards, board.in_season(0).expect("kept"), dir)
}

#[tokio::test(start_paused = true)]
async fn a_season_ends_though_nobody_writes() {
    let (boards, clock, _dir) = leaderboard_at(false).await;
    let (_, board) = boards.put_board(&weekly(), daily()).await.expect("made");
    let mut watched = boards.watch(&board).await.expect("watched");
    watched.mark_unchanged();
    clock.advance_ms(DAY_MS);
    timeout(Duration::from_mins(1), watched.changed()).await.expect("in time").expect("told");
    let board = boards.board(&weekly()).await.expect("there");
    let states: Vec<_> = board.seasons().map(|it| (it.number, it.state())).collect();
    assert_eq!(states, [(0, SeasonState::Sealed), (1, SeasonState::Open)]);
}

#[tokio::test]
async fn rewards_are_read_in_pages_and_always_the_same() {
    let (boards, sealed, _dir) = played().await;
    let all = async || {
        let (mut start, mut all) = (PageStart::Place(0), Vec::new());
        loop {
            let found = boards.winners(&sealed, start, 2).await.expect("read");
            assert_eq!(found.count, 10);
            all.extend(found.winners.into_iter().map(|it| {
                let rewards: Vec<_> = it.rewards.iter().map(|it| it.data.to_string()).collect();
                format!("{} {} {}", it.standing.user, it.standing.rank, rewards.join(" "))
            }));
            match found.next {
                Some(next) => start = PageStart::After(next.entry),
                None => return all,
            }
        }
    };
    let expected = [
        "p0 1 \"cup\" \"coin\"",
        "p1 2 \"coin\"",
        "p2 3 \"coin\"",
        "p3 4 \"coin\"",
        "p4 5 \"coin\"",
    ];
    assert_eq!(all().await, expected);
    boards.ban(&weekly(), &user(0), true).await.expect("banned");
    boards.put_board(&weekly(), sums()).await.expect("changed");
    assert_eq!(all().await, expected);
    let open = boards.board(&weekly()).await.expect("there");
    let early = boards.winners(&open, PageStart::Place(0), 2).await;
    assert_eq!(early, Err(Refusal::SeasonNotSealed.into()));
}

#[tokio::test]
async fn whoever_is_banned_is_not_shown_in_a_sealed_season_and_others_keep_their_ranks() {
    let (boards, sealed, _dir) = played().await;
    boards.ban(&weekly(), &user(1), true).await.expect("banned");
    let page = boards.page(&sealed, PageStart::Place(0), 3).await.expect("read");
    let shown: Vec<_> = page.page.standings.iter().map(|it| (it.user.clone(), it.rank)).collect();
    assert_eq!(shown, [(user(0), 1), (user(2), 3)]);
    assert_eq!(page.last.map(|last| last.user), Some(user(2)));
    let players = boards.players(&sealed, &[user(1), user(2), user(77)]).await.expect("read");
    let ranks: Vec<_> =
        players.standings.into_iter().map(|it| it.map(|standing| standing.rank)).collect();
    assert_eq!(ranks, [None, Some(3), None]);
    let view = boards.view(&sealed, 3, &user(2), 1).await.expect("read");
    let neighbours = view.neighbours.expect("on the board");
    assert_eq!((view.top.len(), neighbours.own, neighbours.standings.len()), (2, 0, 2));
    assert_eq!(boards.view(&sealed, 0, &user(1), 1).await.expect("read").neighbours, None);
    let among = boards.among(&sealed, &[user(1), user(2)], None, 10).await.expect("read");
    assert_eq!(among.page.standings.len(), 1);
}

#[tokio::test]
async fn seasons_say_how_many_played_them() {
    let (boards, _, _dir) = played().await;
    boards.post(vec![event("later", [1, 2])]).await.expect("taken");
    let board = boards.board(&weekly()).await.expect("there");
    let played = boards.seasons(&board).await;
    let counts: Vec<_> = played.iter().map(|it| (it.season.number, it.count)).collect();
    assert_eq!(counts, [(0, Some(10)), (1, Some(2))]);
}

#[tokio::test]
async fn whoever_is_erased_gets_another_name_each_time() {
    let (boards, sealed, _dir) = played().await;
    assert_eq!(boards.erase(&user(0)).await, Ok(1));
    assert_eq!(boards.erase(&user(0)).await, Ok(0), "it is done");
    assert_eq!(boards.erase(&user(1)).await, Ok(1));
    let page = boards.page(&sealed, PageStart::Place(0), 3).await.expect("read").page.standings;
    let names: Vec<&str> = page.iter().map(|it| it.user.as_str()).collect();
    assert!(names[0].starts_with("erased-") && names[0].len() == 39, "{names:?}");
    assert!(names[1].starts_with("erased-") && names[1] != names[0], "{names:?}");
    assert_eq!((names[2], page[2].rank), ("p2", 3));
}
