//! Who is whose friend in truth, and what everybody is called.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{FeedPosition, Metres, ReadToken, UserId};
use parking_lot::Mutex;

use super::{Holds, lock};
use crate::live::Error;
use crate::service::friends::Friends;
use crate::session::circle::{Circle, CircleChange, CircleEdit};
use crate::session::friends::people::{RelationState, ShownRelation};

/// Who is whose friend in truth.
pub(in crate::world) struct Truth {
    state: Mutex<TruthState>,
    holds: Arc<Holds>,
}

#[derive(Default)]
struct TruthState {
    position: u64,
    pairs: BTreeSet<(UserId, UserId)>,
    radius_m: HashMap<UserId, u32>,
    names: HashMap<UserId, String>,
}

/// How far everybody looks who hasn't chosen, metres.
const RADIUS_M: u32 = 8_047;

impl Truth {
    pub(in crate::world) fn new(holds: Arc<Holds>) -> Self {
        Self { state: Mutex::default(), holds }
    }

    pub(in crate::world) fn commit(&self, edit: CircleEdit) -> CircleChange {
        let mut state = lock(&self.state);
        state.position += 1;
        match &edit {
            CircleEdit::Pair { low, high, friends: true } => {
                state.pairs.insert((low.clone(), high.clone()));
            }
            CircleEdit::Pair { low, high, friends: false } => {
                state.pairs.remove(&(low.clone(), high.clone()));
            }
            CircleEdit::Radius { user, radius_m } => {
                state.radius_m.insert(user.clone(), radius_m.unwrap_or(RADIUS_M));
            }
            CircleEdit::Renamed(user) => {
                let name = format!("{user} {}", state.position);
                state.names.insert(user.clone(), name);
            }
            CircleEdit::Shown(..) => {}
        }
        CircleChange {
            as_of: ReadToken { timeline: 1, position: FeedPosition(state.position) },
            edit,
        }
    }

    pub(in crate::world) fn name(&self, user: &UserId) -> String {
        lock(&self.state).names.get(user).cloned().unwrap_or_else(|| user.to_string())
    }

    pub(in crate::world) fn are_friends(&self, one: &UserId, other: &UserId) -> bool {
        let pair = (one.min(other).clone(), one.max(other).clone());
        lock(&self.state).pairs.contains(&pair)
    }

    pub(in crate::world) fn read(&self, user: &UserId) -> Circle {
        let state = lock(&self.state);
        let friends = state.pairs.iter().filter_map(|(low, high)| match () {
            () if low == user => Some(high.clone()),
            () if high == user => Some(low.clone()),
            () => None,
        });
        let radius_m = state.radius_m.get(user).copied().unwrap_or(RADIUS_M);
        Circle {
            as_of: ReadToken { timeline: 1, position: FeedPosition(state.position) },
            friends: friends.collect(),
            radius: Metres(f64::from(radius_m)),
        }
    }
}

/// The truth as gateways read it: when it is looked at, and when the answer comes, the schedule says.
pub(in crate::world) struct HeldFriends(pub(in crate::world) Arc<Truth>);

impl Friends for HeldFriends {
    fn circle(&self, user: UserId) -> BoxFuture<'_, Result<Circle, Error>> {
        let truth = self.0.clone();
        self.0.holds.hold(move || Ok(truth.read(&user)))
    }

    fn names(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<Vec<Arc<str>>, Error>> {
        let truth = self.0.clone();
        self.0.holds.hold(move || Ok(users.iter().map(|user| truth.name(user).into()).collect()))
    }

    fn relations(
        &self,
        user: UserId,
        others: Vec<UserId>,
    ) -> BoxFuture<'_, Result<Vec<ShownRelation>, Error>> {
        let truth = self.0.clone();
        let shown = move |other: &UserId| {
            let are_friends = truth.are_friends(&user, other);
            let state = if are_friends { RelationState::Friends } else { RelationState::None };
            ShownRelation { state, name: are_friends.then(|| truth.name(other).into()) }
        };
        self.0.holds.hold(move || Ok(others.iter().map(shown).collect()))
    }

    fn radius(&self, chosen_m: Option<u32>) -> Metres {
        Metres(f64::from(chosen_m.unwrap_or(RADIUS_M)))
    }
}
