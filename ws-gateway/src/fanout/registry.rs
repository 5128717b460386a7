use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use api::{ClientNetwork, Places};
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
    /// Those who haven't authenticated yet.
    anonymous: Places<ClientNetwork>,
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
    /// It had no time left to authenticate: others needed its place.
    is_crowded_out: bool,
}

/// Why somebody can't be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Too many connections in all.
    Sessions,
    /// Too many of this user.
    User,
    /// Too many that haven't authenticated, and this one has lost its place to another.
    CrowdedOut,
}

impl Registry {
    /// Counts a connection in; it is nobody's until [`Self::join`]. Without `anonymous` it has shown a valid token, so that
    /// strangers who say nothing can't keep it out. A stranger says from where they come, and of how many there is room: the network
    /// with most of them loses its oldest.
    pub(crate) fn enter(
        &self,
        mailbox: &Arc<Mailbox>,
        sessions_max: usize,
        anonymous: Option<(ClientNetwork, usize)>,
    ) -> Result<u64, Full> {
        let mut state = self.state.lock();
        if state.all.len() >= sessions_max {
            return Err(Full::Sessions);
        }
        state.next += 1;
        let id = state.next;
        let connection = Connection { mailbox: mailbox.clone(), user: None, is_crowded_out: false };
        state.all.insert(id, connection);
        if let Some((network, anonymous_max)) = anonymous {
            state.anonymous.enter(id, network);
            if state.anonymous.len() > anonymous_max {
                state.crowd_out();
            }
        }
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
        if connection.is_crowded_out {
            return Err(Full::CrowdedOut);
        }
        let sessions = state.by_user.entry(user.clone()).or_default();
        if sessions.ids.len() >= per_user_max {
            return Err(Full::User);
        }
        sessions.ids.push(id);
        let fixes = sessions.fixes_used.clone();
        connection.user = Some(user.clone());
        state.anonymous.leave(id);
        Ok(fixes)
    }

    /// Counts the connection out.
    pub(crate) fn leave(&self, id: u64) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(connection) = state.all.remove(&id) else { return };
        state.anonymous.leave(id);
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
                CircleEdit::Shown(user, other) => {
                    tell(user, Amended::Standing(other.clone()));
                }
                // Of those who watch them, the hub knows.
                CircleEdit::Renamed(_) => {}
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
    /// Takes the place of one stranger, whose connection is told to end.
    fn crowd_out(&mut self) {
        let Some(id) = self.anonymous.most_crowded() else { return };
        self.anonymous.leave(id);
        if let Some(connection) = self.all.get_mut(&id) {
            connection.is_crowded_out = true;
            connection.mailbox.signal(|signals| signals.crowded_out = true);
        }
    }

    fn signal<'u>(&self, users: impl IntoIterator<Item = &'u UserId>, set: impl Fn(&mut Signals)) {
        let sessions = users.into_iter().filter_map(|user| self.by_user.get(user));
        for id in sessions.flat_map(|sessions| &sessions.ids) {
            if let Some(connection) = self.all.get(id) {
                connection.mailbox.signal(&set);
            }
        }
    }
}
