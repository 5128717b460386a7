//! What a session asks others to do, and what it reads of them.

use std::sync::Arc;
use std::task::{Context, Poll};

use api::Verified;
use futures_util::future::join_all;
use model::{Moment, RetryAfterMs};

use super::Driver;
use super::tokens::Purpose;
use crate::fanout::hub::ChannelEntry;
use crate::fanout::mailbox::Mailbox;
use crate::fanout::registry::Full;
use crate::live::{self, Channel};
use crate::service::Gateway;
use crate::session::circle::Circle;
use crate::session::messages::CloseCode;
use crate::session::{Call, Input, Read, Session, Unavailable};

/// What a session costs beside the friends that it watches, in friends.
const SESSION_COST: u64 = 50;

/// Cells with the slots under which this session watches them.
type Slots = Vec<(u32, Arc<ChannelEntry>)>;

impl Driver {
    pub(super) fn call(&mut self, call: Call) {
        let gateway = self.gateway().clone();
        match call {
            Call::Admit(token) => self.verify(token, Purpose::Admit),
            Call::Renew(token) => self.verify(token, Purpose::Renew),
            Call::Announce(channel, sighting, fixes) => {
                // Friends on this gateway don't wait for any server.
                gateway.hub.take_in(&channel, sighting.clone());
                self.running.announce = Some(Box::pin(async move {
                    gateway.live.announce((channel, sighting), fixes).await
                }));
            }
        }
    }

    /// Counts the connection to its user, before anything is read of them: with one token and a slow database nobody
    /// gets more connections than they may.
    pub(super) fn admit(&mut self, Verified { caller, key }: Verified) {
        let gateway = self.gateway().clone();
        let now = gateway.now().monotonic;
        let paid = gateway.watching.as_ref().map_or(Ok(()), |all| all.check(&caller.user, now, 0));
        if let Err(RetryAfterMs(ms)) = paid {
            let detail = format!("too many connections of one user lately: come back in {ms} ms");
            return self.input(Input::Refused(CloseCode::RateLimited, detail));
        }
        let per_user_max = gateway.config.sessions_per_user_max;
        let joined = gateway.registry.join(self.permit.id, &caller.user, per_user_max);
        match joined {
            Ok(used) => {
                self.fixes_used = used;
                self.input(Input::Admitted(caller));
                self.hold_key(key);
            }
            // It has been told to end, and is about to hear it.
            Err(Full::CrowdedOut) => {}
            Err(Full::Sessions | Full::User) => {
                let detail = format!("at most {per_user_max} connections of one user");
                self.input(Input::Refused(CloseCode::TooManySessions, detail));
            }
        }
    }

    /// Charges the user for the friends that a new session is about to watch.
    fn charge(&self, answer: &Result<Circle, live::Error>) {
        let gateway = self.gateway();
        let (Some(watching), Some(user), Ok(circle)) =
            (&gateway.watching, self.session.user(), answer)
        else {
            return;
        };
        if !self.session.is_welcomed() {
            let cost = SESSION_COST + circle.friends.len() as u64;
            watching.charge(user, gateway.now().monotonic, cost);
        }
    }

    /// Goes on with what is read, and begins what is to be read next, as far as possible.
    pub(super) fn read(&mut self, mut now: Moment, cx: &mut Context<'_>) {
        loop {
            let mut progress = false;
            if let Some(Poll::Ready(answer)) =
                self.running.circle.as_mut().map(|circle| circle.as_mut().poll(cx))
            {
                self.running.circle = None;
                self.charge(&answer);
                self.input(Input::Circle(told(&self.session, answer)));
                progress = true;
            }
            if let Some(Poll::Ready(answer)) =
                self.running.positions.as_mut().map(|positions| positions.as_mut().poll(cx))
            {
                self.running.positions = None;
                self.session.set_epoch(self.gateway().live.epoch());
                // What was read is in the view before the session tells it.
                self.hear();
                self.input(Input::Positions(told(&self.session, answer)));
                progress = true;
            }
            progress |= self.hear_people(cx);
            if progress {
                self.carry_out(cx);
                now = self.gateway().now();
            }
            match self.session.next_read(now).filter(|_| self.closed.is_none()) {
                Some(Read::Circle) => self.running.circle = self.read_circle(),
                Some(Read::Positions) => self.running.positions = Some(self.read_positions()),
                Some(Read::People) => self.running.people = self.read_people(),
                None if progress => {}
                None => return,
            }
        }
    }

