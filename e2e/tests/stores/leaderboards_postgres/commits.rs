//! Connections that are cut while a batch is written or committed.

use std::sync::Arc;

use e2e::servers::Proxy;
use leaderboard::postgres::{Config, PostgresLog};
use leaderboard::{BoardNumber, BoardPosition, Effect, Log, Mutation, Outcome, WriteRequest};
use tokio::task::JoinHandle;

use super::world::{
    aside, board_id, connect, database, event, give, has_no_gaps, is_away, number, port, posted,
    put_board, shared, table, through, until, user, write,
};

/// A log whose connections can be cut, in a database of its own.
struct World {
    config: Config,
    line: Proxy,
    log: Arc<PostgresLog>,
}

type Appending = JoinHandle<Result<Vec<Result<Outcome, leaderboard::Refusal>>, leaderboard::Error>>;

impl World {
    async fn start() -> Self {
        let config = database(shared().await).await;
        let line = Proxy::before(port(&config.url)).await;
        let log = Arc::new(connect(&through(&config, &line)).await);
        give(&*log, put_board("b")).await.expect("made");
        Self { config, line, log }
    }

    /// From now on it takes half a second when this happens to a table, such as `AFTER INSERT ON leaderboard.keys`.
    async fn slow(&self, trigger: &str, when: &str) {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION leaderboard.wait() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
             CREATE {trigger} slow {when} EXECUTE FUNCTION leaderboard.wait()"
        );
        let mut aside = aside(&self.config).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut aside).await.expect("made");
    }

    /// From now on a COMMIT takes half a second if this happened to a row of a table before it.
    async fn slow_commit(&self, when: &str) {
        let when = format!("{when} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW");
        self.slow("CONSTRAINT TRIGGER", &when).await;
    }

    /// Begins to append, and waits until the server works on a statement that begins so.
    async fn append_up_to(&self, writes: Vec<WriteRequest>, statement: &'static str) -> Appending {
        let log = Arc::clone(&self.log);
        let appending = tokio::spawn(async move { log.append(writes).await });
        until("the server is at it", async || {
            let sql = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND state = 'active'
                           AND starts_with(ltrim(query, E' \\n'), $1) AND pid <> pg_backend_pid()";
            let mut aside = aside(&self.config).await;
            let asked = sqlx::query_scalar::<_, i64>(sql).bind(statement);
            asked.fetch_one(&mut aside).await.expect("answers") > 0
        })
        .await;
        appending
    }

    async fn head(&self) -> i64 {
        number(&self.config, "SELECT max(head) FROM leaderboard.boards").await
    }
}

fn two_points() -> Vec<WriteRequest> {
    vec![event("1", &[("b", "ann", 1)]), event("2", &[("b", "ann", 1), ("b", "bob", 1)])]
}

/// Everybody is told what was committed, once it is known.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_answered_as_it_was() {
    let world = World::start().await;
    world.slow_commit("AFTER INSERT ON leaderboard.keys").await;
    let appending = world.append_up_to(two_points(), "COMMIT").await;
    world.line.cut();
    let outcomes = appending.await.expect("no panic").expect("it is known");
    let applied: Vec<_> = outcomes.into_iter().flat_map(posted).collect();
    let told: Vec<_> = applied.iter().map(|it| (it.position.0, it.entry.score)).collect();
    assert_eq!(told, [(1, 1), (2, 2), (3, 1)]);
    assert_eq!(world.head().await, 3, "once");
    assert!(has_no_gaps(&world.config).await);
}

/// And whoever sends it again later is told what it came to.
#[tokio::test]
async fn what_can_not_be_known_is_not_said_to_count() {
    let world = World::start().await;
    world.slow_commit("AFTER INSERT ON leaderboard.keys").await;
    let appending = world.append_up_to(two_points(), "COMMIT").await;
    world.line.sever();
    let answer = appending.await.expect("no panic");
    assert!(is_away(&answer), "{answer:?}");
    world.line.pass();
    let again = world.log.append(two_points()).await.expect("the log is back");
    let positions: Vec<_> = again.into_iter().flat_map(posted).map(|it| it.position.0).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(world.head().await, 3, "once");
}

/// It didn't happen, so it is done.
#[tokio::test]
async fn what_was_cut_before_its_commit_is_counted_once() {
    let world = World::start().await;
    world.slow("TRIGGER", "AFTER INSERT ON leaderboard.keys FOR EACH STATEMENT").await;
    let appending = world.append_up_to(two_points(), "WITH appended").await;
    world.line.cut();
    let outcomes = appending.await.expect("no panic").expect("it is known");
    outcomes.into_iter().map(posted).for_each(drop);
    assert_eq!(world.head().await, 3);
    let expected = [("ann".to_owned(), 2), ("bob".to_owned(), 1)];
    assert_eq!(table(&world.config).await, expected);
    assert!(has_no_gaps(&world.config).await);
}

/// What was done isn't told as if nobody had done it.
#[tokio::test]
async fn boards_and_bans_are_answered_as_they_were_too() {
    let world = World::start().await;
    world.slow_commit("AFTER UPDATE ON leaderboard.boards").await;
    let ban = Mutation::Ban { board: board_id("b"), user: user("ann"), is_banned: true };
    let banning = world.append_up_to(vec![write(ban)], "COMMIT").await;
    world.line.cut();
    let banned = Ok(Outcome::Ban(Effect::Changed, BoardNumber(1), BoardPosition(1)));
    assert_eq!(banning.await.expect("no panic"), Ok(vec![banned]));
    let mut aside = aside(&world.config).await;
    let on_feed = "DROP TRIGGER slow ON leaderboard.boards;
                   CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON leaderboard.feed
                   DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leaderboard.wait()";
    sqlx::raw_sql(on_feed).execute(&mut aside).await.expect("made");
    let making = world.append_up_to(vec![put_board("c")], "COMMIT").await;
    world.line.cut();
    let made = making.await.expect("no panic").expect("it is known");
    assert!(matches!(made[..], [Ok(Outcome::Board(Effect::Created, _))]), "{made:?}");
    let delete = write(Mutation::DeleteBoard { id: board_id("c") });
    let deleting = world.append_up_to(vec![delete], "COMMIT").await;
    world.line.cut();
    let deleted = deleting.await.expect("no panic").expect("it is known");
    assert!(matches!(deleted[..], [Ok(Outcome::Deleted(_))]), "{deleted:?}");
}
