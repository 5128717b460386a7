//! The register of movement history in a real `PostgreSQL`: what only a server can do to it.

use std::sync::Arc;

use e2e::servers::Postgres;
use history_writer::postgres::{Config, PostgresRegister, check, migrate};
use history_writer::{LogId, LogMark, LogMarks, PeerAddress, Register, StoreErrorKind, TimeRange};
use model::{ErrorChain, Timestamp, UserId};

/// A database of its own with our tables.
async fn database(server: &Postgres) -> Config {
    let config = Config { url: server.database().await.into(), ..Config::default() };
    migrate(&config).await.expect("the server is there");
    config
}

async fn connect(config: &Config) -> PostgresRegister {
    PostgresRegister::connect(config).await.expect("the server is there")
}

fn mark(log: u128, until: i64, told: i64) -> LogMark {
    let (stored_until, told_at) = (Timestamp(until), Timestamp(told));
    LogMark { log: LogId(log), stored_until, told_at, address: None }
}

#[tokio::test]
async fn processes_hear_how_far_the_logs_of_others_are() {
    let server = Postgres::start().await;
    let config = database(&server).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    assert_eq!(one.all().await, Ok(vec![]));
    let (low, high) = (mark(1, 10, 20), mark(u128::MAX, -5, 20));
    one.tell(&high).await.expect("told");
    other.tell(&low).await.expect("told");
    assert_eq!(one.all().await, Ok(vec![low.clone(), high.clone()]));
    let address = PeerAddress::parse("[::1]:8080").expect("an address");
    let later = LogMark { address: Some(address), ..mark(1, 30, 40) };
    let both = Ok(vec![later.clone(), high.clone()]);
    for _ in 0..2 {
        other.tell(&later).await.expect("told");
        assert_eq!(one.all().await, both);
    }
    let gap = TimeRange { from: Timestamp(0), to: Timestamp(60_000) };
    LogMarks::forget(&one, &low, Some(gap)).await.expect("it has told more since");
    assert_eq!(one.all().await, both);
    assert!(one.gaps().await.expect("read").is_empty());
    LogMarks::forget(&one, &later, Some(gap)).await.expect("forgotten");
    LogMarks::forget(&one, &high, None).await.expect("forgotten");
    assert_eq!(other.all().await, Ok(vec![]));
    assert_eq!(other.gaps().await.expect("read").iter().collect::<Vec<_>>(), [gap]);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash_of_the_server() {
    let mut server = Postgres::start().await;
    let config = database(&server).await;
    let register = Arc::new(connect(&config).await);
    let users: Vec<_> =
        (0..40).map(|n| UserId::parse(&format!("user-{n}")).expect("an id")).collect();
    let made = users.iter().map(|user| {
        let (register, user) = (register.clone(), user.clone());
        tokio::spawn(async move { register.make_keys(&[(user, vec![7; 53])]).await })
    });
    let made: Vec<_> = made.collect();
    server.kill().await;
    let mut answers = Vec::new();
    for made in made {
        answers.push(made.await.expect("no panic"));
    }
    server.start_again().await;
    let records = connect(&config).await.records(&users).await.expect("it is back");
    for (answer, record) in answers.iter().zip(&records) {
        match answer {
            Ok(_) => assert!(record.wrapped_key.is_some(), "it was answered"),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
    }
    // Who was connected before goes on.
    register.make_keys(&[(users[0].clone(), vec![8; 53])]).await.expect("it is back");
}

#[tokio::test]
async fn a_server_that_can_not_be_used_is_said_with_the_remedy() {
    let server = Postgres::start().await;
    let config = Config { url: server.database().await.into(), ..Config::default() };
    let checked = check(&config).await.expect_err("no schema");
    assert_eq!(Some(&checked), PostgresRegister::connect(&config).await.err().as_ref());
    let why = ErrorChain(&checked).to_string();
    assert!(why.contains("no schema") && why.contains("whereabouts migrate --config"), "{why}");
    let made = migrate(&config).await.expect("the server is there");
    assert_eq!((made.from, made.to), (0, 1));
    assert_eq!(migrate(&config).await.map(|again| again.from), Ok(1));
    check(&config).await.expect("it can be used");
    assert_eq!(connect(&config).await.fault(), None);
}
