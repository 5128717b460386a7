mod steps;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use model::{Clock, ManualClock, SeededRandom, UserId};
use serde_json::Value;

use super::super::held::{HeldFriends, HeldLive, HeldSink, Holds, Truth};
use super::super::history::{Answers, HeldHistory};
use super::super::{Client, START, id};
use crate::config::Config;
use crate::live::embedded::Embedded;
use crate::live::{Channel, FixLimit, Live};
use crate::service::history::History;
use crate::service::{Deps, Gateway};
use crate::session::circle::{CircleChange, CircleEdit};
use crate::session::fixes::history::ACK_WAIT_MS_MAX;
use crate::session::record::Sighting;
use crate::session::seam;

use super::notes::Notes;
use super::theme::{Happening, Theme};

const GATEWAYS: usize = 2;
pub(super) const PEOPLE: [&str; 3] = ["w", "x", "y"];
/// Connections: everybody has one, and `w` another.
const CONNECTIONS: [&str; 4] = ["w", "x", "y", "w"];
const TTL_MS: u64 = 60_000;
/// Within which time a fix is acknowledged that history says nothing of: what waits is looked at with each ping.
const ACKS_WITHIN_MS: u64 = ACK_WAIT_MS_MAX + 25_000;
/// Radii that people choose, metres: one is between the two places where people are, one beyond.
const RADII_M: [u32; 2] = [500, 8_047];

/// How long a token holds that somebody comes again with, milliseconds: it may expire in the schedule, or not.
const TOKEN_SHORT_MS: i64 = 10_000;
const TOKEN_LONG_MS: i64 = 86_400_000;

/// A change of a circle on its way.
struct Change {
    edit: CircleEdit,
    gateway: usize,
    committed: Option<CircleChange>,
    /// The commit's answer is lost: the gateway knows only that it may have happened.
    doubtful: bool,
}

/// Gateways, people and what is under way between them.
pub(super) struct Stage {
    pub(super) clock: Arc<ManualClock>,
    pub(super) embedded: Arc<dyn Live>,
    holds: Arc<Holds>,
    pub(super) truth: Arc<Truth>,
    gateways: Vec<Arc<Gateway>>,
    pub(super) clients: Vec<Client>,
    /// The movement history, if there is one.
    pub(super) history: Option<Arc<HeldHistory>>,
    changes: Vec<Change>,
    notes: Rc<RefCell<Notes>>,
}

fn pair(a: usize, b: usize, friends: bool) -> CircleEdit {
    let (a, b) = (id(PEOPLE[a]), id(PEOPLE[b]));
    CircleEdit::Pair { low: a.clone().min(b.clone()), high: a.max(b), friends }
}

impl Stage {
    pub(super) fn new(answers: Option<Answers>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let holds = Arc::new(Holds::default());
        let truth = Arc::new(Truth::new(holds.clone()));
        let embedded = Embedded::new(clock.clone(), &SeededRandom::new(7), FixLimit::default());
        let config = Config { ttl_ms: TTL_MS, ..Config::default() };
        let history = answers.map(|answers| Arc::new(HeldHistory::new(answers, holds.clone())));
        let gateways = (0..GATEWAYS).map(|gateway| {
            let deps = Deps {
                boards: None,
                history: history.clone().map(|history| history as Arc<dyn History>),
                clock: clock.clone(),
                random: Arc::new(SeededRandom::new(gateway as u64)),
                verifier: super::super::verifier(),
                friends: Arc::new(HeldFriends(truth.clone())),
                friends_are_shared: false,
            };
            Gateway::new(config.clone(), deps, |inner| {
                let sink = HeldSink { inner, gateway, holds: holds.clone() };
                let inner = embedded.attach(Arc::new(sink));
                Arc::new(HeldLive { inner, gateway, holds: holds.clone() })
            })
        });
        let gateways: Vec<_> = gateways.collect();
        let outsider = embedded.attach(Arc::new(Nobody));
        truth.commit(pair(0, 1, true));
        let clients = CONNECTIONS.iter().enumerate();
        let clients = clients.map(|(n, user)| Client::new(id(user), &gateways[n % GATEWAYS], 0));
        let clients = clients.collect();
        let (changes, notes) = (Vec::new(), Rc::default());
        let embedded = outsider;
        let mut stage =
            Self { clock, embedded, holds, truth, gateways, clients, history, changes, notes };
        stage.settle().expect("nothing has happened yet");
        stage
    }

    fn note(&self, what: impl FnOnce() -> String) {
        self.notes.borrow_mut().told.push(what());
    }

    /// Something happens, or goes a step on.
    pub(super) fn step(
        &mut self,
        theme: &Theme,
        below: &dyn Fn(usize) -> usize,
    ) -> Result<(), String> {
        self.notes.borrow_mut().step += 1;
        match theme.draw(below) {
            Happening::Outside => self.holds.step(below(64)),
            Happening::Subscribed => drop(self.holds.subscribe_next(below(GATEWAYS))),
            Happening::Delivered => drop(self.holds.deliver_next(below(GATEWAYS))),
            Happening::Turn => return self.turn(below(self.clients.len())),
            Happening::Fix => self.fix(below(self.clients.len()), below),
            Happening::Asked => self.change(below),
            Happening::Advanced => self.advance(below(8)),
            Happening::Time => self.pass(below),
            Happening::Word => self.word(below(self.clients.len()), below(3)),
            Happening::Pause => self.at_a_pause(below),
            Happening::Disturbance => self.disturb(below),
            Happening::Quiet => return self.settle(),
        }
        Ok(())
    }

