use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use super::read::Seen;
use super::{Config, FEED};
use crate::metrics::{READS, REPLICA_BEHIND, SERVER_UP};
use model::{ErrorChain, ReadToken};
use sql::StoreError;
use sql::postgres::{Away, HealthProbe, ReadFrom, Readers, Server};

/// How long a server may take to say how far it has come, with the connection if there is none. One that is only busy
/// isn't taken for one that is away, as far as that can be told.
pub(super) const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a replica is asked whether it has come as far as a read wants.
const CATCH_UP_LOOK: Duration = Duration::from_millis(5);

/// A server that follows the primary, and whether it does.
pub(super) struct Replica {
    pub(super) server: Arc<Server>,
    /// The same, for those who would rather wait than go without.
    pub(super) patient: Server,
    pub(super) name: String,
    pub(super) readers: Readers,
    known: Mutex<ReplicaState>,
}

/// What is known of a replica.
enum ReplicaState {
    /// It answered, and had come so far.
    Up(ReadToken),
    /// It was too slow or failed to answer, and why; the next look will tell more.
    Failed(String),
    /// It doesn't answer, and why.
    Down(String),
}

impl Replica {
    /// Down until it is [looked at](Self::look).
    pub(super) fn new(config: &Config, url: &str) -> Result<Self, StoreError> {
        let server = Arc::new(config.replica(url)?);
        let known = ReplicaState::Down("it wasn't asked yet".to_owned());
        Ok(Self {
            readers: server.readers(ReadFrom::Any, config.readers_max),
            name: server.to_string(),
            server,
            patient: config.patient_replica(url)?,
            known: Mutex::new(known),
        })
    }

    /// What [`look`](Self::look) looks with.
    pub(super) fn probe(&self) -> HealthProbe {
        HealthProbe::new(Arc::clone(&self.server), ReadFrom::Any, LOOK_TIMEOUT)
    }

    /// Sees how far it has come.
    pub(super) async fn look(&self, probe: &mut HealthProbe) {
        let state = probe.ask(|connection| Box::pin(FEED.read(connection))).await;
        let up = if state.is_ok() { 1.0 } else { 0.0 };
        metrics::gauge!(SERVER_UP, "server" => self.name.clone()).set(up);
        *self.known.lock() = match state {
            Ok(state) => ReplicaState::Up(state),
            Err(Away { why, is_late: true }) => ReplicaState::Failed(ErrorChain(&why).to_string()),
            Err(Away { why, is_late: false }) => ReplicaState::Down(ErrorChain(&why).to_string()),
        };
    }

    /// How far it had come when it was heard of last; why it can't be read, if it is down, or hasn't what is required.
    pub(super) fn serves(&self, required: ReadToken) -> Result<ReadToken, String> {
        match &*self.known.lock() {
            ReplicaState::Up(state) if state.includes(required) => Ok(*state),
            ReplicaState::Up(state) if state.timeline == required.timeline => Err(format!(
                "it is {} changes behind those that it should have by now",
                required.position.0 - state.position.0
            )),
            ReplicaState::Up(_) => Err("it is of another timeline than the primary".to_owned()),
            ReplicaState::Failed(why) | ReplicaState::Down(why) => Err(why.clone()),
        }
    }

    /// Whether it may answer, as far as is known; perhaps from a state that is too old.
    pub(super) fn may_answer(&self) -> bool {
        !matches!(&*self.known.lock(), ReplicaState::Down(_))
    }

    /// Tells operators how it stands.
    pub(super) fn measure(&self, required: ReadToken) {
        let ReplicaState::Up(state) = *self.known.lock() else { return };
        let behind = required.position.0.saturating_sub(state.position.0);
        metrics::gauge!(REPLICA_BEHIND, "server" => self.name.clone()).set(behind as f64);
    }

    /// Waits until it has come so far; not longer than until then.
    pub(super) async fn reaches(&self, wanted: ReadToken, deadline: Instant) -> bool {
        if self.serves(wanted).is_ok() {
            return true;
        }
        let reached = async {
            loop {
                let state = self.readers.fetch_one(FEED.query()).await.ok()?;
                let state = sql::read_token(&state).ok()?;
                self.note(state);
                if state.includes(wanted) {
                    return Some(());
                }
                sleep(CATCH_UP_LOOK).await;
            }
        };
        matches!(timeout_at(deadline, reached).await, Ok(Some(())))
    }

    /// Its answer; none if it fails. One that is late isn't asked again before it is looked at. By `server` it is told how
    /// long to wait: [`patient`](Self::patient) is for somebody who has nobody else to ask.
    pub(super) async fn ask<T>(
        &self,
        server: &Server,
        work: impl Future<Output = Seen<T>> + Send,
    ) -> Option<(T, ReadToken)> {
        let answered: Result<_, StoreError> = server.answer(work).await;
        match answered {
            Ok((answer, as_of)) => {
                self.note(as_of);
                metrics::counter!(READS, "server" => self.name.clone()).increment(1);
                Some((answer, as_of))
            }
            Err(error) => {
                let why = ErrorChain(&error).to_string();
                tracing::debug!(replica = %self.name, why, "a replica didn't answer");
                *self.known.lock() = ReplicaState::Failed(why);
                None
            }
        }
    }

    /// Answers may overtake each other.
    fn note(&self, state: ReadToken) {
        let mut known = self.known.lock();
        if let ReplicaState::Up(known) = &mut *known {
            *known = known.later(state);
        }
    }
}
