//! Movement history as the gateway sees it: fixes are taken at once, and answers come in any order, late or never.

use std::future::pending;

use super::held::Holds;
use super::scenes::HERE;
use super::*;
use crate::session::fixes::history::{ACK_WAIT_MS_MAX, ACKS_WAITING_MAX, HistoryFix, Kept};

/// For which fixes history answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    All,
    /// It says nothing of every fourth.
    Some,
}

/// A history whose answers are held.
pub(super) struct HeldHistory {
    answers: Answers,
    holds: Arc<Holds>,
    asked: Mutex<Vec<(UserId, Vec<HistoryFix>)>>,
    kept: Arc<Mutex<Vec<usize>>>,
}

impl HeldHistory {
    pub(super) fn new(answers: Answers, holds: Arc<Holds>) -> Self {
        Self { answers, holds, asked: Mutex::default(), kept: Arc::default() }
    }

    /// Whether it may never answer.
    pub(super) fn is_silent(&self) -> bool {
        self.answers == Answers::Some
    }

    /// Of each time that it was asked to keep this fix, whether it has said that it does.
    pub(super) fn has_kept(&self, user: &UserId, device: &str, seq: u64) -> Vec<bool> {
        let (asked, kept) = (self.asked.lock(), self.kept.lock());
        let is_it =
            |fix: &HistoryFix| fix.version.device.as_str() == device && fix.version.seq == seq;
        let about_it = asked.iter().enumerate().filter(|(_, (of, _))| of == user);
        let about_it = about_it.filter(|(_, (_, fixes))| fixes.iter().any(is_it));
        about_it.map(|(number, _)| kept.contains(&number)).collect()
    }

    /// Lets all answers that are held arrive.
    fn answer_all(&self) {
        while self.holds.len() > 0 {
            self.holds.step(0);
        }
    }
}

impl History for HeldHistory {
    fn keep(&self, user: &UserId, fixes: Vec<HistoryFix>) -> BoxFuture<'static, Kept> {
        let mut asked = self.asked.lock();
        let number = asked.len();
        asked.push((user.clone(), fixes));
        if self.is_silent() && number % 4 == 3 {
            return Box::pin(pending());
        }
        let kept = self.kept.clone();
        self.holds.hold(move || {
            kept.lock().push(number);
            Kept::Disk
        })
    }
}

/// Alice and Bob are friends, near each other and connected to different gateways, which keep history.
fn two(config: Config) -> (World, Arc<HeldHistory>) {
    let history = Arc::new(HeldHistory::new(Answers::All, Arc::default()));
    let port: Arc<dyn History> = history.clone();
    let mut world = World::keeping(2, config, Some(&port));
    world.set_friends("alice", "bob", true);
    for (name, gateway) in [("alice", 0), ("bob", 1)] {
        let number = world.connect(name, gateway);
        fix(&mut world, number);
    }
    history.answer_all();
    world.two_ticks();
    assert!(acks(&mut world, ALICE).len() == 1 && acks(&mut world, BOB).len() == 1);
    (world, history)
}

const ALICE: usize = 0;
const BOB: usize = 1;

/// Somebody sends a fix, each some metres north of the one before.
fn fix(world: &mut World, number: usize) {
    world.clients[number].seq += 1;
    let seq = world.clients[number].seq;
    let latitude = HERE.0 + seq as f64 * 1e-5;
    let device = format!("d{number}");
    world.say(
        number,
        &json!({
            "type": "fix", "device": device, "seq": seq, "latitude": latitude, "longitude": HERE.1,
        }),
    );
}

/// Of each acknowledgement that somebody has heard since they were asked last, `seq` and `kept`.
fn acks(world: &mut World, number: usize) -> Vec<(u64, String)> {
    let heard = std::mem::take(&mut world.clients[number].heard);
    let acks = heard.iter().filter(|message| message["type"] == "ack");
    let text = |value: &Value| value.as_str().expect("a word").to_owned();
    acks.map(|ack| (ack["seq"].as_u64().expect("a number"), text(&ack["kept"]))).collect()
}

