use std::sync::Arc;

use model::UserId;

use crate::fanout::hub::Hub;
use crate::fanout::registry::Registry;
use crate::live::{Channel, Sink};
use crate::service::friends::Friends;
use crate::session::circle::{CircleChange, CircleEdit};
use crate::session::record::Sighting;

/// Where the bus hands over what it hears: it goes the same way as what comes from a phone or an endpoint of this gateway.
pub(super) struct FanoutSink {
    pub(super) hub: Arc<Hub>,
    pub(super) registry: Arc<Registry>,
    pub(super) friends: Arc<dyn Friends>,
}

impl FanoutSink {
    /// Tells all sessions here that these changes concern.
    pub(super) fn take_in(&self, changes: &[CircleChange]) {
        self.registry.amend(changes, |radius_m| self.friends.radius(radius_m));
        for change in changes {
            if let CircleEdit::Renamed(user) = &change.edit {
                self.renamed(user);
            }
        }
    }

    /// This user may have another name: whoever is told of it asks for the newest.
    pub(super) fn renamed(&self, user: &UserId) {
        self.friends.renamed(user);
        self.hub.renamed(user);
    }
}

impl Sink for FanoutSink {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        self.hub.take_in(channel, sighting);
    }

    fn changed(&self, changes: &[CircleChange]) {
        self.take_in(changes);
    }

    fn local_positions(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        self.hub.local_positions(channels)
    }

    fn gap(&self, channels: &[Channel]) {
        self.hub.gap(channels);
    }
}
