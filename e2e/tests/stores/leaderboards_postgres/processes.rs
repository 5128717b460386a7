//! Several processes that write one log.

use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use leaderboard::{BoardPosition, Log, Mutation, Outcome, Standee, WriteRequest};

use super::world::{
    aside, board, board_id, changes, connect, database, days_ago, event, give, number, post,
    posted, put_board, shared, until, user, write, write_at,
};

const EACH: usize = 40;

/// Sums are equal, positions without gaps, and every change is in the log once.
#[tokio::test]
async fn two_processes_write_one_board_without_gaps() {
    let config = database(shared().await).await;
    let logs = [connect(&config).await, connect(&config).await];
    give(&logs[0], put_board("b")).await.expect("made");
    let number = board(&logs[1], "b").await.number;
    // One of the two keeps its changes in memory.
    assert_eq!(changes(&logs[0], number, 0).await, Some(Vec::new()));
    let writing = logs.iter().enumerate().map(|(process, log)| async move {
        for n in 0..EACH {
            let key = |part: &str| format!("{process} {n} {part}");
            let batch: Vec<WriteRequest> = ["ann", "bob"]
                .map(|player| event(&key(player), &[("b", player, 1), ("b", "all", 1)]))
                .into();
            let outcomes = log.append(batch).await.expect("the log is there");
            outcomes.into_iter().map(posted).for_each(drop);
        }
    });
    join_all(writing).await;
    let total = (logs.len() * EACH * 4) as u64;
    for log in &logs {
        assert_eq!(log.heads().await, Ok(vec![(number, BoardPosition(total))]));
        let all = changes(log, number, 0).await.expect("all are there");
        assert!(all.iter().map(|(position, ..)| *position).eq(1..=total), "{all:?}");
        let last = |player: &str| {
            all.iter().rfind(|(_, name, _)| name == player).map_or(0, |(_, _, score)| *score)
        };
        let half = total as i64 / 4;
        assert_eq!([last("ann"), last("bob"), last("all")], [half, half, 2 * half]);
        let entries = log.entries(number).await.expect("read").expect("there");
        assert_eq!(entries.as_of, BoardPosition(total));
        let standees: Vec<Vec<Standee>> = entries.standees.try_collect().await.expect("read");
        let sum: i64 = standees.iter().flatten().filter_map(|it| it.entry).map(|it| it.score).sum();
        assert_eq!(sum, 4 * half);
    }
    let players = "SELECT sum(players)::bigint FROM leaderboard.seasons";
    assert_eq!(self::number(&config, players).await, 3);
}

