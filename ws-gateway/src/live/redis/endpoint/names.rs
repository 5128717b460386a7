//! What keys and channels are called.

use model::{UserId, ViewerClass};

use super::Endpoint;
use crate::live::Channel;

impl Endpoint {
    /// Which gateway tells through this server what others left untold.
    pub(in super::super) fn lead_key(&self) -> String {
        format!("{}:lead", self.prefix)
    }

    /// Up to where changes of circles were told through this server.
    pub(in super::super) fn mark_key(&self) -> String {
        format!("{}:told", self.prefix)
    }

    pub(in super::super) fn epoch_key(&self) -> String {
        format!("{}:epoch", self.prefix)
    }

    /// Where the name of the shard map stands.
    pub(in super::super) fn map_key(&self) -> String {
        format!("{}:map", self.prefix)
    }

    /// Where a channel's newest record is cached.
    pub(in super::super) fn key(&self, channel: &Channel) -> String {
        let Channel { user, class } = channel;
        format!("{}:{}:{user}", self.prefix, letter(*class))
    }

    /// What a channel is called.
    pub(in super::super) fn channel(&self, channel: &Channel) -> String {
        let Channel { user, class } = channel;
        format!("{}{}:{user}", self.channel_prefix, letter(*class))
    }

    /// The other way round; none for what isn't a channel of ours.
    pub(in super::super) fn parse_channel(&self, name: &[u8]) -> Option<Channel> {
        let name = std::str::from_utf8(name).ok()?;
        let user = name.strip_prefix(&self.channel_prefix)?.strip_prefix("p:")?;
        Some(Channel::precise(UserId::parse(user).ok()?))
    }

    /// Which changes were told through this server that are newer than its mark.
    pub(in super::super) fn told_key(&self) -> String {
        format!("{}:told-since", self.prefix)
    }

    /// Nothing comes here: so many listen as there are gateways.
    pub(in super::super) fn gateways_channel(&self) -> String {
        format!("{}gateways", self.channel_prefix)
    }

    /// Where a gateway hears itself.
    pub(in super::super) fn probe_channel(&self, origin: u64) -> String {
        format!("{}probe:{origin:016x}", self.channel_prefix)
    }
}

fn letter(class: ViewerClass) -> &'static str {
    match class {
        ViewerClass::Precise => "p",
        // The enum is open for classes to come; each will need a letter here.
        _ => class.as_str(),
    }
}
