//! The bus and the position store of a service that runs in one process: no server, no serialisation. Several gateways
//! in one process may share it, as tests do.

mod bus;

use std::sync::Arc;

use model::{Clock, Gcra, Random};

use crate::live::positions::Positions;
use crate::live::{Asked, Channel, FixLimit, Live, Sink, Written};
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;
use bus::{Exchange, Subscriber};

/// What the gateways of one process share.
#[derive(Clone)]
pub struct Embedded {
    exchange: Arc<Exchange>,
    positions: Arc<Positions>,
    epoch: String,
    limit: Gcra,
}

/// One gateway's end of it.
struct Attached {
    shared: Embedded,
    subscriber: Arc<Subscriber>,
}

impl Embedded {
    /// Empty, and of a new epoch: what an earlier process held in memory is lost. `limit` is what a user may send.
    pub fn new(clock: Arc<dyn Clock>, random: &dyn Random, limit: FixLimit) -> Self {
        let positions = Arc::new(Positions::new(clock));
        let limit = Gcra::new(limit.per_s, limit.burst);
        Self { exchange: Arc::default(), positions, epoch: model::token(random), limit }
    }

    /// Connects one more gateway.
    pub fn attach(&self, sink: Arc<dyn Sink>) -> Arc<dyn Live> {
        Arc::new(Attached { shared: self.clone(), subscriber: self.exchange.join(sink) })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.shared.exchange.leave(&self.subscriber);
    }
}

fn ready<T: Send + 'static>(value: T) -> Asked<'static, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Live for Attached {
    fn announce(&self, (channel, sighting): (Channel, Sighting), fixes: u32) -> Asked<'_, Written> {
        let charge = (fixes > 0).then_some((self.shared.limit, fixes));
        let written = self.shared.positions.write(channel.clone(), sighting.clone(), charge);
        if written == Written::Newest {
            self.shared.exchange.publish(&self.subscriber, &channel, &sighting);
        }
        ready(written)
    }

    fn read(&self, channels: Vec<Channel>) -> Asked<'_, Vec<Option<Sighting>>> {
        ready(channels.iter().map(|channel| self.shared.positions.read(channel)).collect())
    }

    fn subscribe(&self, channels: Vec<Channel>) -> Asked<'static, ()> {
        self.subscriber.subscribe(channels);
        ready(())
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        self.subscriber.unsubscribe(&channels);
    }

    fn tell(&self, changes: Vec<CircleChange>) -> Asked<'_, ()> {
        self.shared.exchange.tell(&self.subscriber, &changes);
        ready(())
    }

    fn epoch(&self) -> String {
        self.shared.epoch.clone()
    }
}
