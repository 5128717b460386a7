//! What requests cost, and who may go on with one that costs much.

mod gate;
mod limits;
mod overspent;
mod streamed;

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{Caller, Monotonic, Role, UserId};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::metrics::HEAVY;
use crate::{Authenticated, Context, Problem};
pub(crate) use gate::Gate;
use gate::{Presence, Turn, UnderWay};
pub(crate) use limits::Budgets;
pub use limits::WorkLimits;
pub use overspent::Overspent;
pub use streamed::{BodyPart, STREAMS_PER_CALLER_MAX, streamed};

/// Requests of a caller that may be under way and each cost as much as a light one. More of them share that: else what a
/// hundred heavy ones cost before each of them must wait would keep everybody else waiting.
const LIGHT_FEW: u64 = 4;
/// What each may cost at least, also beside a heavy one of the caller: so many times less than a light one.
const SMALL: u64 = 10;
/// After so many units other tasks of the thread get their turn: a millisecond or so.
const YIELD_UNITS: u64 = 1_000;

/// The work of one request, charged to its caller by what it costs, in units of about a microsecond of CPU of this
/// service and its databases.
///
/// As an extractor it refuses callers who are in debt (429 `rate_limited`). A handler calls [`spend`](Self::spend) each time
/// it has done a part of the work; a request begins light, and must wait for its turn once it has cost more than
/// [`light_cost_max`](WorkLimits::light_cost_max), or less if the caller has many or heavy ones under way.
#[derive(Debug)]
pub struct Work {
    /// Nobody, for work that no request asked for.
    spending: Option<Spending>,
    /// Units in all, and since other tasks had their turn.
    spent: u64,
    unyielded: u64,
}

/// Who pays.
#[derive(Debug)]
struct Spending {
    context: Context,
    payer: Payer,
    started: Monotonic,
    /// How much of the time since then the request has waited for others, milliseconds.
    waited_ms: u64,
    // Before the presence, with which the line may go that this has a place in.
    turn: Option<Turn>,
    presence: Presence,
}

/// Users and services have budgets of their own, whatever their ids are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Payer {
    user: UserId,
    is_service: bool,
}

impl Work {
    /// Work that nobody pays for, and that never waits: of the service's own, or of a test.
    pub fn unlimited() -> Self {
        Self { spending: None, spent: 0, unyielded: 0 }
    }

    fn begin(context: Context, payer: Payer) -> Result<Self, Overspent> {
        let started = context.deps().clock.now().monotonic;
        context.deps().budgets.check(&payer, started, 0)?;
        let presence = context.deps().gate.enter(&payer);
        let spending = Spending { context, payer, started, waited_ms: 0, turn: None, presence };
        Ok(Self { spending: Some(spending), spent: 0, unyielded: 0 })
    }

    /// What the request may spend before it must wait, units; none if it has its turn already, or nobody pays.
    pub fn light_left(&self) -> Option<u64> {
        let spending = self.spending.as_ref().filter(|spending| spending.turn.is_none())?;
        Some(spending.light_max().saturating_sub(self.spent))
    }

    /// Waits as a heavy request does, before work that can't be interrupted and is probably heavy.
    ///
    /// After an error nothing more may be done for the request.
    pub async fn take_turn(&mut self) -> Result<(), Overspent> {
        match &mut self.spending {
            Some(spending) => spending.take_turn(self.spent).await,
            None => Ok(()),
        }
    }

    /// Charges a part of the work that was done, or is about to be, and lets other tasks have their turn. Waits if the
    /// request has become heavy: for other heavy requests of the caller to end, and in turns with those of all others.
    ///
    /// After an error nothing more may be done for the request.
    pub async fn spend(&mut self, units: u64) -> Result<(), Overspent> {
        self.spent = self.spent.saturating_add(units);
        self.unyielded = self.unyielded.saturating_add(units);
        if let Some(spending) = &mut self.spending {
            spending.charge(units);
            if spending.turn.is_some() || self.spent > spending.light_max() {
                spending.take_turn(self.spent).await?;
            }
        }
        if self.unyielded >= YIELD_UNITS {
            self.unyielded = 0;
            yield_now().await;
        }
        Ok(())
    }
}

impl Spending {
    fn limits(&self) -> &WorkLimits {
        &self.context.deps().budgets.limits
    }

    /// What a request of the caller may cost before it must wait.
    fn light_max(&self) -> u64 {
        let light = self.limits().light_cost_max;
        let UnderWay { all, heavy, .. } = self.presence.under_way();
        let share = if heavy > 0 { 0 } else { light.saturating_mul(LIGHT_FEW) / all.max(1) as u64 };
        share.clamp(light / SMALL, light)
    }

    fn now(&self) -> Monotonic {
        self.context.deps().clock.now().monotonic
    }

    fn charge(&self, units: u64) {
        self.context.deps().budgets.charge(&self.payer, self.now(), units);
    }

    async fn take_turn(&mut self, spent: u64) -> Result<(), Overspent> {
        let taken = self.next_turn(spent).await;
        if let Err(overspent) = taken {
            metrics::counter!(HEAVY, "result" => overspent.code()).increment(1);
        }
        taken
    }

    /// Waits for the first turn, or lets others have theirs before the next one. The request has spent so much until now.
    async fn next_turn(&mut self, spent: u64) -> Result<(), Overspent> {
        let began = self.now();
        let left = self.left(began)?;
        if let Some(turn) = &mut self.turn {
            let passed = timeout(left, turn.pass_on()).await;
            self.waited_ms += self.now().since_ms(began);
            return passed.map_err(|_| Overspent::Busy);
        }
        let place = self.presence.join().ok_or(Overspent::Crowded)?;
        let first = timeout(left, place.first()).await.map_err(|_| Overspent::Crowded)?;
        // What the requests before this one have cost is known only now.
        self.context.deps().budgets.check(&self.payer, self.now(), spent)?;
        let left = self.left(self.now()).map_err(|_| Overspent::Crowded)?;
        let turn = timeout(left, first.turn()).await.map_err(|_| Overspent::Busy)?;
        self.waited_ms += self.now().since_ms(began);
        self.turn = Some(turn);
        metrics::counter!(HEAVY, "result" => "ok").increment(1);
        Ok(())
    }

    /// How long the request may go on.
    fn left(&self, now: Monotonic) -> Result<Duration, Overspent> {
        let deadline_ms = self.limits().deadline_ms;
        let elapsed_ms = now.since_ms(self.started);
        if elapsed_ms < deadline_ms {
            return Ok(Duration::from_millis(deadline_ms - elapsed_ms));
        }
        let is_by_others = self.waited_ms > elapsed_ms / 2;
        Err(if is_by_others { Overspent::Busy } else { Overspent::TooExpensive { deadline_ms } })
    }
}

impl<S> FromRequestParts<S> for Work
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(Caller { user, role, .. }) =
            Authenticated::from_request_parts(parts, state).await?;
        let payer = Payer { user, is_service: role == Role::Service };
        Ok(Self::begin(Context::from_ref(state), payer)?)
    }
}

#[cfg(test)]
mod tests;
