//! What goes on outside the gateways, each thing held until a schedule lets it happen: readings of circles and positions,
//! subscriptions, writes, and what the bus carries.

mod truth;

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::live::{Channel, Error, Live, Sink, Written};
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;
pub(super) use truth::{HeldFriends, Truth};

type Work = Box<dyn FnOnce() + Send>;

/// Something under way: it happens, and later its answer arrives.
struct Held {
    happens: Option<Work>,
    arrives: Work,
}

/// All that is under way.
#[derive(Default)]
pub(super) struct Holds {
    held: Mutex<Vec<Held>>,
    /// By gateway: subscriptions, which happen in the order in which they were asked for.
    subscriptions: Mutex<HashMap<usize, VecDeque<Work>>>,
    /// By gateway: what the bus has for it, in order.
    inbound: Mutex<HashMap<usize, VecDeque<Work>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> parking_lot::MutexGuard<'_, T> {
    mutex.lock()
}

impl Holds {
    /// A future whose work happens at one step of the schedule and whose answer arrives at a later one.
    pub(super) fn hold<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let (answer, future) = answer();
        let result = Arc::new(Mutex::new(None));
        let done = result.clone();
        let happens: Work = Box::new(move || *lock(&done) = Some(work()));
        let arrives: Work = Box::new(move || {
            if let Some(result) = lock(&result).take() {
                answer(result);
            }
        });
        lock(&self.held).push(Held { happens: Some(happens), arrives });
        future
    }

    /// How many things could happen next, and how often something waits for a gateway.
    pub(super) fn len(&self) -> usize {
        lock(&self.held).len()
    }

    /// Lets one of those that are held go a step on.
    pub(super) fn step(&self, which: usize) {
        let mut held = lock(&self.held);
        if held.is_empty() {
            return;
        }
        let index = which % held.len();
        let work = match held[index].happens.take() {
            Some(work) => work,
            None => held.swap_remove(index).arrives,
        };
        drop(held);
        work();
    }

    /// Lets a gateway's next subscription happen; `false` if there is none.
    pub(super) fn subscribe_next(&self, gateway: usize) -> bool {
        let work = lock(&self.subscriptions).entry(gateway).or_default().pop_front();
        work.map(|work| work()).is_some()
    }

    /// Hands a gateway what the bus has for it next; `false` if there is nothing.
    pub(super) fn deliver_next(&self, gateway: usize) -> bool {
        let work = lock(&self.inbound).entry(gateway).or_default().pop_front();
        work.map(|work| work()).is_some()
    }
}

/// A future, and what completes it.
fn answer<T: Send + 'static>() -> (impl FnOnce(T) + Send, BoxFuture<'static, T>) {
    let shared = Arc::new(Mutex::new((None, None::<Waker>)));
    let completes = shared.clone();
    let complete = move |value| {
        let waker = {
            let mut state = lock(&completes);
            state.0 = Some(value);
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    };
    let future = poll_fn(move |cx| {
        let mut state = lock(&shared);
        if let Some(value) = state.0.take() {
            return Poll::Ready(value);
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    });
    (complete, Box::pin(future))
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("an embedded adapter answers at once")
}

/// One gateway's end of the bus and the store, everything held.
pub(super) struct HeldLive {
    pub(super) inner: Arc<dyn Live>,
    pub(super) gateway: usize,
    pub(super) holds: Arc<Holds>,
}

impl Live for HeldLive {
    fn announce(
        &self,
        sighting: (Channel, Sighting),
        fixes: u32,
    ) -> BoxFuture<'_, Result<Written, Error>> {
        let inner = self.inner.clone();
        self.holds.hold(move || now(inner.announce(sighting, fixes)))
    }

    fn read(&self, channels: Vec<Channel>) -> BoxFuture<'_, Result<Vec<Option<Sighting>>, Error>> {
        let inner = self.inner.clone();
        self.holds.hold(move || now(inner.read(channels)))
    }

    fn subscribe(&self, channels: Vec<Channel>) -> BoxFuture<'static, Result<(), Error>> {
        let inner = self.inner.clone();
        let (answer, future) = answer();
        let work: Work = Box::new(move || answer(now(inner.subscribe(channels))));
        lock(&self.holds.subscriptions).entry(self.gateway).or_default().push_back(work);
        future
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        let inner = self.inner.clone();
        let work: Work = Box::new(move || inner.unsubscribe(channels));
        lock(&self.holds.subscriptions).entry(self.gateway).or_default().push_back(work);
    }

    fn tell(&self, changes: Vec<CircleChange>) -> BoxFuture<'_, Result<(), Error>> {
        // When it happens is for the schedule to say, by when it calls this.
        self.inner.tell(changes)
    }

    fn epoch(&self) -> String {
        self.inner.epoch()
    }
}

/// What the bus has for a gateway waits here, in order.
pub(super) struct HeldSink {
    pub(super) inner: Arc<dyn Sink>,
    pub(super) gateway: usize,
    pub(super) holds: Arc<Holds>,
}

impl HeldSink {
    fn push(&self, work: impl FnOnce(&dyn Sink) + Send + 'static) {
        let inner = self.inner.clone();
        let work: Work = Box::new(move || work(&*inner));
        lock(&self.holds.inbound).entry(self.gateway).or_default().push_back(work);
    }
}

impl Sink for HeldSink {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        let channel = channel.clone();
        self.push(move |sink| sink.deliver(&channel, sighting));
    }

    fn changed(&self, changes: &[CircleChange]) {
        let changes = changes.to_vec();
        self.push(move |sink| sink.changed(&changes));
    }

    fn local_positions(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        self.inner.local_positions(channels)
    }

    fn gap(&self, channels: &[Channel]) {
        let channels = channels.to_vec();
        self.push(move |sink| sink.gap(&channels));
    }
}
