//! What keeps a server from working, as it was found last.

use parking_lot::Mutex;

/// The fault of a server; `None` as far as is known.
#[derive(Debug)]
pub(super) struct KnownFault {
    /// What logs call the server.
    server: &'static str,
    fault: Mutex<Option<String>>,
}

impl KnownFault {
    /// None yet.
    pub(super) fn new(server: &'static str) -> Self {
        Self { server, fault: Mutex::default() }
    }

    /// As it was noted last.
    pub(super) fn get(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    /// Notes how the server is. That it goes away and comes back is logged.
    pub(super) fn note(&self, fault: Option<String>) {
        let mut known = self.fault.lock();
        if known.is_none() != fault.is_none() {
            let server = self.server;
            if let Some(why) = &fault {
                tracing::warn!(why, "{server} is away");
            } else {
                tracing::info!("{server} is back");
            }
        }
        *known = fault;
    }
}
