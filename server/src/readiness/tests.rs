use super::*;

#[tokio::test]
async fn a_task_that_panics_takes_its_word_back() {
    let readiness = Readiness::default();
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let task = readiness.supervise("part", Ends::WhenStopped, async move {
        let _ = wait.await;
        panic!("as intended by the test");
    });
    while readiness.parts() != BTreeMap::from([("part", true)]) {
        tokio::task::yield_now().await;
    }
    go.send(()).expect("waiting");
    task.await.expect("the supervisor doesn't panic");
    assert_eq!(readiness.parts(), BTreeMap::from([("part", false)]));
    assert_eq!(readiness.dead().await, "part");
}

async fn is_dead(readiness: &Readiness) -> bool {
    tokio::time::timeout(Duration::ZERO, readiness.dead()).await.is_ok()
}

#[tokio::test]
async fn a_task_that_ends_is_dead_unless_it_may_end() {
    let readiness = Readiness::default();
    let may = readiness.supervise("listener", Ends::WhenStopped, async {});
    may.await.expect("the supervisor doesn't panic");
    assert!(!is_dead(&readiness).await);
    readiness.supervise("stopped", Ends::Never, std::future::pending());
    readiness.stop_tasks().await;
    assert!(!is_dead(&readiness).await);
    let readiness = Readiness::default();
    readiness.supervise("gateway", Ends::Never, async {});
    assert_eq!(readiness.dead().await, "gateway");
}

#[test]
fn a_part_of_which_something_is_away_leaves_the_node_ready() {
    let readiness = Readiness::default();
    let mut told = None;
    let away = || Some("a server is away".to_owned());
    for (condition, ready, works, degraded) in [
        (Condition { fault: away(), is_broken: true }, false, false, &[][..]),
        (Condition { fault: away(), is_broken: false }, true, false, &["part"]),
        (Condition::default(), true, true, &[]),
    ] {
        readiness.look("part", &mut told, condition);
        assert_eq!((readiness.is_ready(), readiness.parts()["part"]), (ready, works));
        assert_eq!(readiness.degraded(), degraded);
    }
}

#[tokio::test]
async fn a_server_that_is_away_turns_its_part_red_until_it_is_back() {
    let readiness = Readiness::default();
    let fault = Arc::new(Mutex::new(None));
    let asked = fault.clone();
    readiness.follow("server", move || asked.lock().clone());
    for (why, works) in [(None, true), (Some("away".to_owned()), false), (None, true)] {
        *fault.lock() = why;
        let followed = async {
            while readiness.parts() != BTreeMap::from([("server", works)]) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), followed).await.expect("in time");
    }
}

#[tokio::test]
async fn what_is_in_this_process_works_from_the_start() {
    let readiness = Readiness::default();
    readiness.follow("server", || None);
    readiness.follow_own("log", Condition::default);
    assert_eq!(readiness.parts(), BTreeMap::from([("log", true), ("server", false)]));
}
