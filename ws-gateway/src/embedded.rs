//! The bus and the position store of a service that runs in one process: no server, no serialisation. Several gateways
//! in one process may share it, as tests do.

mod bus;

use std::sync::Arc;

use model::{Clock, Random};

use crate::circle::CircleChange;
use crate::port::{Async, Bus, Channel, Error, Live, PositionStore, Sink, Written};
use crate::positions::Positions;
use crate::record::Sighting;
use bus::{Exchange, Subscriber};

/// What the gateways of one process share.
pub struct Embedded {
    exchange: Arc<Exchange>,
    positions: Arc<Positions>,
    epoch: String,
}

/// One gateway's end of it.
struct Attached {
    exchange: Arc<Exchange>,
    subscriber: Arc<Subscriber>,
    positions: Arc<Positions>,
    epoch: String,
}

impl Embedded {
    /// Empty, and of a new epoch: what an earlier process held in memory is lost.
    pub fn new(clock: Arc<dyn Clock>, random: &dyn Random) -> Self {
        let positions = Arc::new(Positions::new(clock));
        Self { exchange: Arc::default(), positions, epoch: model::token(random) }
    }

    /// Connects one more gateway.
    pub fn attach(&self, sink: Arc<dyn Sink>) -> Arc<dyn Live> {
        Arc::new(Attached {
            subscriber: self.exchange.join(sink),
            exchange: self.exchange.clone(),
            positions: self.positions.clone(),
            epoch: self.epoch.clone(),
        })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.exchange.leave(&self.subscriber);
    }
}

fn ready<T: Send + 'static>(value: T) -> Async<'static, Result<T, Error>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Bus for Attached {
    fn publish(&self, events: Vec<(Channel, Sighting)>) -> Async<'_, Result<(), Error>> {
        for (channel, sighting) in events {
            self.exchange.publish(&self.subscriber, &channel, &sighting);
        }
        ready(())
    }

    fn subscribe(&self, channels: Vec<Channel>) -> Async<'static, Result<(), Error>> {
        self.subscriber.subscribe(channels);
        ready(())
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        self.subscriber.unsubscribe(&channels);
    }
}

impl PositionStore for Attached {
    fn write(&self, sightings: Vec<(Channel, Sighting)>) -> Async<'_, Result<Vec<Written>, Error>> {
        ready(sightings.into_iter().map(|(channel, s)| self.positions.write(channel, s)).collect())
    }

    fn read(&self, channels: Vec<Channel>) -> Async<'_, Result<Vec<Option<Sighting>>, Error>> {
        ready(channels.iter().map(|channel| self.positions.read(channel)).collect())
    }
}

impl Live for Attached {
    fn tell(&self, changes: Vec<CircleChange>) -> Async<'_, Result<(), Error>> {
        self.exchange.tell(&self.subscriber, &changes);
        ready(())
    }

    fn epoch(&self) -> String {
        self.epoch.clone()
    }
}
