//! People who are erased, and seasons that are kept no more: what is left of them in the tables.

use std::sync::Arc;

use leaderboard::{Calendar, Log, Mutation, Outcome, Rules, Schedule, SeasonRules};
use model::Timestamp;
use sqlx::Row as _;

use super::world::{
    SUMS, aside, board, board_id, changes, connect, connect_for_ever, database, event, give,
    number, post, put_board, shared, until, user, write, write_at,
};

/// How many rows of any table have the name of `ann`.
const NAMED: &str = "SELECT (SELECT count(*) FROM leaderboard.changes WHERE user_id = 'ann')
    + (SELECT count(*) FROM leaderboard.entries WHERE user_id = 'ann')
    + (SELECT count(*) FROM leaderboard.bans WHERE user_id = 'ann')
    + (SELECT count(*) FROM leaderboard.erased WHERE user_id = 'ann')";

async fn erase(log: &dyn Log, name: &str, pseudonym: &str) -> usize {
    let erasing = Mutation::Erase { user: user(name), pseudonym: user(pseudonym) };
    match give(log, write(erasing)).await {
        Ok(Outcome::Erased(boards)) => boards.len(),
        other => panic!("{other:?}"),
    }
}

/// Who follows learns it in time; whoever comes later begins anew.
#[tokio::test]
async fn the_log_forgets_who_somebody_was_some_minutes_after_an_erasing() {
    let config = database(shared().await).await;
    let log = connect(&config).await;
    for name in ["a", "b"] {
        give(&log, put_board(name)).await.expect("made");
    }
    post(&log, "of ann", &[("a", "ann", 3), ("b", "ann", 3), ("a", "bob", 2)]).await;
    post(&log, "ann again", &[("a", "ann", 1)]).await;
    let ban = Mutation::Ban { board: board_id("b"), user: user("ann"), is_banned: true };
    give(&log, write(ban)).await.expect("banned");
    assert_eq!(erase(&log, "ann", "erased-1").await, 2);
    // Somebody else, under the same name.
    post(&log, "later", &[("a", "ann", 9)]).await;
    let on_a = board(&log, "a").await.number;
    let other = connect(&config).await;
    let told = other.changes(on_a, leaderboard::BoardPosition(3), 10).await.expect("read");
    let told = told.expect("all are there").standees;
    let told: Vec<_> =
        told.iter().map(|(_, it)| (it.user.as_str(), it.entry.map(|it| it.score))).collect();
    assert_eq!(told, [("ann", None), ("erased-1", Some(4)), ("ann", Some(9))]);

    let sql = "UPDATE leaderboard.erased SET since = since - interval '11 minutes'";
    sqlx::raw_sql(sql).execute(&mut aside(&config).await).await.expect("the time is over");
    // It looks at the start, and then every few seconds.
    let again = connect(&config).await;
    until("the log says nothing of her any more", async || number(&config, NAMED).await == 2).await;
    // What is left is the change and the entry of the other one.
    let rows = sqlx::query(
        "SELECT user_id, amount FROM leaderboard.changes WHERE board = $1 ORDER BY position, part",
    );
    let rows = rows.bind(on_a.0 as i64).fetch_all(&mut aside(&config).await).await.expect("read");
    let left: Vec<(String, i64)> =
        rows.iter().map(|row| (row.get("user_id"), row.get("amount"))).collect();
    let expected = [("erased-1", 3), ("bob", 2), ("erased-1", 1), ("ann", 9)];
    assert_eq!(left, expected.map(|(user, amount)| (user.to_owned(), amount)));
    let keys = "SELECT count(key) FROM leaderboard.changes WHERE user_id = 'erased-1'";
    assert_eq!(number(&config, keys).await, 0, "keys may be made of names");
    assert_eq!(changes(&again, on_a, 3).await, None, "there is a gap: begin anew");
    assert_eq!(changes(&again, on_a, 4).await.expect("they are there").len(), 1);
}

/// With all that was on them.
#[tokio::test]
async fn what_was_on_seasons_that_are_kept_no_more_is_removed() {
    let config = database(shared().await).await;
    let log = connect_for_ever(&config).await;
    let calendar = Calendar::parse("* * * * *", "UTC").expect("a calendar");
    let rewards = Arc::from([]);
    let schedule = Schedule::Repeats(calendar);
    let season = SeasonRules { schedule, grace_ms: 0, archives: 1, rewards };
    let rules = Rules { season: Some(Arc::new(season)), ..SUMS };
    let start = Timestamp(1_700_000_000_000);
    let put = Mutation::PutBoard { id: board_id("b"), rules };
    give(&log, write_at(put, start)).await.expect("made");
    // Whoever is banned has a row that says so once the season is sealed.
    give(&log, write_at(event("kc", &[("b", "cat", 5)]).mutation, start)).await.expect("counted");
    let ban = Mutation::Ban { board: board_id("b"), user: user("cat"), is_banned: true };
    give(&log, write_at(ban, start)).await.expect("banned");
    for minute in 0..4_i64 {
        let at = start.plus_ms(minute * 60_000);
        let point = event(&format!("k{minute}"), &[("b", "ann", 1), ("b", "bob", 2)]);
        give(&log, write_at(point.mutation, at)).await.expect("counted");
    }
    let due = log.due(start.plus_ms(4 * 60_000), 10).await.expect("read");
    assert_eq!(due, [board_id("b")], "the fourth has come to its end too");
    assert_eq!(log.due(start.plus_ms(3 * 60_000), 10).await, Ok(Vec::new()));
    let again = connect_for_ever(&config).await;
    until("their entries are gone", async || {
        number(&config, "SELECT count(*) FROM leaderboard.entries").await == 4
            && number(&config, "SELECT count(*) FROM leaderboard.dropped").await == 0
            && number(&config, "SELECT count(*) FROM leaderboard.seasons").await == 2
    })
    .await;
    let named = "SELECT count(*) FROM leaderboard.changes WHERE user_id IS NOT NULL";
    assert_eq!(number(&config, named).await, 4, "the log says nobody's name any more either");
    let kept = board(&again, "b").await;
    let head = log.heads().await.expect("read")[0].1;
    let all = changes(&again, kept.number, 0).await.expect("positions have no gaps");
    assert_eq!((all.len(), head.0 > 8), (4, true), "{all:?}");
    assert_eq!(kept.seasons().map(|it| it.number).collect::<Vec<_>>(), [2, 3]);
}
