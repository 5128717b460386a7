use std::fmt;
use std::sync::Arc;

use axum::extract::FromRef;
use http::{HeaderMap, HeaderValue, header};
use model::{Clock, Random};

use crate::metrics::REFUSED_CONNECTIONS;
use crate::work::{Budgets, Gate};
use crate::{BasePath, LineLimit, RateLimit, Usage, Verifier, WorkLimits};

/// What every endpoint needs from outside. A router's state gives it by `FromRef`.
///
/// One reference: it is cloned several times a request.
#[derive(Clone)]
pub struct Context(Arc<Deps>, Arc<BasePath>);

pub(crate) struct Deps {
    /// Judges tokens.
    pub(crate) verifier: Arc<Verifier>,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Where request ids start.
    pub(crate) random: Arc<dyn Random>,
    /// Counts requests per caller.
    pub(crate) requests: Usage,
    /// Counts what they cost.
    pub(crate) budgets: Budgets,
    /// How much of refusals is logged.
    pub(crate) lines: Lines,
    /// Where heavy ones wait.
    pub(crate) gate: Arc<Gate>,
}

/// How many lines a second the log has of what clients can cause: together far below a hundred, also across the end of one.
pub(crate) struct Lines {
    /// Of what was refused, before or after it was known who asks, by requests and by connections.
    pub(crate) refusals: LineLimit,
    /// Of what failed here.
    pub(crate) failures: LineLimit,
}

const REFUSALS_PER_S: u32 = 30;
const FAILURES_PER_S: u32 = 15;

/// How much callers may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Requests of each caller.
    pub requests: RateLimit,
    /// What they may cost.
    pub work: WorkLimits,
}

impl From<RateLimit> for Limits {
    /// As many requests, which may cost what they may out of the box.
    fn from(requests: RateLimit) -> Self {
        Self { requests, work: WorkLimits::default() }
    }
}

impl Context {
    /// Puts the pieces together.
    pub fn new(
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: impl Into<Limits>,
    ) -> Self {
        let Limits { requests, work } = limits.into();
        let gate = Gate::new(work.heavy_max, work.heavy_waiting_max);
        let (requests, budgets) = (Usage::new(requests), Budgets::new(work));
        let lines = Lines {
            refusals: LineLimit::new(REFUSALS_PER_S),
            failures: LineLimit::new(FAILURES_PER_S),
        };
        Self(
            Arc::new(Deps { verifier, clock, random, requests, budgets, lines, gate }),
            Arc::default(),
        )
    }

    /// The same for a service that is reached under a path.
    #[must_use]
    pub fn under(self, base_path: BasePath) -> Self {
        Self(self.0, Arc::new(base_path))
    }

    /// Where the service is reached; links begin with it.
    pub fn base_path(&self) -> &Arc<BasePath> {
        &self.1
    }

    /// The link in these headers as it has to be outside, if there is one.
    pub(crate) fn location(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if *self.1 == BasePath::default() {
            return None;
        }
        let link = headers.get(header::LOCATION)?.to_str().ok()?;
        HeaderValue::try_from(format!("{}{link}", self.1)).ok().filter(|_| link.starts_with('/'))
    }

    /// Counts a connection that isn't served, and logs why, unless that happens all the time.
    pub fn refuse_connection(&self, reason: &'static str, why: &dyn fmt::Display) {
        metrics::counter!(REFUSED_CONNECTIONS, "reason" => reason).increment(1);
        if let Some(left_out) = self.refusals().take() {
            tracing::info!(reason, %why, left_out, "a connection isn't served");
        }
    }

    /// How many lines the log has of what was refused, for all who refuse something.
    pub fn refusals(&self) -> &LineLimit {
        &self.0.lines.refusals
    }

    pub(crate) fn deps(&self) -> &Deps {
        &self.0
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context")
    }
}

/// What the routes of a part need: its handle, and what all endpoints share.
#[derive(Clone)]
pub struct AppState<P> {
    /// The part's handle; cheap to clone.
    pub part: P,
    /// What all endpoints share.
    pub context: Context,
}

impl<P> FromRef<AppState<P>> for Context {
    fn from_ref(state: &AppState<P>) -> Self {
        state.context.clone()
    }
}

/// The operating system's randomness, fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        getrandom::u64().expect("the operating system gives randomness once it has started")
    }
}
