use std::sync::Arc;

use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Gateway;
use crate::fanout::mailbox::Mailbox;
use crate::fanout::registry::Full;

/// One connection's place among the others; given back when dropped.
pub(crate) struct ConnectionPermit {
    gateway: Arc<Gateway>,
    id: u64,
    pub(crate) mailbox: Arc<Mailbox>,
    _open: TaskTrackerToken,
}

impl Gateway {
    /// A place for one more connection that hasn't authenticated.
    pub(crate) fn permit(self: &Arc<Self>) -> Result<ConnectionPermit, Full> {
        self.permit_among(Some(self.config.unauthenticated_max))
    }

    /// A place for one more connection whose token is valid.
    pub(crate) fn permit_authenticated(self: &Arc<Self>) -> Result<ConnectionPermit, Full> {
        self.permit_among(None)
    }

    fn permit_among(
        self: &Arc<Self>,
        anonymous_max: Option<usize>,
    ) -> Result<ConnectionPermit, Full> {
        let mailbox = Arc::new(Mailbox::new());
        let id = self.registry.enter(&mailbox, self.config.sessions_max, anonymous_max)?;
        self.metrics.opened();
        Ok(ConnectionPermit { gateway: self.clone(), id, mailbox, _open: self.open.token() })
    }
}

impl ConnectionPermit {
    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.mailbox.close();
        self.gateway.registry.leave(self.id);
        self.gateway.metrics.ended();
    }
}