    fn read_circle(&self) -> Option<live::Asked<'static, Circle>> {
        let (gateway, user) = (self.gateway().clone(), self.session.user().cloned()?);
        Some(Box::pin(async move { gateway.deps.friends.circle(user).await }))
    }

    /// Watches whoever isn't watched yet, and reads everybody of whom it isn't known yet what the cache has. Servers are
    /// asked each for itself: one that is away keeps nobody of another from being seen.
    fn read_positions(&mut self) -> live::Asked<'static, ()> {
        let gateway = self.gateway().clone();
        let unwatched = self.session.take_unwatched();
        let slots: Vec<u32> = unwatched.iter().map(|(_, slot)| *slot).collect();
        let channels = unwatched.into_iter().map(|(user, slot)| (Channel::precise(user), slot));
        let watched = gateway.hub.watch(&self.permit.mailbox, channels);
        let needed = slots.iter().map(|slot| *slot as usize + 1).max().unwrap_or(0);
        if self.entries.len() < needed {
            self.entries.reserve_exact(needed - self.entries.len());
            self.entries.resize(needed, None);
        }
        for (slot, entry) in slots.into_iter().zip(watched) {
            // Known already, to somebody else's watching.
            if entry.is_ready() {
                self.permit.mailbox.mark(slot);
            }
            self.entries[slot as usize] = Some(entry);
        }
        let mut by_server: Vec<Slots> = Vec::new();
        for (slot, entry) in (0..).zip(&self.entries) {
            let Some(entry) = entry.as_ref().filter(|entry| !entry.is_ready()) else { continue };
            let server = gateway.live.server_of(&entry.channel().user);
            if by_server.len() <= server {
                by_server.resize_with(server + 1, Vec::new);
            }
            by_server[server].push((slot, entry.clone()));
        }
        by_server.retain(|slots| !slots.is_empty());
        let mailbox = self.permit.mailbox.clone();
        // Subscribed in the order of the calls, and so before anything else is asked for.
        let readings: Vec<_> = by_server
            .into_iter()
            .map(|slots| bring(gateway.clone(), mailbox.clone(), slots))
            .collect();
        Box::pin(async move { join_all(readings).await.into_iter().collect() })
    }

    /// Stops watching under these slots.
    pub(super) fn unwatch(&mut self, slots: &[u32]) {
        let hub = self.gateway().hub.clone();
        for slot in slots {
            if let Some(entry) = self.entries.get_mut(*slot as usize).and_then(Option::take) {
                hub.unwatch(&entry, &self.permit.mailbox);
            }
        }
        self.session.released(slots);
    }
}

/// Subscribe, then read, then let versions sort out what came both ways.
fn bring(
    gateway: Arc<Gateway>,
    mailbox: Arc<Mailbox>,
    slots: Slots,
) -> impl Future<Output = Result<(), live::Error>> + Send + 'static {
    let channels: Vec<Channel> = slots.iter().map(|(_, entry)| entry.channel().clone()).collect();
    let subscribed = gateway.hub.subscribe(&*gateway.live, channels.clone());
    async move {
        subscribed.await?;
        let cached = gateway.live.read(channels.clone()).await?;
        for (channel, sighting) in channels.iter().zip(cached) {
            if let Some(sighting) = sighting {
                gateway.hub.take_in(channel, sighting);
            }
        }
        for (slot, entry) in &slots {
            entry.set_ready();
            mailbox.mark(*slot);
        }
        Ok(())
    }
}

/// Says in the log why something can't be done now: the session needs to know only that.
pub(super) fn told<T>(session: &Session, answer: Result<T, live::Error>) -> Result<T, Unavailable> {
    answer.map_err(|error| {
        let span = tracing::info_span!("session", id = session.id());
        span.in_scope(|| error.log("what a session needs can't be had now"));
        Unavailable
    })
}
