use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use model::{Metres, UserId};
use parking_lot::Mutex;

use crate::fanout::mailbox::Mailbox;
use crate::session::circle::{Amended, Amendment, CircleChange, CircleEdit};
use crate::session::signals::Signals;

/// What the fixes of a user have used up of their limit, over all of their connections to this gateway.
pub(crate) type FixesUsed = Arc<Mutex<u64>>;

/// Who is connected: every connection's mailbox, and those of each user.
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: HashMap<u64, Connection>,
    by_user: HashMap<UserId, Sessions>,
    anonymous: usize,
    next: u64,
}

/// The connections of one user.
#[derive(Default)]
struct Sessions {
    ids: Vec<u64>,
    fixes_used: FixesUsed,
}

struct Connection {
    mailbox: Arc<Mailbox>,
    user: Option<UserId>,
    /// Counted among those who haven't authenticated yet.
    anonymous: bool,
}

/// Why somebody can't be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Too many connections in all.
    Sessions,
    /// Too many that haven't authenticated.
    Unauthenticated,
    /// Too many of this user.
    User,
}

impl Registry {
    /// Counts a connection in; it is nobody's until [`Self::join`]. Without `anonymous_max` it has shown a valid token,
    /// so that strangers who say nothing can't keep it out.
    pub(crate) fn enter(
        &self,
        mailbox: &Arc<Mailbox>,
        sessions_max: usize,
        anonymous_max: Option<usize>,
    ) -> Result<u64, Full> {
        let mut state = self.state.lock();
        if state.all.len() >= sessions_max {
            return Err(Full::Sessions);
        }
        if anonymous_max.is_some_and(|max| state.anonymous >= max) {
            return Err(Full::Unauthenticated);
        }
        let anonymous = anonymous_max.is_some();
        state.anonymous += usize::from(anonymous);
        state.next += 1;
        let id = state.next;
        state.all.insert(id, Connection { mailbox: mailbox.clone(), user: None, anonymous });
        Ok(id)
    }

    /// Counts the connection to its user; answers what they share.
    pub(crate) fn join(
        &self,
        id: u64,
        user: &UserId,
        per_user_max: usize,
    ) -> Result<FixesUsed, Full> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(connection) = state.all.get_mut(&id).filter(|e| e.user.is_none()) else {
            return Ok(FixesUsed::default());
        };
        let sessions = state.by_user.entry(user.clone()).or_default();
        if sessions.ids.len() >= per_user_max {
            return Err(Full::User);
        }
        sessions.ids.push(id);
        let fixes = sessions.fixes_used.clone();
        connection.user = Some(user.clone());
        state.anonymous -= usize::from(std::mem::take(&mut connection.anonymous));
        Ok(fixes)
    }

    /// Counts the connection out.
    pub(crate) fn leave(&self, id: u64) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(connection) = state.all.remove(&id) else { return };
        state.anonymous -= usize::from(connection.anonymous);
        let Some(user) = connection.user else { return };
        if let Entry::Occupied(mut sessions) = state.by_user.entry(user) {
            sessions.get_mut().ids.retain(|other| *other != id);
            if sessions.get().ids.is_empty() {
                sessions.remove();
            }
        }
    }

    /// Leaves a signal with every connection of these users.
    pub(crate) fn signal<'u>(
        &self,
        users: impl IntoIterator<Item = &'u UserId>,
        set: impl Fn(&mut Signals),
    ) {
        self.state.lock().signal(users, set);
    }

    /// Tells the connections of those whose circles change how, in order; `radius` says what a chosen one means.
    pub(crate) fn amend(&self, changes: &[CircleChange], radius: impl Fn(Option<u32>) -> Metres) {
        let state = self.state.lock();
        for CircleChange { as_of, edit } in changes {
            let tell = |user: &UserId, what: Amended| {
                state.signal([user], |signals| {
                    signals.amend(Amendment { as_of: *as_of, what: what.clone() });
                });
            };
            match edit {
                CircleEdit::Pair { low, high, friends } => {
                    tell(low, Amended::Friend(high.clone(), *friends));
                    tell(high, Amended::Friend(low.clone(), *friends));
                }
                CircleEdit::Radius { user, radius_m } => {
                    tell(user, Amended::Radius(radius(*radius_m)));
                }
            }
        }
    }

    /// Leaves a signal with every connection.
    pub(crate) fn signal_all(&self, set: impl Fn(&mut Signals)) {
        for connection in self.state.lock().all.values() {
            connection.mailbox.signal(&set);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().all.len()
    }
}

impl State {
    fn signal<'u>(&self, users: impl IntoIterator<Item = &'u UserId>, set: impl Fn(&mut Signals)) {
        let sessions = users.into_iter().filter_map(|user| self.by_user.get(user));
        for id in sessions.flat_map(|sessions| &sessions.ids) {
            if let Some(connection) = self.all.get(id) {
                connection.mailbox.signal(&set);
            }
        }
    }
}