/// And all are told the same, also where the boards of its copies are no locks that they share.
#[tokio::test]
async fn a_hundred_copies_over_two_processes_count_once() {
    let config = database(shared().await).await;
    let logs = [connect(&config).await, connect(&config).await];
    give(&logs[0], put_board("b")).await.expect("made");
    for (key, board) in [("1", "b"), ("2", "none")] {
        let copies = (0..100).map(|n| give(&logs[n % 2], event(key, &[(board, "ann", 5)])));
        let answers = join_all(copies).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    assert_eq!(post(&logs[1], "3", &[("b", "ann", 1)]).await, 6);
    assert_eq!(number(&config, "SELECT count(*) FROM leaderboard.keys").await, 3);
}

/// One of them counts, the other is refused: whichever boards they are about.
#[tokio::test]
async fn a_key_that_two_processes_use_at_once_for_different_events_counts_once() {
    let config = database(shared().await).await;
    let logs = [connect(&config).await, connect(&config).await];
    for name in ["a", "b"] {
        give(&logs[0], put_board(name)).await.expect("made");
    }
    for n in 0..EACH {
        let key = n.to_string();
        let (one, other) = tokio::join!(
            give(&logs[0], event(&key, &[("a", "ann", 1)])),
            give(&logs[1], event(&key, &[("b", "ann", 1)])),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
    assert_eq!(
        number(&config, "SELECT sum(head)::bigint FROM leaderboard.boards").await,
        EACH as i64
    );
}

/// Their numbers and positions too.
#[tokio::test]
async fn boards_are_made_and_deleted_while_others_post() {
    let config = database(shared().await).await;
    let logs = [connect(&config).await, connect(&config).await];
    let making = async {
        for _ in 0..EACH {
            give(&logs[0], put_board("b")).await.expect("made");
            let id = board_id("b");
            let deleted = give(&logs[0], write(Mutation::DeleteBoard { id })).await;
            assert!(matches!(deleted, Ok(Outcome::Deleted(_))), "{deleted:?}");
        }
        give(&logs[0], put_board("b")).await.expect("made");
    };
    let posting = async {
        for n in 0..2 * EACH {
            // Counted or not, as the board is there or not.
            let _ = give(&logs[1], event(&n.to_string(), &[("b", "ann", 1)])).await;
        }
    };
    tokio::join!(making, posting);
    let made = board(&logs[1], "b").await;
    assert_eq!(made.number.0, EACH as u64 + 1);
    let head = logs[1].heads().await.expect("read")[0].1;
    let score = post(&logs[1], "last", &[("b", "ann", 1)]).await;
    assert_eq!(score as u64, head.0 + 1, "nothing of those before");
    until("what was on the others is removed", async || {
        let sql = "SELECT (SELECT count(*) FROM leaderboard.deleted)
                        + (SELECT count(*) FROM leaderboard.entries) - 1";
        number(&config, sql).await == 0
    })
    .await;
}

/// Bans of one process are those of the other.
#[tokio::test]
async fn a_ban_is_known_to_all() {
    let config = database(shared().await).await;
    let logs = [connect(&config).await, connect(&config).await];
    give(&logs[0], put_board("b")).await.expect("made");
    let number = board(&logs[0], "b").await.number;
    let ban = || write(Mutation::Ban { board: board_id("b"), user: user("ann"), is_banned: true });
    post(&logs[0], "1", &[("b", "ann", 1)]).await;
    give(&logs[0], ban()).await.expect("banned");
    assert_eq!(
        give(&logs[1], ban()).await,
        Ok(Outcome::Ban(leaderboard::Effect::Unchanged, number, BoardPosition(2)))
    );
    post(&logs[1], "2", &[("b", "ann", 1)]).await;
    let shown: Vec<bool> = {
        let found = logs[1].changes(number, BoardPosition(0), 10).await.expect("read");
        found.expect("all are there").standees.iter().map(|(_, it)| it.is_shown).collect()
    };
    assert_eq!(shown, [true, false, false]);
}

/// Not those that still count.
#[tokio::test]
async fn keys_are_forgotten_once_they_are_too_old() {
    let config = database(shared().await).await;
    let log = connect(&config).await;
    give(&log, put_board("b")).await.expect("made");
    let at = |days, key: &str| write_at(event(key, &[("b", "ann", 1)]).mutation, days_ago(days));
    for write in [at(3, "old"), at(2, "older than a day"), at(0, "new")] {
        posted(give(&log, write).await);
    }
    // It looks at the start, and then every few seconds.
    let again = connect(&config).await;
    until("old keys are gone", async || {
        number(&config, "SELECT count(*) FROM leaderboard.keys").await == 1
    })
    .await;
    let known = posted(give(&again, event("new", &[("b", "ann", 1)])).await);
    assert_eq!(known[0].position, BoardPosition(3));
}

/// Whoever follows is told to begin anew.
#[tokio::test]
async fn changes_that_an_operator_removed_are_missed() {
    let config = database(shared().await).await;
    let log = connect(&config).await;
    give(&log, put_board("b")).await.expect("made");
    for key in ["1", "2", "3", "4"] {
        post(&log, key, &[("b", "ann", 1)]).await;
    }
    let made = board(&log, "b").await.number;
    let remove = "DELETE FROM leaderboard.changes WHERE position <= 2";
    sqlx::raw_sql(remove).execute(&mut aside(&config).await).await.expect("removed");
    assert_eq!(changes(&log, made, 1).await, None);
    assert_eq!(changes(&log, made, 2).await.map(|all| all.len()), Some(2));
}
