use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::counter;
use model::UserId;
use parking_lot::Mutex;

use super::ending::{End, Ending};

use super::{ClientNetwork, Places};
use crate::metrics::CROWDED_OUT;

/// One in so many places is for those of whom nothing is known yet, however many connections known users have.
const NEWCOMERS_SHARE: usize = 8;

/// The connections of a listener, of which only so many may be open.
///
/// A connection is anonymous until a request on it has brought a valid token. When there are too many, the network with most
/// anonymous ones loses its oldest: those who connect always find a place, and whoever opens thousands closes their own. Users share
/// an address with thousands of others, so that theirs don't count by it. Only if they leave no room to newcomers does the user with
/// most lose their oldest.
pub struct Connections {
    connections_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    anonymous: Places<ClientNetwork>,
    known: Places<UserId>,
    ends: HashMap<u64, Arc<Ending>>,
    is_stopped: bool,
}

impl Connections {
    /// With room for so many, at least one.
    pub fn new(connections_max: usize) -> Arc<Self> {
        Arc::new(Self { connections_max: connections_max.max(1), state: Mutex::default() })
    }

    /// Lets a connection in, for which another may have to go.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Peer {
        let (network, end) = (ClientNetwork::from(address), Arc::new(Ending::default()));
        let mut state = self.state.lock();
        let id = state.next;
        state.next += 1;
        state.anonymous.enter(id, network);
        state.ends.insert(id, end.clone());
        if state.is_stopped {
            end.tell(End::Stop);
        }
        state.make_room(self.connections_max);
        drop(state);
        let place = Place { connections: self.clone(), id, is_known: AtomicBool::new(false), end };
        Peer { network, place: Arc::new(place) }
    }

    /// Tells all connections to end, also those that come yet.
    pub fn stop(&self) {
        let mut state = self.state.lock();
        state.is_stopped = true;
        state.ends.values().for_each(|end| end.tell(End::Stop));
    }
}

impl State {
    fn make_room(&mut self, connections_max: usize) {
        if self.anonymous.len() + self.known.len() <= connections_max {
            return;
        }
        let reserved = connections_max / NEWCOMERS_SHARE;
        let from_known = self.anonymous.len() <= reserved.max(1) && !self.known.is_empty();
        let chosen =
            if from_known { self.known.most_crowded() } else { self.anonymous.most_crowded() };
        let Some(id) = chosen else { return };
        counter!(CROWDED_OUT, "who" => if from_known { "user" } else { "anonymous" }).increment(1);
        self.leave(id);
    }

    fn leave(&mut self, id: u64) {
        if !self.anonymous.leave(id) {
            self.known.leave(id);
        }
        if let Some(end) = self.ends.remove(&id) {
            end.tell(End::CrowdedOut);
        }
    }
}

/// A connection, among a request's extensions: from where it comes, and its place, which is given back with the last copy.
#[derive(Clone)]
pub struct Peer {
    network: ClientNetwork,
    place: Arc<Place>,
}

struct Place {
    connections: Arc<Connections>,
    id: u64,
    is_known: AtomicBool,
    end: Arc<Ending>,
}

impl Peer {
    /// From where the client comes.
    pub fn network(&self) -> ClientNetwork {
        self.network
    }

    /// The same connection for a request that a proxy passes on from elsewhere. As long as it isn't known whose it is, it counts there.
    #[must_use]
    pub fn at(&self, address: IpAddr) -> Self {
        let network = ClientNetwork::from(address);
        if !self.is_known() {
            let mut state = self.place.connections.state.lock();
            // It may have lost its place, or its user be known, meanwhile.
            if state.anonymous.leave(self.place.id) {
                state.anonymous.enter(self.place.id, network);
            }
        }
        Self { network, place: self.place.clone() }
    }

    /// Whether a request has brought a valid token.
    pub fn is_known(&self) -> bool {
        self.place.is_known.load(Ordering::Relaxed)
    }

    /// Waits until this connection has to end, and says why. Only the task of the connection may wait for it.
    pub async fn told_to_end(&self) -> End {
        self.place.end.told().await
    }