    fn turn(&mut self, client: usize) -> Result<(), String> {
        let heard = self.clients[client].heard.len();
        self.clients[client].turn();
        let Client { user, expires, heard: all, .. } = &self.clients[client];
        let is_over = self.clock.now().wall >= *expires;
        for message in &all[heard..] {
            if is_over
                && ["snapshot", "push"].contains(&message["type"].as_str().unwrap_or_default())
            {
                return Err(
                    self.wrong(&format!("{user} is told of others after their token's end"))
                );
            }
            self.check(user, message)?;
        }
        self.check_acks(client, heard)
    }

    /// Nobody is told of a fix that was sent after their friendship was over for everybody to know.
    fn check(&self, watcher: &UserId, message: &Value) -> Result<(), String> {
        let lists = ["friends", "came", "moved"].iter().filter_map(|list| message[list].as_array());
        for friend in lists.flatten() {
            let other = id(friend["id"].as_str().unwrap_or_default());
            let latitude = friend["latitude"].as_f64().unwrap_or_default();
            let notes = self.notes.borrow();
            let key = (watcher.min(&other).clone(), watcher.max(&other).clone());
            let sent = notes.sent.get(&latitude.to_bits()).copied().unwrap_or_default();
            let parted = notes.parted.get(&key).copied().unwrap_or(u64::MAX);
            if parted < sent && !self.truth.are_friends(watcher, &other) {
                return Err(self.wrong(&format!(
                    "{watcher} is told of {other}'s fix of step {sent}, and they parted at step {parted}"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn wrong(&self, what: &str) -> String {
        format!("{what}\n{}", self.notes.borrow().told.join("\n"))
    }

    /// Lets everything come to its end.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..200 {
            self.notes.borrow_mut().step += 1;
            while !self.changes.is_empty() {
                self.advance(0);
            }
            for gateway in 0..GATEWAYS {
                while self.holds.subscribe_next(gateway) || self.holds.deliver_next(gateway) {}
            }
            let idle = self.holds.len() == 0;
            while self.holds.len() > 0 {
                self.holds.step(0);
            }
            let mut said = false;
            for client in 0..self.clients.len() {
                let before = self.clients[client].heard.len();
                self.turn(client)?;
                said |= self.clients[client].heard.len() > before;
            }
            if idle && !said && self.holds.len() == 0 {
                return Ok(());
            }
        }
        Err(self.wrong("it never comes to an end"))
    }

    /// Everything comes to its end, and everybody sees whom they should: then, and whenever somebody's silence has lasted
    /// for the TTL.
    pub(super) fn end(&mut self) -> Result<(), String> {
        drop(seam::take_next());
        for client in &mut self.clients {
            if std::mem::take(&mut client.stuck) {
                client.driver.flushed();
            }
        }
        self.settle()?;
        self.pass_and_settle(2_500)?;
        self.judge()?;
        for _ in 0..3 {
            let Some(next_ms) = self.next_quiet_ms() else { break };
            self.pass_and_settle(next_ms)?;
            self.judge()?;
        }
        if self.history.as_ref().is_some_and(|history| history.is_silent()) {
            self.pass_and_settle(ACKS_WITHIN_MS)?;
        }
        self.judge_acks()
    }

    fn turn_gateways(&self) {
        for gateway in &self.gateways {
            gateway.turn();
        }
    }

    fn pass_and_settle(&mut self, ms: u64) -> Result<(), String> {
        let mut left_ms = ms;
        while left_ms > 0 {
            let step_ms = left_ms.min(5_000);
            self.clock.advance_ms(step_ms);
            left_ms -= step_ms;
            self.turn_gateways();
            self.settle()?;
        }
        self.note(|| format!("{ms} ms pass, and everything comes to its end"));
        Ok(())
    }
}

/// Somebody on the bus who listens to nothing: the relay of what nobody told.
struct Nobody;

impl crate::live::Sink for Nobody {
    fn deliver(&self, _: &Channel, _: Sighting) {}

    fn changed(&self, _: &[CircleChange]) {}

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, _: &[Channel]) {}
}

#[test]
fn an_acknowledgement_does_not_wait_for_the_fix_that_was_sent_after_it() {
    let mut stage = Stage::new(Some(Answers::All));
    // Everybody has subscribed by now, and reads.
    stage.settle().expect("nothing is wrong");
    let turn = |stage: &mut Stage| stage.turn(0).expect("nothing is wrong");
    let first_held = |stage: &mut Stage| {
        // It happens, and its answer arrives.
        stage.holds.step(0);
        stage.holds.step(0);
        turn(stage);
    };
    let acks = |stage: &Stage| stage.clients[0].heard.iter().filter(|m| m["type"] == "ack").count();
    stage.fix(0, &|_| 0);
    turn(&mut stage);
    first_held(&mut stage);
    assert_eq!((stage.holds.len(), acks(&stage)), (1, 0), "history is asked");
    stage.fix(0, &|_| 0);
    turn(&mut stage);
    assert_eq!((stage.holds.len(), acks(&stage)), (2, 0), "and the next fix is announced");
    first_held(&mut stage);
    assert_eq!((stage.holds.len(), acks(&stage)), (1, 1), "which goes on");
}
