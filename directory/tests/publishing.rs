//! What listeners publish may delay an answer, but neither for long nor anybody else's.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use directory::embedded::EmbeddedStore;
use directory::{Config, Directory, Outcome, PUBLISH_WAIT_MAX, Verb};
use futures_util::future::BoxFuture;
use model::{SystemClock, UserId};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(30);

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

/// A directory with these users, whose listener publishes so.
async fn directory(
    data: &TempDir,
    users: &[&str],
    publish: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
) -> Directory {
    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    let clock = Arc::new(SystemClock::start());
    let directory = Directory::start(Arc::new(store), clock, Config::default());
    for user in users {
        directory.ensure_user(&id(user)).await.expect("made");
    }
    directory.listen(move |_| publish());
    directory
}

#[tokio::test]
async fn a_command_is_answered_when_its_change_is_published() {
    let data = TempDir::new().expect("a temporary directory");
    let (published, mut publications) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
    let directory = directory(&data, &["alice", "bob"], move || {
        let (done, wait) = oneshot::channel();
        drop(published.send(done));
        Box::pin(async move { drop(wait.await) })
    })
    .await;
    let befriending = {
        let directory = directory.clone();
        tokio::spawn(
            async move { directory.relate(Verb::Befriend, &id("alice"), &id("bob")).await },
        )
    };
    let done = timeout(DEADLINE, publications.recv()).await.expect("in time").expect("a listener");
    assert!(!befriending.is_finished(), "it isn't published yet");
    drop(done);
    let answer = timeout(DEADLINE, befriending).await.expect("in time").expect("no panic");
    assert_eq!(answer, Ok(Outcome::Changed));
}

#[tokio::test]
async fn what_is_published_for_too_long_delays_its_answer_and_no_other_batch() {
    let data = TempDir::new().expect("a temporary directory");
    let calls = Arc::new(AtomicUsize::new(0));
    let directory = directory(&data, &["alice", "bob", "carol"], {
        let calls = Arc::clone(&calls);
        // The first is never published.
        move || match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Box::pin(pending()),
            _ => Box::pin(ready(())),
        }
    })
    .await;
    let start = Instant::now();
    let slow = {
        let directory = directory.clone();
        tokio::spawn(
            async move { directory.relate(Verb::Befriend, &id("alice"), &id("bob")).await },
        )
    };
    let deadline = Instant::now() + DEADLINE;
    while calls.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "the first is announced");
        tokio::task::yield_now().await;
    }
    assert_eq!(
        directory.relate(Verb::Befriend, &id("alice"), &id("carol")).await,
        Ok(Outcome::Changed)
    );
    let overtook = !slow.is_finished();
    let answer = timeout(DEADLINE, slow).await.expect("in time").expect("no panic");
    assert_eq!(answer, Ok(Outcome::Changed));
    assert!(start.elapsed() >= PUBLISH_WAIT_MAX);
    assert!(overtook, "the next batch doesn't wait for what the first one publishes");
}
