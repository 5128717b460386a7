use model::{Position, SystemClock, UserId};

use super::*;
use crate::Graph;
use crate::fake::{Fake, GivenTokens, Habit, TOKEN, until};

struct Alone {
    fake: Fake,
    crowd: Arc<Crowd>,
    task: tokio::task::JoinHandle<()>,
}

/// One person, ann, and a service that knows her friend ben.
async fn alone(prefix: &'static str) -> Alone {
    let fake = Fake::start(Habit::Honest, 1_000.0, &[("ann", "ben")]).await;
    let names = ["ann", "ben"].map(|id| UserId::parse(id).expect("an id")).to_vec();
    let graph = Arc::new(Graph::new(names, [(0, 1)]));
    let crowd = Arc::new(Crowd::new(graph, Arc::new(SystemClock::start())));
    let address = Address::parse(&fake.address).expect("an address");
    let service = Arc::new(Service::new([address].into(), Arc::new(GivenTokens(prefix)), 1));
    let task = tokio::spawn(live(Arc::clone(&crowd), service, 0));
    Alone { fake, crowd, task }
}

impl Alone {
    async fn connected(&self) {
        until("a complete snapshot", || self.crowd.person(0).state().view.complete).await;
    }

    fn report(&self, latitude: f64) {
        let position = Position::new(latitude, 8.0).expect("on Earth");
        let now_ms = self.crowd.now_ms();
        self.crowd.person(0).order(|orders| orders.report = Some((position, now_ms)));
    }

    fn shown_latitude(&self) -> Option<f64> {
        self.crowd.person(0).state().shown.map(|shown| shown.position.latitude())
    }
}

#[tokio::test]
async fn a_person_reports_sees_a_friend_come_and_leaves() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.report(48.0);
    until("an acknowledgement", || alone.shown_latitude() == Some(48.0)).await;
    alone.fake.drag("ben", 48.001, 8.0, 5);
    until("ben", || alone.crowd.person(0).state().view.friends.contains_key(&1)).await;
    alone.crowd.person(0).order(|orders| orders.leave = true);
    timeout(Duration::from_secs(5), alone.task).await.expect("in time").expect("no panic");
    assert_eq!(alone.crowd.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn after_a_close_that_allows_it_a_person_comes_back_and_repeats_the_last_fix() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.report(48.0);
    until("an acknowledgement", || alone.shown_latitude() == Some(48.0)).await;
    alone.fake.close("ann", 1012);
    until("the fix again", || alone.fake.seqs("ann").len() == 2).await;
    until("its acknowledgement", || alone.crowd.person(0).state().is_settled()).await;
    let seqs = alone.fake.seqs("ann");
    assert_eq!(seqs[0], seqs[1]);
    assert_eq!(alone.fake.sessions("ann"), 2);
    assert_eq!(alone.crowd.tally.read().reconnects, 1);
    assert!(!alone.crowd.person(0).state().disputed);
    assert_eq!(alone.crowd.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_fix_that_can_not_be_stored_now_is_sent_again() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.report(48.0);
    until("an acknowledgement", || alone.shown_latitude() == Some(48.0)).await;
    let seq = alone.fake.seqs("ann")[0];
    let text = format!(
        r#"{{"type":"error","error":"unavailable","detail":"","seq":{seq},"retry_after_ms":20}}"#
    );
    alone.fake.say("ann", Message::text(text));
    until("the fix again", || alone.fake.seqs("ann") == [seq, seq]).await;
    until("its acknowledgement", || alone.crowd.person(0).state().is_settled()).await;
    assert_eq!(alone.crowd.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_not_let_in_tries_another_address() {
    let fake = Fake::start(Habit::Honest, 1_000.0, &[]).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = format!("http://{}", nobody.local_addr().expect("bound"));
    drop(nobody);
    let names = vec![UserId::parse("ann").expect("an id")];
    let crowd =
        Arc::new(Crowd::new(Arc::new(Graph::new(names, [])), Arc::new(SystemClock::start())));
    let addresses = [closed, fake.address.clone()].map(|a| Address::parse(&a).expect("valid"));
    let service = Arc::new(Service::new(addresses.into(), Arc::new(GivenTokens(TOKEN)), 1));
    let task = tokio::spawn(live(Arc::clone(&crowd), service, 0));
    until("a session", || crowd.person(0).state().welcomed.is_some()).await;
    assert_eq!(crowd.person(0).state().address, 1);
    // Where it was let in it comes back to.
    fake.close("ann", 1012);
    until("a second session", || fake.sessions("ann") == 2).await;
    task.abort();
}

#[tokio::test]
async fn what_was_ordered_while_away_is_sent_on_return() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.fake.close("ann", 4001);
    until("the end", || alone.crowd.person(0).state().welcomed.is_none()).await;
    alone.report(47.0);
    alone.report(47.5);
    until("the newest position", || alone.shown_latitude() == Some(47.5)).await;
    assert_eq!(alone.fake.seqs("ann").len(), 1);
}

#[tokio::test]
async fn after_a_close_that_forbids_it_a_person_stays_away() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.fake.close("ann", 4500);
    timeout(Duration::from_secs(5), alone.task).await.expect("in time").expect("no panic");
    assert!(alone.crowd.person(0).state().gave_up);
    assert_eq!(alone.crowd.faults(), ["ann: closed with 4500"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_not_tried_again() {
    let alone = alone("nonsense-").await;
    timeout(Duration::from_secs(5), alone.task).await.expect("in time").expect("no panic");
    assert_eq!(alone.crowd.faults(), ["ann: the upgrade was refused with 401 Unauthorized"]);
    assert_eq!(alone.fake.sessions("ann"), 0);
}

#[tokio::test]
async fn a_binary_message_is_a_fault_and_no_end() {
    let alone = alone(TOKEN).await;
    alone.connected().await;
    alone.fake.say("ann", Message::binary(vec![1, 2]));
    until("the fault", || !alone.crowd.faults().is_empty()).await;
    alone.report(48.0);
    until("an acknowledgement", || alone.shown_latitude() == Some(48.0)).await;
}

#[test]
fn another_address_is_never_the_same_one() {
    let address = Address::parse("http://localhost:1").expect("valid");
    let service = Service::new(vec![address; 3].into(), Arc::new(GivenTokens("")), 1);
    let others: std::collections::BTreeSet<_> = (0..50).map(|_| service.another(1)).collect();
    assert_eq!(others, [0, 2].into());
}

#[test]
fn delays_grow_vary_and_stay_bounded() {
    let service = Service::new(Vec::new().into(), Arc::new(GivenTokens("")), 1);
    for failures in 1..=FAILURES_MAX {
        let delay = service.backoff(failures);
        assert!(delay >= BACKOFF_FIRST / 2 && delay < BACKOFF_LONGEST * 3 / 2, "{delay:?}");
    }
    assert!(service.backoff(6) > service.backoff(1) && service.backoff(9) != service.backoff(9));
}