    /// A request has brought a valid token of this user.
    pub(crate) fn belongs_to(&self, user: &UserId) {
        if self.is_known() || self.place.is_known.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut state = self.place.connections.state.lock();
        // It may have lost its place meanwhile.
        if state.anonymous.leave(self.place.id) {
            state.known.enter(self.place.id, user.clone());
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("is_known", &self.is_known()).finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.state.lock().leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn has_to_go(peer: &Peer) -> bool {
        peer.told_to_end().now_or_never() == Some(End::CrowdedOut)
    }

    fn enter(connections: &Arc<Connections>, last: u8) -> Peer {
        connections.enter(IpAddr::from([192, 0, 2, last]))
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("an id")
    }

    #[test]
    fn whoever_opens_many_closes_their_own() {
        let connections = Connections::new(4);
        let quiet = enter(&connections, 1);
        let flood: Vec<Peer> = (0..100).map(|_| enter(&connections, 2)).collect();
        let open = flood.iter().filter(|peer| !has_to_go(peer)).count();
        assert_eq!(open, 3);
        let newcomer = enter(&connections, 3);
        assert!(!has_to_go(&quiet) && !has_to_go(&newcomer));
        let state = connections.state.lock();
        assert_eq!((state.anonymous.len(), state.known.len(), state.ends.len()), (4, 0, 4));
    }

    #[test]
    fn a_place_is_given_back_with_the_last_copy() {
        let connections = Connections::new(2);
        let (one, two) = (enter(&connections, 1), enter(&connections, 1));
        let copy = one.clone();
        drop(one);
        let three = enter(&connections, 1);
        assert!(has_to_go(&copy) && !has_to_go(&two));
        drop((copy, two, three));
        assert!(connections.state.lock().ends.is_empty());
    }

    #[test]
    fn users_do_not_count_by_their_address_and_leave_room_to_newcomers() {
        let connections = Connections::new(16);
        let known = |name: &str| {
            let peer = enter(&connections, 1);
            peer.belongs_to(&user(name));
            peer
        };
        let phones: Vec<Peer> = (0..7).map(|n| known(&format!("phone{n}"))).collect();
        let greedy: Vec<Peer> = (0..7).map(|_| known("greedy")).collect();
        let flood: Vec<Peer> = (0..50).map(|_| enter(&connections, 1)).collect();
        assert!(phones.iter().chain(&greedy).all(|peer| peer.is_known() && !has_to_go(peer)));
        assert_eq!(flood.iter().filter(|peer| !has_to_go(peer)).count(), 2);
        drop(flood);
        // More of one user: the newcomers keep their eighth.
        let more: Vec<Peer> = (0..50).map(|_| known("greedy")).collect();
        let newcomers = [enter(&connections, 1), enter(&connections, 2)];
        assert!(phones.iter().chain(&newcomers).all(|peer| !has_to_go(peer)));
        assert_eq!(more.iter().chain(&greedy).filter(|peer| !has_to_go(peer)).count(), 7);
    }

    #[test]
    fn what_a_proxy_passes_on_counts_where_it_comes_from() {
        let connections = Connections::new(3);
        let proxied: Vec<Peer> = (0..3).map(|_| enter(&connections, 1)).collect();
        let clients: Vec<Peer> = proxied
            .iter()
            .zip([7, 8, 8])
            .map(|(peer, last)| peer.at(IpAddr::from([198, 51, 100, last])))
            .collect();
        assert_eq!(clients[1].network(), clients[2].network());
        let _newcomer = enter(&connections, 2);
        assert!(!has_to_go(&proxied[0]) && has_to_go(&proxied[1]) && !has_to_go(&proxied[2]));
    }

    #[test]
    fn all_are_told_to_end_when_the_listener_stops() {
        let connections = Connections::new(2);
        let (crowded_out, open) = (enter(&connections, 1), enter(&connections, 1));
        let other = enter(&connections, 2);
        connections.stop();
        let late = enter(&connections, 3);
        assert!(has_to_go(&crowded_out));
        for peer in [open, other, late] {
            assert_eq!(peer.told_to_end().now_or_never(), Some(End::Stop));
        }
    }

    #[test]
    fn there_is_room_for_one_however_few_may_be_there() {
        let connections = Connections::new(0);
        let one = enter(&connections, 1);
        assert!(!has_to_go(&one));
        one.belongs_to(&user("alice"));
        let two = enter(&connections, 1);
        assert!(has_to_go(&one) && !has_to_go(&two));
    }
}
