//! One gateway that lacks a server which the others reach.

use std::time::Duration;

use e2e::{LISBON, Person};
use futures_util::future::join;
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout_at};

use super::world::{Small, metres_north, until};

/// The gateway whose lines are cut, and one whose lines are not.
const CUT_OFF: usize = 0;
const ELSEWHERE: usize = 1;
const THIRD: usize = 2;

/// How long after its answer a change may take to act.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The same if another gateway has to take the lead before.
const LEAD_CHANGES: Duration = Duration::from_secs(2);

/// Who leads a Redis server.
const LEADER: &str = "whereabouts:lead";

/// How long a gateway tells of users of whose changes it can't hear: the lease, and a second.
const TOLD_MAX: Duration = Duration::from_secs(6);

/// How long lines are cut.
const CUT: Duration = Duration::from_secs(12);

/// How often people move meanwhile.
const STEP: Duration = Duration::from_millis(800);

/// One of whose fixes isn't answered isn't heard until it is: xaver has as many devices as he moves.
const DEVICES: usize = (CUT.as_millis() / STEP.as_millis()) as usize;

/// Wanda's friends: xaver and ulla live on the first Redis server, as she does, yves on the second.
struct Neighbours {
    cluster: Small,
    wanda: String,
    xaver: String,
    ulla: String,
    yves: String,
}

impl Neighbours {
    async fn start(gateways: usize) -> Self {
        let cluster = Small::start_on_lines(gateways, 2, "").await;
        let [wanda, xaver, ulla] = ["wanda", "xaver", "ulla"].map(|name| cluster.user_on(0, name));
        let yves = cluster.user_on(1, "yves");
        for friend in [&xaver, &ulla, &yves] {
            cluster.befriend(&wanda, friend).await;
        }
        Self { cluster, wanda, xaver, ulla, yves }
    }

    /// Somebody at a gateway, near Lisbon.
    async fn at(&self, gateway: usize, who: &str, metres: f64) -> Person {
        let mut person = self.cluster.connect(gateway, who).await;
        person.at(metres_north(metres)).await;
        person
    }

    /// Wanda at the gateway that is cut off, who sees all of these.
    async fn wanda(&self, friends: &[&str]) -> Person {
        let mut wanda = self.cluster.connect(CUT_OFF, &self.wanda).await;
        wanda.at(LISBON).await;
        for friend in friends {
            wanda.expect_near(friend).await;
        }
        wanda
    }

    /// From now on this gateway leads the first Redis server, which the others can't reach for a moment.
    async fn let_lead(&mut self, gateway: usize, others: &[usize]) {
        for other in others {
            self.cluster.redis_line(*other, 0).sever();
            self.cluster.until_ready_is(*other, |parts| parts["redis"] == false).await;
        }
        let redis = self.cluster.redis(0);
        let _: u64 = redis.run(&format!("DEL {LEADER}")).await;
        let is_led = async || redis.run::<u64>(&format!("EXISTS {LEADER}")).await == 1;
        until(&format!("gateway {gateway} leads"), is_led).await;
        for other in others {
            self.cluster.redis_line(*other, 0).pass();
        }
        self.cluster.until_ready().await;
    }

    /// Xaver blocks wanda through the gateway that isn't cut off; when that was answered.
    async fn block(&self) -> Instant {
        let path = format!("/v1/users/me/blocks/{}", self.wanda);
        let answer = self.cluster.as_user(ELSEWHERE, &self.xaver, "PUT", &path, None).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        Instant::now()
    }

    /// The block acts on wanda's session, and what xaver does then is nothing to her.
    async fn block_acts(&self, wanda: &mut Person, xaver: &mut Person, without: &str) {
        let blocked = self.block().await;
        wanda.expect_left(&self.xaver).await;
        let took = blocked.elapsed();
        println!("without {without} a block acts after {took:?}");
        assert!(took <= AT_ONCE, "{took:?}");
        xaver.at(metres_north(150.0)).await;
        wanda.settle().await;
        assert!(!wanda.friends.contains_key(&self.xaver));
    }
}

#[tokio::test]
async fn a_block_acts_on_a_gateway_that_is_cut_off_from_the_database() {
    let world = Neighbours::start(2).await;
    let mut xaver = world.at(ELSEWHERE, &world.xaver, 100.0).await;
    let mut wanda = world.wanda(&[&world.xaver]).await;
    world.cluster.postgres_line(CUT_OFF).sever();
    world.cluster.until_ready_is(CUT_OFF, |parts| parts["postgres.directory"] == false).await;
    world.block_acts(&mut wanda, &mut xaver, "PostgreSQL").await;
}

#[tokio::test]
async fn a_block_acts_on_a_gateway_that_is_cut_off_from_the_redis_server_of_both() {
    let mut world = Neighbours::start(2).await;
    // What it leads it can't tell through any more: that mustn't hold up what it has to follow.
    world.let_lead(CUT_OFF, &[ELSEWHERE]).await;
    let mut xaver = world.at(ELSEWHERE, &world.xaver, 100.0).await;
    let mut wanda = world.wanda(&[&world.xaver]).await;
    world.cluster.redis_line(CUT_OFF, 0).swallow();
    world.cluster.until_ready_is(CUT_OFF, |parts| parts["redis"] == false).await;
    world.block_acts(&mut wanda, &mut xaver, "Redis").await;
}

