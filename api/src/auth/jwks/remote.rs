use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use model::Monotonic;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::jwks;
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
    state: Mutex<State>,
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

struct State {
    /// A question is under way, or about to be.
    asking: bool,
    /// When an unknown key was last the reason.
    wanted_at: Option<Monotonic>,
    /// Why the last question brought nothing.
    fault: Option<String>,
}

impl Remote {
    pub(in crate::auth) fn new(source: Arc<dyn KeySource>) -> Self {
        // The first question is about to be asked.
        let state = State { asking: true, wanted_at: None, fault: None };
        let (state, answers) = (Mutex::new(state), watch::Sender::new(0));
        Self { source, state, wanted: Notify::new(), answers }
    }

    /// Returns once the issuer was asked for a key that isn't known, if it may be asked now.
    pub(in crate::auth) async fn ask(&self, now: Monotonic) {
        let mut answers = self.answers.subscribe();
        {
            let mut state = self.state.lock();
            if !state.asking {
                let lately = |at: Monotonic| now.since_ms(at) < UNKNOWN_KEY_INTERVAL_MS;
                if state.wanted_at.is_some_and(lately) {
                    return;
                }
                state.wanted_at = Some(now);
                state.asking = true;
                self.wanted.notify_one();
            }
        }
        let patience = Duration::from_millis(FETCH_MS_MAX);
        // Without an answer whoever waits sees what is known.
        let _ = tokio::time::timeout(patience, answers.changed()).await;
    }

    /// Whether the issuer's newest keys can't be had now.
    pub(in crate::auth) fn is_away(&self) -> bool {
        let state = self.state.lock();
        state.asking || state.fault.is_some()
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
            let fault = issuer.remote.as_ref()?.state.lock().fault.clone()?;
            Some(format!("{}: {fault}", issuer.rules.issuer))
        })
    }

    async fn keep_fresh(&self, issuer: &Issuer) {
        let Some(remote) = &issuer.remote else { return };
        let mut retry_ms = RETRY_MS.0;
        loop {
            remote.state.lock().asking = true;
            let fault = self.refresh(issuer, remote).await.err();
            let pause = if fault.is_some() {
                Duration::from_millis(retry_ms).min(remote.source.interval())
            } else {
                remote.source.interval()
            };
            retry_ms = if fault.is_some() { (2 * retry_ms).min(RETRY_MS.1) } else { RETRY_MS.0 };
            {
                let mut state = remote.state.lock();
                state.asking = false;
                state.fault = fault.map(|fault| fault.to_string());
            }
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
        let count = keys.len();
        let before = issuer.keys().len();
        let removed = issuer.replace_keys(keys);
        if removed {
            self.memo.forget_removed();
            self.removals.send_modify(|removals| *removals += 1);
        }
        if removed || count != before {
            tracing::info!(issuer = name, keys = count, removed, "the keys of an issuer are new");
        }
        Ok(())
    }
}
