//! One connection as its client sees it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Waker};

use api::{ClientNetwork, Verified};
use model::{Caller, Role, Timestamp, UserId};
use serde_json::Value;

use super::{START, verifying_key};
use crate::protocol::{CloseCode, reply};
use crate::service::Gateway;
use crate::session::Input;
use crate::transport::driver::{Driver, Out};

/// One connection, with what its client has heard.
pub(super) struct Client {
    pub(super) user: UserId,
    /// Until when the token holds.
    pub(super) expires: Timestamp,
    pub(super) driver: Driver,
    pub(super) seq: u64,
    /// How many fixes were sent over this connection, where tests count them.
    pub(super) fixes: usize,
    pub(super) friends: BTreeMap<String, Value>,
    pub(super) heard: Vec<Value>,
    /// What it was told of names, in order: everything else is as if nobody had one.
    pub(super) named: Vec<(String, String)>,
    pub(super) continues: bool,
    pub(super) closed: Option<CloseCode>,
    /// While set the socket takes nothing.
    pub(super) stuck: bool,
}

impl Client {
    /// Somebody who has just connected, with a token that holds for a year.
    pub(super) fn new(user: UserId, gateway: &Arc<Gateway>, seq: u64) -> Self {
        Self::until(START.plus_ms(365 * 86_400_000), user, gateway, seq)
    }

    /// The same with a token that holds until then.
    pub(super) fn until(
        expires: Timestamp,
        user: UserId,
        gateway: &Arc<Gateway>,
        seq: u64,
    ) -> Self {
        let caller = Caller { user: user.clone(), role: Role::User, expires };
        let verified = Verified { caller, key: Arc::new(verifying_key()) };
        let driver = Driver::new(
            gateway.permit(None, ClientNetwork::default()).expect("there is room"),
            Some(verified),
        );
        let (friends, heard, named) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (fixes, continues, closed, stuck) = (0, false, None, false);
        Self { user, expires, driver, seq, fixes, friends, heard, named, continues, closed, stuck }
    }

    /// One turn, as the socket's task takes it; answers whether anything was said.
    pub(super) fn turn(&mut self) -> bool {
        self.driver.turn(&mut Context::from_waker(Waker::noop()));
        if self.stuck {
            self.driver.stuck();
            return false;
        }
        let mut said = false;
        while let Some(out) = self.driver.next() {
            said = true;
            match out {
                Out::Message(message) => {
                    let mut text = Vec::new();
                    reply::encode(&message, &mut text);
                    self.hear(serde_json::from_slice(&text).expect("JSON"));
                }
                Out::Ping => self.driver.input(Input::Control(0)),
                Out::Close(code, _) => self.closed = Some(code),
            }
        }
        if said {
            self.driver.flushed();
        }
        said
    }

    fn hear(&mut self, message: Value) {
        let list = |name: &str| message[name].as_array().cloned().unwrap_or_default();
        let id = |friend: &Value| friend["id"].as_str().expect("an id").to_owned();
        match message["type"].as_str() {
            Some("snapshot") => {
                if !std::mem::replace(&mut self.continues, message["more"] == true) {
                    self.friends.clear();
                }
                for friend in list("friends") {
                    assert!(self.friends.insert(id(&friend), friend).is_none(), "listed twice");
                }
            }
            Some("push") => {
                for friend in list("came") {
                    assert!(self.friends.insert(id(&friend), friend).is_none(), "came twice");
                }
                for friend in list("moved") {
                    assert!(self.friends.insert(id(&friend), friend).is_some(), "moved unseen");
                }
                for measured in list("distances") {
                    let friend = self.friends.get_mut(&id(&measured)).expect("measured unseen");
                    friend["distance_m"] = measured["distance_m"].clone();
                }
                for gone in list("left") {
                    assert!(self.friends.remove(&id(&gone)).is_some(), "left unseen");
                }
            }
            Some("gap") => self.continues = false,
            Some("names") => {
                for named in list("names") {
                    assert!(self.friends.contains_key(&id(&named)), "named unseen");
                    let name = named["display_name"].as_str().expect("a name").to_owned();
                    self.named.push((id(&named), name));
                }
                return;
            }
            _ => {}
        }
        self.heard.push(message);
    }
}
