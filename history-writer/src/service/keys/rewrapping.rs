//! After a change of the deployment's key: users' keys that an earlier one wraps are wrapped by the current one, page by page,
//! until none is left and the earlier one isn't needed any more.

use model::UserId;
use parking_lot::Mutex;

use crate::metrics::{EARLIER_KEYS, REWRAPPED};
use crate::service::{Deps, Shared};
use crate::{KeyId, Rewrapped, StoreError};

/// How many keys are wrapped again at a time: once a second.
const PAGE_KEYS: usize = 1_024;
/// How many turns pass until it is looked again whether some are left, once none was: another process may have made some.
const TURNS_A_LOOK: u64 = 60;

/// How far this is.
#[derive(Debug, Default)]
pub(in crate::service) struct Rewrapping {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Default)]
enum State {
    /// It isn't known what is left.
    #[default]
    Unknown,
    /// Behind a user.
    Walks(Walk),
    /// None was left, or none that can be unwrapped, at this turn.
    Done(u64),
}

/// Over the users whose keys one of the deployment's keys wraps.
#[derive(Debug, Clone)]
struct Walk {
    key: KeyId,
    after: Option<UserId>,
    /// Whether something was passed over.
    has_failed: bool,
}

impl Shared {
    /// Wraps another page of users' keys by the current key, if any is wrapped by an earlier one.
    pub(in crate::service) async fn rewrap(&self, turn: u64) -> Result<(), StoreError> {
        let state = self.rewrapping.state.lock().clone();
        let next = match state {
            State::Done(at) if turn < at.saturating_add(TURNS_A_LOOK) => return Ok(()),
            State::Unknown => self.deps.look_for_earlier(turn, true).await?,
            State::Done(_) => self.deps.look_for_earlier(turn, false).await?,
            State::Walks(walk) => self.rewrap_page(walk, turn).await?,
        };
        *self.rewrapping.state.lock() = next;
        Ok(())
    }

    async fn rewrap_page(&self, walk: Walk, turn: u64) -> Result<State, StoreError> {
        let register = &*self.deps.register;
        let page = register.wrapped_by(walk.key, walk.after.as_ref(), PAGE_KEYS).await?;
        let rewrapped = page.iter().filter_map(|(user, from)| self.deps.rewrapped(user, from));
        let keys: Vec<_> = rewrapped.collect();
        let has_failed = walk.has_failed || keys.len() < page.len();
        if !keys.is_empty() {
            let exchanged = register.rewrap(&keys).await;
            // What is remembered of them would still do: it is the same key.
            for Rewrapped { user, .. } in &keys {
                self.records.forget(user);
            }
            exchanged?;
            ::metrics::counter!(REWRAPPED).increment(keys.len() as u64);
        }
        let is_last = page.len() < PAGE_KEYS;
        let after = page.into_iter().next_back().map(|(user, _)| user);
        Ok(match (is_last, has_failed) {
            (false, _) => State::Walks(Walk { after, has_failed, ..walk }),
            (true, false) => State::Unknown,
            (true, true) => State::Done(turn),
        })
    }
}

impl Deps {
    /// Where to begin, if an earlier key wraps any.
    async fn look_for_earlier(&self, turn: u64, tells: bool) -> Result<State, StoreError> {
        let mut wrapping = self.register.wrapping_keys().await?;
        wrapping.retain(|key| *key != self.keys.current());
        ::metrics::gauge!(EARLIER_KEYS).set(wrapping.len() as f64);
        if tells && wrapping.is_empty() && self.keys.has_earlier() {
            tracing::info!(
                key = %self.keys.current(),
                "all users' keys of movement history are wrapped by the first of history.key_files: those behind it aren't needed"
            );
        }
        // One that this process doesn't have is a newer one, which others were given before.
        let key = wrapping.into_iter().find(|key| self.keys.has(*key));
        let walk = |key| State::Walks(Walk { key, after: None, has_failed: false });
        Ok(key.map_or(State::Done(turn), walk))
    }

    fn rewrapped(&self, user: &UserId, from: &[u8]) -> Option<Rewrapped> {
        let to = self.keys.rewrap(user, from).inspect_err(|fault| {
            tracing::error!(%fault, "a user's key of movement history can't be wrapped again");
        });
        let to = to.ok().flatten()?;
        Some(Rewrapped { user: user.clone(), from: from.to_vec(), to })
    }
}
