//! The bus and the position store of a service that runs in one process: no server, no serialisation. Several gateways
//! in one process may share it, as tests do.

mod bus;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{Clock, Gcra, Random};

use crate::live::positions::Positions;
use crate::live::{Channel, Error, FixLimit, Live, Sink, Written};
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;
use bus::{Exchange, Subscriber};

/// What the gateways of one process share.
pub struct Embedded {
    exchange: Arc<Exchange>,
    positions: Arc<Positions>,
    epoch: String,
    limit: Gcra,
}

/// One gateway's end of it.
struct Attached {
    exchange: Arc<Exchange>,
    subscriber: Arc<Subscriber>,
    positions: Arc<Positions>,
    epoch: String,
    limit: Gcra,
}

impl Embedded {
    /// Empty, and of a new epoch: what an earlier process held in memory is lost.
    pub fn new(clock: Arc<dyn Clock>, random: &dyn Random) -> Self {
        let positions = Arc::new(Positions::new(clock));
        let epoch = model::token(random);
        Self { exchange: Arc::default(), positions, epoch, limit: gcra(FixLimit::default()) }
    }

    /// With another limit of what a user may send.
    #[must_use]
    pub fn with_limit(self, limit: FixLimit) -> Self {
        Self { limit: gcra(limit), ..self }
    }

    /// Connects one more gateway.
    pub fn attach(&self, sink: Arc<dyn Sink>) -> Arc<dyn Live> {
        Arc::new(Attached {
            subscriber: self.exchange.join(sink),
            exchange: self.exchange.clone(),
            positions: self.positions.clone(),
            epoch: self.epoch.clone(),
            limit: self.limit,
        })
    }
}

fn gcra(limit: FixLimit) -> Gcra {
    Gcra::new(limit.per_s, limit.burst)
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.exchange.leave(&self.subscriber);
    }
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, Result<T, Error>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Live for Attached {
    fn announce(
        &self,
        (channel, sighting): (Channel, Sighting),
        fixes: u32,
    ) -> BoxFuture<'_, Result<Written, Error>> {
        let charge = (fixes > 0).then_some((self.limit, fixes));
        let written = self.positions.write_charged(channel.clone(), sighting.clone(), charge);
        if written == Written::Newest {
            self.exchange.publish(&self.subscriber, &channel, &sighting);
        }
        ready(written)
    }

    fn read(&self, channels: Vec<Channel>) -> BoxFuture<'_, Result<Vec<Option<Sighting>>, Error>> {
        ready(channels.iter().map(|channel| self.positions.read(channel)).collect())
    }

    fn subscribe(&self, channels: Vec<Channel>) -> BoxFuture<'static, Result<(), Error>> {
        self.subscriber.subscribe(channels);
        ready(())
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        self.subscriber.unsubscribe(&channels);
    }

    fn tell(&self, changes: Vec<CircleChange>) -> BoxFuture<'_, Result<(), Error>> {
        self.exchange.tell(&self.subscriber, &changes);
        ready(())
    }

    fn epoch(&self) -> String {
        self.epoch.clone()
    }
}
