//! Whether everybody sees exactly whom they should, and knows their names, once everything has come to its end.

use futures_util::FutureExt;
use model::{Clock, UserId, distance};

use super::super::id;
use super::stage::{PEOPLE, Stage};
use crate::live::Channel;
use crate::session::record::Sighting;

/// How long after its end a silence may still be told as presence.
const TOLD_WITHIN_MS: u64 = 1_000;

impl Stage {
    /// What the store has of each person, which is the truth about positions.
    fn held(&self) -> Vec<Option<Sighting>> {
        let channels = PEOPLE.map(|name| Channel::precise(id(name))).into();
        let read = self.embedded.read(channels);
        read.now_or_never().expect("at once").expect("it never fails")
    }

    /// When next somebody's silence, and nobody else's, will have been over for the second in which that is told.
    pub(super) fn next_quiet_ms(&self) -> Option<u64> {
        let now = self.clock.now().monotonic;
        let held = self.held().into_iter().flatten();
        let mut expiries: Vec<_> = held.map(|held| held.expires.since_ms(now)).collect();
        expiries.sort_unstable();
        let mut quiet_ms = expiries.first()? + TOLD_WITHIN_MS;
        for expiry_ms in expiries {
            if expiry_ms <= quiet_ms {
                quiet_ms = expiry_ms + TOLD_WITHIN_MS;
            }
        }
        Some(quiet_ms)
    }

    pub(super) fn judge(&self) -> Result<(), String> {
        let held = self.held();
        let place = |user: &UserId| {
            let n = PEOPLE.iter().position(|name| *name == user.as_str()).expect("one of us");
            held[n].as_ref().and_then(|sighting| sighting.record.ecef())
        };
        for client in self.clients.iter().filter(|client| client.closed.is_none()) {
            let circle = self.truth.read(&client.user);
            let me = place(&client.user);
            for other in PEOPLE.map(id).iter().filter(|other| **other != client.user) {
                let near =
                    me.zip(place(other)).is_some_and(|(me, at)| distance(me, at) <= circle.radius);
                let expected = near && circle.friends.contains(other);
                if client.friends.contains_key(other.as_str()) != expected {
                    let user = &client.user;
                    let last: Vec<_> = client.heard.iter().rev().take(6).collect();
                    return Err(self.wrong(&format!(
                        "{user} should see {other}: {expected}, and heard last {last:?}"
                    )));
                }
            }
            for other in client.friends.keys() {
                let told = client.named.iter().rfind(|(user, _)| user == other);
                let told = told.map(|(_, name)| name.as_str());
                let name = self.truth.name(&id(other));
                if told != Some(name.as_str()) {
                    let user = &client.user;
                    return Err(self.wrong(&format!("{user} calls {name} {told:?}")));
                }
            }
        }
        Ok(())
    }
}
