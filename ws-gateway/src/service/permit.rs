use std::sync::Arc;

use api::ClientNetwork;
use model::Caller;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Gateway;
use crate::fanout::mailbox::Mailbox;
use crate::fanout::registry::Full;

/// One connection's place among the others; given back when dropped.
pub(crate) struct ConnectionPermit {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) id: u64,
    pub(crate) mailbox: Arc<Mailbox>,
    _open: TaskTrackerToken,
}

impl Gateway {
    /// A place for one more connection, of somebody whose token is valid or of somebody unknown from this network.
    pub(crate) fn permit(
        self: &Arc<Self>,
        caller: Option<&Caller>,
        network: ClientNetwork,
    ) -> Result<ConnectionPermit, Full> {
        let mailbox = Arc::new(Mailbox::default());
        let anonymous = caller.is_none().then_some((network, self.config.unauthenticated_max));
        let id = self.registry.enter(&mailbox, self.config.sessions_max, anonymous)?;
        self.metrics.sessions.increment(1.0);
        Ok(ConnectionPermit { gateway: self.clone(), id, mailbox, _open: self.open.token() })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.mailbox.close();
        self.gateway.registry.leave(self.id);
        self.gateway.metrics.sessions.decrement(1.0);
    }
}