#[tokio::test]
async fn a_block_acts_though_who_committed_it_lacks_redis_and_who_leads_loses_the_database() {
    let mut world = Neighbours::start(3).await;
    world.let_lead(CUT_OFF, &[ELSEWHERE, THIRD]).await;
    world.cluster.redis_line(ELSEWHERE, 0).sever();
    world.cluster.until_ready_is(ELSEWHERE, |parts| parts["redis"] == false).await;
    let mut wanda = world.at(THIRD, &world.wanda, 0.0).await;
    let _xaver = world.at(THIRD, &world.xaver, 100.0).await;
    wanda.expect_near(&world.xaver).await;

    world.cluster.postgres_line(CUT_OFF).swallow();
    let blocked = world.block().await;
    wanda.expect_left(&world.xaver).await;
    let took = blocked.elapsed();
    println!("with both cut off a block acts after {took:?}");
    assert!(took <= LEAD_CHANGES, "{took:?}");
}

/// Whether a message tells where somebody is.
fn tells_of(message: &Value, friend: &str) -> bool {
    let lists = ["came", "moved", "friends"].iter().filter_map(|name| message[name].as_array());
    lists.flatten().any(|told| told["id"] == friend)
}

/// Somebody sends fixes, one after the other from each of their devices in turn, whether they are acknowledged or not.
async fn walk(mut devices: Vec<Person>) -> Vec<Person> {
    let (mut steps, count) = (interval(STEP), devices.len());
    for seq in 1..=DEVICES {
        steps.tick().await;
        let (latitude, longitude) = metres_north(100.0 + seq as f64);
        let device = format!("walk-{}", seq % count);
        let fix = json!({
            "type": "fix", "device": device, "seq": seq, "latitude": latitude, "longitude": longitude,
        });
        devices[seq % count].send(&fix).await;
    }
    devices
}

/// When wanda was last told of two others, as long as the lines were cut; `None` if never.
async fn last_told(wanda: &mut Person, cut: Instant, friends: [&str; 2]) -> [Option<Duration>; 2] {
    let mut last = [None; 2];
    while let Ok(frame) = timeout_at(cut + CUT, wanda.next()).await {
        let e2e::Frame::Message(message) = frame else { panic!("{frame:?}") };
        for (last, friend) in last.iter_mut().zip(friends) {
            if tells_of(&message, friend) {
                *last = Some(cut.elapsed());
            }
        }
    }
    last
}

#[tokio::test]
async fn who_hears_of_no_change_tells_of_nobody_concerned_after_a_few_seconds() {
    let world = Neighbours::start(2).await;
    let cluster = &world.cluster;
    let mut ulla = world.at(ELSEWHERE, &world.ulla, 300.0).await;
    let yves = world.at(ELSEWHERE, &world.yves, 400.0).await;
    // The one who blocks is at the gateway that can't hear of it.
    let mut xaver = vec![world.at(CUT_OFF, &world.xaver, 100.0).await];
    while xaver.len() < DEVICES {
        xaver.push(cluster.connect(CUT_OFF, &world.xaver).await);
    }
    let mut wanda = world.wanda(&[&world.xaver, &world.ulla, &world.yves]).await;

    let cut = Instant::now();
    cluster.postgres_line(CUT_OFF).swallow();
    cluster.redis_line(CUT_OFF, 0).swallow();
    world.block().await;
    ulla.at(metres_north(500.0)).await;
    let walks = [walk(xaver), walk(vec![yves])];
    let [xavers, yveses] = walks.map(tokio::spawn);
    let [of_xaver, of_yves] = last_told(&mut wanda, cut, [&world.xaver, &world.yves]).await;
    println!("xaver was told of until {of_xaver:?} after the cut, yves until {of_yves:?}");
    assert!(of_xaver.is_none_or(|last| last <= TOLD_MAX), "{of_xaver:?}");
    let goes_on = |last: Duration| last + AT_ONCE + STEP >= CUT;
    assert!(of_yves.is_some_and(goes_on), "yves lives elsewhere: {of_yves:?}");
    let (xavers, yveses) = join(xavers, yveses).await;
    let mut xaver = xavers.expect("no panic").swap_remove(0);
    let mut yves = yveses.expect("no panic").swap_remove(0);

    for line in [cluster.postgres_line(CUT_OFF), cluster.redis_line(CUT_OFF, 0)] {
        line.pass();
        line.cut();
    }
    wanda.hear(|m| m["type"] == "gap").await;
    wanda.await_snapshot().await;
    cluster.until_ready().await;
    for person in [&mut wanda, &mut xaver, &mut ulla, &mut yves] {
        person.settle().await;
    }
    let seen: Vec<_> = wanda.friends.keys().collect();
    assert_eq!(seen, [&world.ulla, &world.yves]);
    assert_eq!(wanda.friends[&world.ulla]["latitude"], metres_north(500.0).0, "the newest");
    assert!(xaver.friends.is_empty());
    for (person, what) in [(&ulla, "ulla"), (&yves, "yves")] {
        assert!(person.friends.contains_key(&world.wanda), "{what} sees wanda");
        assert!(!person.types().contains(&"gap"), "{what} missed nothing");
    }
}
