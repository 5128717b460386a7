//! What may happen in a schedule, one step each.

use std::sync::Arc;

use model::{Clock, Position, Version};
use serde_json::json;

use super::super::super::{Client, id};
use super::{
    Change, GATEWAYS, PEOPLE, RADII_M, Stage, TOKEN_LONG_MS, TOKEN_SHORT_MS, TTL_MS, pair,
};
use crate::live::{Channel, Live};
use crate::session::circle::{CircleChange, CircleEdit};
use crate::session::record::{Presence, Record, Sighting};
use crate::session::seam;

impl Stage {
    pub(super) fn fix(&mut self, client: usize, below: &dyn Fn(usize) -> usize) {
        let late_ms = [None, None, Some(10_000), Some(40_000)][below(4)];
        let (time_ms, far) = (late_ms.map(|ms| self.clock.now().wall.0 - ms), below(4) == 0);
        // A device is on one connection: else two fixes of one moment could have the same version.
        let device = format!("d{client}");
        let client = &mut self.clients[client];
        if client.closed.is_some() || !client.driver.takes_input() {
            return;
        }
        client.seq += 1;
        client.fixes += 1;
        let latitude = self.notes.borrow_mut().place(far);
        let text = json!({
            "type": "fix", "device": device, "seq": client.seq, "latitude": latitude, "longitude": 2.0,
            "time_ms": time_ms,
        });
        client.driver.text(&text.to_string());
        let user = client.user.clone();
        self.note(|| format!("{user} sends a fix, late by {late_ms:?} ms"));
    }

    pub(super) fn word(&mut self, client: usize, kind: usize) {
        let client = &mut self.clients[client];
        if client.closed.is_none() && client.driver.takes_input() {
            let word = ["keep", "keep", "sign_off"][kind];
            client.driver.text(&json!({ "type": word, "device": "d" }).to_string());
            let user = client.user.clone();
            self.note(|| format!("{user} says {word}"));
        }
    }

    /// Somebody asks for a change of a circle.
    pub(super) fn change(&mut self, below: &dyn Fn(usize) -> usize) {
        let edit = match below(9) {
            0 => {
                let user = id(PEOPLE[below(PEOPLE.len())]);
                CircleEdit::Radius { user, radius_m: Some(RADII_M[below(RADII_M.len())]) }
            }
            1..=2 => pair(0, 1, true),
            3..=4 => pair(0, 1, false),
            5..=6 => pair(0, 2, true),
            7 => pair(0, 2, false),
            _ => CircleEdit::Renamed(id(PEOPLE[below(PEOPLE.len())])),
        };
        let (gateway, doubtful) = (below(GATEWAYS), below(8) == 0);
        self.note(|| format!("asked of gateway {gateway}: {edit:?}, doubtful: {doubtful}"));
        self.changes.push(Change { edit, gateway, committed: None, doubtful });
    }

    /// A change that was asked for goes a step on: committed and told here; then told everywhere, and answered.
    pub(super) fn advance(&mut self, which: usize) {
        if self.changes.is_empty() {
            return;
        }
        let index = which % self.changes.len();
        let change = &mut self.changes[index];
        let Some(committed) = &change.committed else {
            // Commits about one pair come one after another, and are told here in that order.
            let committed = self.truth.commit(change.edit.clone());
            self.notes.borrow_mut().committed(&committed);
            let here = &self.gateways[change.gateway];
            if change.doubtful {
                let users: Vec<_> = committed.users().cloned().collect();
                here.may_have_changed(&users);
            } else {
                here.changed(std::slice::from_ref(&committed));
            }
            change.committed = Some(committed);
            self.note(|| format!("committed: {:?}", self.changes[index].committed));
            return;
        };
        // Of a doubtful one the feed tells everybody, also here.
        let told =
            if change.doubtful { &self.embedded } else { &self.gateways[change.gateway].live };
        tell(told, committed.clone());
        self.notes.borrow_mut().answered(committed);
        let change = self.changes.swap_remove(index);
        self.note(|| format!("told everywhere and answered: {:?}", change.edit));
    }

    pub(super) fn pass(&mut self, below: &dyn Fn(usize) -> usize) {
        let ms = [1, 5, 1_000, 5_000, 15_000][below(5)];
        self.clock.advance_ms(ms);
        self.turn_gateways();
        self.note(|| format!("{ms} ms pass"));
    }

    /// In the middle of somebody's next turn a friendship ends, for everybody to know, and one of the two moves.
    pub(super) fn at_a_pause(&mut self, below: &dyn Fn(usize) -> usize) {
        let edit = pair(0, 1 + below(2), false);
        let here = self.gateways[below(GATEWAYS)].clone();
        let (truth, clock, notes) = (self.truth.clone(), self.clock.clone(), self.notes.clone());
        seam::at_next_pause(move || {
            let committed = truth.commit(edit.clone());
            let mut notes = notes.borrow_mut();
            notes.committed(&committed);
            here.changed(std::slice::from_ref(&committed));
            tell(&here.live, committed.clone());
            notes.answered(&committed);
            notes.step += 1;
            notes.told.push(format!("at a pause {edit:?} is answered, and the other one moves"));
            let other = committed.users().last().expect("two").clone();
            let latitude = notes.place(false);
            let now = clock.now();
            let version = Version {
                effective: now.wall,
                device: model::DeviceId::parse("d").expect("an id"),
                seq: 1_000_000 + notes.step,
            };
            let fix = model::Fix::at(Position::new(latitude, 2.0).expect("on Earth"));
            let record = Record::new(other.clone(), version, Presence::Here(fix), now.monotonic);
            let expires = now.monotonic.plus_ms(TTL_MS);
            let sighting = Sighting { record: Arc::new(record), expires };
            here.hub.take_in(&Channel::precise(other.clone()), sighting.clone());
            drop(here.live.announce((Channel::precise(other), sighting), 0));
        });
    }

    pub(super) fn disturb(&mut self, below: &dyn Fn(usize) -> usize) {
        let number = below(self.clients.len());
        match below(5) {
            0 | 1 => {
                let gateway = below(GATEWAYS);
                let (user, seq) = (self.clients[number].user.clone(), self.clients[number].seq);
                let holds_ms = [TOKEN_SHORT_MS, TOKEN_LONG_MS][below(2)];
                let expires = self.clock.now().wall.plus_ms(holds_ms);
                self.clients[number] = Client::until(expires, user, &self.gateways[gateway], seq);
                self.note(|| {
                    format!(
                        "connection {number} comes again, to gateway {gateway}, for {holds_ms} ms"
                    )
                });
            }
            2 => {
                let all: Vec<_> = PEOPLE.map(|name| Channel::precise(id(name))).into();
                self.gateways[below(GATEWAYS)].hub.gap(&all);
                self.note(|| "a gap".to_owned());
            }
            3 => {
                self.clients[number].stuck ^= true;
                self.note(|| format!("connection {number} is stuck, or not any more"));
            }
            _ => {
                self.gateways[below(GATEWAYS)].registry.signal_all(|signals| signals.drain = true);
                self.note(|| "a drain".to_owned());
            }
        }
    }
}

fn tell(live: &Arc<dyn Live>, change: CircleChange) {
    let told = live.tell(vec![change]);
    let told = futures_util::FutureExt::now_or_never(told).expect("at once");
    told.expect("the bus is there");
}
