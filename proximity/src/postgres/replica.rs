use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep, timeout_at};

use super::read::Seen;
use super::server::Server;
use super::{Config, feed};
use crate::error::Error;
use crate::freshness::Freshness;

/// How often a replica is asked whether it has come as far as a read wants.
const CATCH_UP_LOOK: Duration = Duration::from_millis(5);

/// A server that follows the primary, and whether it does.
pub(super) struct Replica {
    server: Server,
    readers: PgPool,
    /// A connection of its own, so that a replica in full use isn't taken for one that is down.
    looking: PgPool,
    standing: Mutex<Standing>,
}

/// What is known of a replica.
enum Standing {
    /// It answered, and had come so far.
    Up(Freshness),
    /// It didn't, and why.
    Down(String),
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl Replica {
    /// Down until it is [looked at](Self::look).
    pub(super) fn of(config: &Config, url: &str) -> Result<Self, Error> {
        let server = Server::replica(config, url)?;
        let standing = Standing::Down("it wasn't asked yet".to_owned());
        Ok(Self {
            readers: server.readers(config.readers_max),
            looking: server.readers(1),
            server,
            standing: Mutex::new(standing),
        })
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks it how far it has come.
    pub(super) async fn look(&self) {
        let asked = self.server.answer(feed::of(&self.looking)).await;
        *self.standing() = match asked {
            Ok(state) => Standing::Up(state),
            Err(error) => Standing::Down(error.to_string()),
        };
    }

    /// How far it had come when it was heard of last; why it can't be read, if it is down, or hasn't what is required.
    pub(super) fn serves(&self, required: Freshness) -> Result<Freshness, String> {
        match &*self.standing() {
            Standing::Up(state) if state.includes(required) => Ok(*state),
            Standing::Up(state) if state.history == required.history => Err(format!(
                "it is {} changes behind those that it should have by now",
                required.position.0 - state.position.0
            )),
            Standing::Up(_) => Err("it is of another history than the primary".to_owned()),
            Standing::Down(why) => Err(why.clone()),
        }
    }

    /// Waits until it has come so far; not longer than until then.
    pub(super) async fn reaches(&self, wanted: Freshness, deadline: Instant) -> bool {
        if self.serves(wanted).is_ok() {
            return true;
        }
        let reached = async {
            loop {
                let state = feed::of(&self.readers).await.ok()?;
                self.note(state);
                if state.includes(wanted) {
                    return Some(());
                }
                sleep(CATCH_UP_LOOK).await;
            }
        };
        matches!(timeout_at(deadline, reached).await, Ok(Some(())))
    }

    /// Its answer; none if it fails. One that is late isn't asked again before it is looked at.
    pub(super) async fn ask<T>(
        &self,
        work: impl Future<Output = Seen<T>> + Send,
    ) -> Option<(T, Freshness)> {
        match self.server.answer(work).await {
            Ok((answer, as_of)) => {
                self.note(as_of);
                Some((answer, as_of))
            }
            Err(error) => {
                tracing::debug!(replica = %self, %error, "a replica didn't answer");
                *self.standing() = Standing::Down(error.to_string());
                None
            }
        }
    }

    pub(super) fn readers(&self) -> PgPool {
        self.readers.clone()
    }

    /// Answers may overtake each other.
    fn note(&self, state: Freshness) {
        let mut standing = self.standing();
        if let Standing::Up(known) = &mut *standing {
            *known = known.later(state);
        }
    }
}
