use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use model::Monotonic;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::asking::{Absence, Asking, Next, SoughtKey};
use super::{Jwks, jwks};
use crate::auth::issuer::Issuer;
use crate::auth::verifier::Verifier;

/// How long an issuer may take to answer with its keys, milliseconds.
pub const FETCH_MS_MAX: u64 = 5_000;

/// How often tokens that name unknown keys may have an issuer asked, milliseconds, whoever sends them.
pub const UNKNOWN_KEY_INTERVAL_MS: u64 = 60_000;

/// After how long an issuer is asked again that didn't answer, at first and at most, milliseconds.
const RETRY_MS: (u64, u64) = (1_000, 60_000);

/// Why keys can't be had; in words for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);

/// Where an issuer publishes its keys.
pub trait KeySource: Send + Sync {
    /// Asks for them once, for at most [`FETCH_MS_MAX`]; the answer is a JWKS, of at most
    /// [`JWKS_BYTES_MAX`](super::JWKS_BYTES_MAX).
    fn fetch(&self) -> BoxFuture<'static, Result<Vec<u8>, FetchError>>;

    /// Its address, for the log.
    fn address(&self) -> &str;

    /// How often it is asked without a reason.
    fn interval(&self) -> Duration;
}

/// When an issuer is asked. One task asks, one question at a time; whoever needs a key waits for that.
pub(in crate::auth) struct Remote {
    source: Arc<dyn KeySource>,
    state: Mutex<Asking>,
    /// Somebody needs a key.
    wanted: Notify,
    /// Changes with every answer.
    answers: watch::Sender<u64>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

impl Remote {
    pub(in crate::auth) fn new(source: Arc<dyn KeySource>) -> Self {
        let (state, answers) = (Mutex::new(Asking::new()), watch::Sender::new(0));
        Self { source, state, wanted: Notify::new(), answers }
    }

    /// Returns once the issuer was asked for a key that isn't known, if it may be asked now, or once `is_known` says that the
    /// key is. Says what to answer if it still isn't.
    pub(in crate::auth) async fn ask(
        &self,
        key: SoughtKey,
        now: Monotonic,
        is_known: impl Fn() -> bool,
    ) -> Absence {
        let patience = Duration::from_millis(FETCH_MS_MAX);
        // Without an answer whoever waits sees what is known.
        let answered = tokio::time::timeout(patience, self.answer(key, now, is_known)).await;
        answered.unwrap_or(Absence::AWAY)
    }

    async fn answer(&self, key: SoughtKey, now: Monotonic, is_known: impl Fn() -> bool) -> Absence {
        let mut answers = self.answers.subscribe();
        let mut since = None;
        loop {
            let next = {
                let mut state = self.state.lock();
                let next = state.next(key, since, now);
                since = since.or(Some(state.begun()));
                next
            };
            match next {
                Next::Say(absence) => return absence,
                Next::Wait { ask: true } => self.wanted.notify_one(),
                Next::Wait { ask: false } => {}
            }
            if answers.changed().await.is_err() {
                return Absence::AWAY;
            }
            // Else whoever came amid a question would have another asked for what its answer brought.
            if is_known() {
                return Absence::Final;
            }
        }
    }
}

impl Verifier {
    /// Keeps the keys of all issuers fresh that publish them, until it is dropped. Without it they have none.
    pub async fn run(self: Arc<Self>) {
        join_all(self.issuers.iter().map(|issuer| self.keep_fresh(issuer))).await;
        // Keys in files need nobody.
        std::future::pending::<()>().await;
    }

    /// The first issuer whose keys can't be had, and why.
    pub fn fault(&self) -> Option<String> {
        self.issuers.iter().find_map(|issuer| {
            let fault = issuer.remote.as_ref()?.state.lock().fault().cloned()?;
            Some(format!("{}: {fault}", issuer.rules.issuer))
        })
    }

    async fn keep_fresh(&self, issuer: &Issuer) {
        let Some(remote) = &issuer.remote else { return };
        let mut retry_ms = RETRY_MS.0;
        loop {
            remote.state.lock().begin();
            let fault = self.refresh(issuer, remote).await.err();
            let pause = if fault.is_some() {
                Duration::from_millis(retry_ms).min(remote.source.interval())
            } else {
                remote.source.interval()
            };
            retry_ms = if fault.is_some() { (2 * retry_ms).min(RETRY_MS.1) } else { RETRY_MS.0 };
            remote.state.lock().end(fault.map(|fault| fault.to_string()));
            remote.answers.send_modify(|answers| *answers += 1);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = remote.wanted.notified() => {}
            }
        }
    }

    /// Asks once. Whatever goes wrong, the keys that are known stay.
    async fn refresh(&self, issuer: &Issuer, remote: &Remote) -> Result<(), FetchError> {
        let (name, address) = (&issuer.rules.issuer, remote.source.address());
        let keys = remote
            .source
            .fetch()
            .await
            .and_then(|answer| jwks(&answer).map_err(|fault| FetchError(fault.to_string())));
        let keys = keys.inspect_err(|fault| {
            tracing::warn!(issuer = name, address, %fault, "the keys of an issuer can't be had; those known stay");
        })?;
        let Jwks { keys, passed_over } = keys;
        let count = keys.len();
        let before = issuer.keys().len();
        let removed = issuer.replace_keys(keys);
        if removed {
            self.memo.forget_removed();
            self.removals.send_modify(|removals| *removals += 1);
        }
        if removed || count != before {
            tracing::info!(
                issuer = name,
                keys = count,
                passed_over,
                removed,
                "the keys of an issuer are new"
            );
        }
        Ok(())
    }
}
