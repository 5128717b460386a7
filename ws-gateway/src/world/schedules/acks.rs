//! Whether fixes are acknowledged in their order, and with no more than history has said.

use super::super::Client;
use super::stage::Stage;

impl Stage {
    /// Looks at what a client has heard since so many messages.
    pub(super) fn check_acks(&self, client: usize, since: usize) -> Result<(), String> {
        let Client { user, heard, .. } = &self.clients[client];
        let acks = |messages: &[serde_json::Value]| -> Vec<_> {
            let acks = messages.iter().filter(|message| message["type"] == "ack").cloned();
            acks.collect()
        };
        let mut last =
            acks(&heard[..since]).last().map_or(0, |ack| ack["seq"].as_u64().unwrap_or(0));
        for ack in acks(&heard[since..]) {
            let seq = ack["seq"].as_u64().unwrap_or_default();
            if seq <= last {
                return Err(self.wrong(&format!("{user}'s {seq} is acknowledged after {last}")));
            }
            last = seq;
            let Some(history) = &self.history else { continue };
            let device = ack["device"].as_str().unwrap_or_default();
            let [is_kept] = history.has_kept(user, device, seq)[..] else {
                return Err(self.wrong(&format!("it is to be handed to history, once: {ack}")));
            };
            if ack["kept"] == "disk" && !is_kept {
                return Err(self.wrong(&format!("history doesn't have what it should: {ack}")));
            }
            if ack["kept"] == "memory" && ack["shown"] != true {
                return Err(self.wrong(&format!("nobody has it: {ack}")));
            }
        }
        Ok(())
    }

    /// At the end every fix of a connection that is still there has been acknowledged, and where history answers for all,
    /// with what it has said.
    pub(super) fn judge_acks(&self) -> Result<(), String> {
        for client in self.clients.iter().filter(|client| client.closed.is_none()) {
            let Client { user, heard, fixes, .. } = client;
            let acks: Vec<_> = heard.iter().filter(|m| m["type"] == "ack").collect();
            if acks.len() != *fixes {
                let what = format!("{user} has sent {fixes} fixes and heard {acks:?}");
                return Err(self.wrong(&what));
            }
            let answers_all = self.history.as_ref().is_some_and(|it| !it.is_silent());
            if let Some(ack) = acks.iter().find(|ack| answers_all && ack["kept"] != "disk") {
                return Err(self.wrong(&format!("history has it: {ack}")));
            }
        }
        Ok(())
    }
}
