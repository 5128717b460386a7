//! Makes and ends friendships while people move, over REST and through any of the addresses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::{HeaderValue, Method};
use model::SeededRandom;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::Error;
use crate::people::crowd::{Crowd, add};
use crate::people::rest::{Ask, Refusal, Rest, bearer};
use crate::plan::{FriendshipChanges, Tokens};
use crate::world::chance::below;
use crate::world::friendships::Step;

/// The most changes a second that make sense.
const PER_S_MAX: f64 = 1_000.0;

/// How many changes are under way at once; what comes on top of them is left out.
const UNDER_WAY_MAX: usize = 64;

/// How often a request is made when the service says "later" or can't be reached.
const TRIES_MAX: u32 = 4;

/// The pause after the first try; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(100);

/// Somebody who changes friendships.
pub(crate) struct Changer {
    crowd: Arc<Crowd>,
    rest: Rest,
    tokens: Arc<dyn Tokens>,
    random: SeededRandom,
    every: Duration,
}

impl Changer {
    pub(crate) fn new(
        changes: FriendshipChanges,
        crowd: Arc<Crowd>,
        rest: Rest,
        tokens: Arc<dyn Tokens>,
    ) -> Result<Self, Error> {
        let FriendshipChanges { per_s, seed } = changes;
        if !(per_s > 0.0 && per_s <= PER_S_MAX) {
            let detail = format!("friendships change above 0 and up to {PER_S_MAX} times a second");
            return Err(Error::Plan(detail));
        }
        let every = Duration::from_secs_f64(per_s.recip());
        Ok(Self { crowd, rest, tokens, random: SeededRandom::new(seed), every })
    }

    /// Goes on until the returned future is dropped. Pauses while a checkpoint wants it.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut beat = tokio::time::interval(self.every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut under_way = JoinSet::new();
        loop {
            beat.tick().await;
            while under_way.try_join_next().is_some() {}
            if under_way.len() >= UNDER_WAY_MAX {
                continue;
            }
            let Ok(permit) = Arc::clone(&self.crowd.changing).try_read_owned() else { continue };
            let steps = self.crowd.bonds.lock().choose(&self.random, Instant::now());
            let this = Arc::clone(&self);
            under_way.spawn(async move {
                join_all(steps.into_iter().map(|step| this.carry_out(step))).await;
                drop(permit);
            });
        }
    }

    async fn carry_out(&self, step: Step) {
        if self.ask_all(step).await {
            let (now, now_ms) = (Instant::now(), self.crowd.now_ms());
            self.crowd.bonds.lock().answered(step, now, now_ms);
            add(&self.crowd.tally.friendships_changed, 1);
        } else {
            self.crowd.bonds.lock().unknown(step);
            add(&self.crowd.tally.friendships_unknown, 1);
        }
    }

    /// Whether all of it was answered.
    async fn ask_all(&self, step: Step) -> bool {
        let (one, other) = step.people();
        let (a, b) = (self.crowd.id(one), self.crowd.id(other));
        let friends = format!("/v1/users/{a}/friends/{b}");
        match step {
            Step::End(..) => self.ask(one, None, Method::DELETE, friends).await,
            Step::Block(..) => {
                let path = format!("/v1/users/me/blocks/{b}");
                self.ask(one, Some(one), Method::PUT, path).await
            }
            Step::Make { lift, .. } => {
                if let Some(by) = lift {
                    let whom = if by == one { b } else { a };
                    let path = format!("/v1/users/me/blocks/{whom}");
                    if !self.ask(by, Some(by), Method::DELETE, path).await {
                        return false;
                    }
                    self.crowd.bonds.lock().lifted(step);
                }
                self.ask(one, None, Method::PUT, friends).await
            }
        }
    }

    /// Asks with the token of `caller`, or of a service, again and again; answers whether it was done. `who` it is about.
    async fn ask(&self, who: u32, caller: Option<u32>, method: Method, path: String) -> bool {
        let ask = Ask { method, path, body: String::new() };
        let Some(bearer) = self.bearer(who, caller) else { return false };
        let mut pause = PAUSE_FIRST;
        for tries in 1..=TRIES_MAX {
            let address = below(&self.random, self.rest.addresses.len());
            match self.rest.send(address, &ask, &bearer).await {
                Ok(_) => return true,
                Err(Refusal::Never(why)) => {
                    self.crowd.fault(who, format_args!("{} {}: {why}", ask.method, ask.path));
                    return false;
                }
                // Whoever waits for a checkpoint isn't kept waiting by tries.
                Err(Refusal::Later(_)) if self.crowd.changing.try_read().is_err() => return false,
                Err(Refusal::Later(_)) if tries < TRIES_MAX => {}
                Err(Refusal::Later(_)) => return false,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        false
    }

    fn bearer(&self, who: u32, caller: Option<u32>) -> Option<HeaderValue> {
        let token = match caller {
            Some(person) => self.tokens.user(self.crowd.id(person)),
            None => self.tokens.service(),
        };
        let bearer = bearer(&token);
        bearer.inspect_err(|error| self.crowd.fault(who, error)).ok()
    }
}

#[cfg(test)]
mod tests;
