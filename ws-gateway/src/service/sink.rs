use std::sync::Arc;

use crate::fanout::hub::Hub;
use crate::fanout::registry::Registry;
use crate::live::{Channel, Sink};
use crate::service::friends::Friends;
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;

/// Where the bus hands over what it hears: it goes the same way as what comes from a phone or an endpoint of this gateway.
pub(super) struct FanoutSink {
    pub(super) hub: Arc<Hub>,
    pub(super) registry: Arc<Registry>,
    pub(super) friends: Arc<dyn Friends>,
}

impl Sink for FanoutSink {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        self.hub.take_in(channel, sighting);
    }

    fn changed(&self, changes: &[CircleChange]) {
        self.registry.amend(changes, |radius_m| self.friends.radius(radius_m));
    }

    fn local_positions(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        self.hub.local_positions(channels)
    }

    fn gap(&self, channels: &[Channel]) {
        self.hub.gap(channels);
    }
}