#[test]
fn friends_are_told_of_every_fix_while_history_says_nothing() {
    let (mut world, history) = two(Config::default());
    for seq in 2..=20 {
        fix(&mut world, BOB);
        world.two_ticks();
        let shown = world.clients[ALICE].friends["bob"]["latitude"].as_f64().expect("a number");
        assert!((shown - HERE.0 - f64::from(seq) * 1e-5).abs() < 1e-9, "{shown}");
    }
    world.say(BOB, &json!({ "type": "ping", "id": 1 }));
    assert!(world.clients[BOB].heard.iter().any(|message| message["type"] == "pong"));
    assert!(acks(&mut world, BOB).is_empty());
    history.answer_all();
    world.settle();
    let disk: Vec<_> = (2..=20).map(|seq| (seq, "disk".to_owned())).collect();
    assert_eq!(acks(&mut world, BOB), disk);
}

#[test]
fn answers_in_another_order_are_acknowledged_in_the_order_of_the_fixes() {
    let (mut world, history) = two(Config::default());
    for _ in 0..3 {
        fix(&mut world, BOB);
    }
    for (answered, acknowledged) in [(2, vec![]), (1, vec![]), (0, vec![2, 3, 4])] {
        // It happens, and then the answer arrives.
        history.holds.step(answered);
        history.holds.step(answered);
        world.settle();
        let seqs: Vec<_> = acks(&mut world, BOB).into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(seqs, acknowledged);
    }
}

#[test]
fn of_very_many_that_wait_the_oldest_are_not_waited_for_and_all_are_handed_in() {
    let many = ACKS_WAITING_MAX + 44;
    let plenty = 10 * many as u32;
    let (mut world, history) = two(Config {
        fixes_burst: plenty,
        messages_burst: plenty,
        bytes_burst: 1_000 * plenty,
        ..Config::default()
    });
    for _ in 0..many {
        fix(&mut world, BOB);
    }
    let (late, rest) = (2..46, 46..2 + many as u64);
    let memory: Vec<_> = late.map(|seq| (seq, "memory".to_owned())).collect();
    assert_eq!(acks(&mut world, BOB), memory);
    assert_eq!(history.holds.len(), many, "all were handed in");
    history.answer_all();
    world.settle();
    let disk: Vec<_> = rest.map(|seq| (seq, "disk".to_owned())).collect();
    assert_eq!(acks(&mut world, BOB), disk);
}

#[test]
fn a_history_that_says_nothing_is_waited_for_until_some_time_after_the_next_ping() {
    let (mut world, history) = two(Config::default());
    fix(&mut world, BOB);
    world.pass_ms(ACK_WAIT_MS_MAX - 1_000);
    assert!(acks(&mut world, BOB).is_empty());
    world.pass_ms(world.config.ping_interval_ms + 1_000);
    assert_eq!(acks(&mut world, BOB), [(2, "memory".to_owned())]);
    // Its answer is nobody's any more; the next is that of the next.
    fix(&mut world, BOB);
    history.answer_all();
    world.settle();
    assert_eq!(acks(&mut world, BOB), [(3, "disk".to_owned())]);
}

#[test]
fn who_goes_hears_nothing_more_and_what_they_sent_is_kept() {
    let (mut world, history) = two(Config::default());
    fix(&mut world, BOB);
    world.gateways[1].registry.signal_all(|signals| signals.drain = true);
    world.pass_ms(world.config.drain_window_ms + 1_000);
    assert_eq!(world.clients[BOB].closed, Some(CloseCode::Restarting));
    history.answer_all();
    world.settle();
    assert!(acks(&mut world, BOB).is_empty());
    assert_eq!(history.has_kept(&id("bob"), "d1", 2), [true]);
}
