use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::{DEADLINE, LISBON, Place, north_of};

/// What came over the socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// A message of the protocol.
    Message(Value),
    /// The server closed, with a code and a reason.
    Closed(u16, String),
    /// The connection ended without a close frame.
    Dropped,
}

/// The answer to a handshake that didn't become a WebSocket.
pub type Refusal = Box<http::Response<Option<Vec<u8>>>>;

/// Somebody with a phone, who keeps the list of friends as PROTOCOL.md says.
pub struct Person {
    socket: WebSocketStream<TcpStream>,
    device: String,
    seq: u64,
    pings: u64,
    /// Friends in the list, as last told.
    pub friends: BTreeMap<String, Value>,
    /// Every message so far, oldest first.
    pub heard: Vec<Value>,
}

impl Person {
    /// Connects with a token in the header.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        Self::open(address, Some(token)).await
    }

    /// Connects without a token.
    pub async fn connect_anonymously(address: SocketAddr) -> Self {
        Self::open(address, None).await
    }

    async fn open(address: SocketAddr, token: Option<&str>) -> Self {
        Self::try_connect(address, token).await.expect("a WebSocket")
    }

    /// Connects, or answers how the server refuses.
    pub async fn try_connect(address: SocketAddr, token: Option<&str>) -> Result<Self, Refusal> {
        let stream = TcpStream::connect(address).await.expect("the node listens");
        Self::try_over(stream, token).await
    }

    /// The same over a connection that exists.
    pub async fn try_over(stream: TcpStream, token: Option<&str>) -> Result<Self, Refusal> {
        let address = stream.peer_addr().expect("a connection");
        let mut request =
            format!("ws://{address}/v1/ws").into_client_request().expect("a valid request");
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().expect("a header value");
            request.headers_mut().insert("authorization", value);
        }
        let connected = tokio::time::timeout(DEADLINE, client_async(request, stream)).await;
        let socket = match connected.expect("connected in time") {
            Ok((socket, _)) => socket,
            Err(Error::Http(refusal)) => return Err(refusal),
            Err(error) => panic!("no answer to the handshake: {error}"),
        };
        Ok(Self {
            socket,
            device: "phone".to_owned(),
            seq: 0,
            pings: 0,
            friends: BTreeMap::new(),
            heard: Vec::new(),
        })
    }

    /// Speaks as another device from now on.
    #[must_use]
    pub fn on_device(mut self, device: &str) -> Self {
        device.clone_into(&mut self.device);
        self
    }

    /// Sends a message as it is.
    pub async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends a text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("a socket that takes it");
    }

    /// Sends a fix and waits for its acknowledgement, which is returned.
    pub async fn at(&mut self, place: Place) -> Value {
        self.seq += 1;
        let seq = self.seq;
        self.send(&json!({
            "type": "fix", "device": self.device, "seq": seq,
            "latitude": place.0, "longitude": place.1,
        }))
        .await;
        self.hear(|m| m["type"] == "ack" && m["seq"] == seq).await
    }

    /// Goes northwards: sends fixes of these numbers, and waits until each is shown, and in movement history on a disk.
    pub async fn keep_fixes(&mut self, numbers: std::ops::Range<u64>) {
        for seq in numbers {
            let (latitude, longitude) = north_of(LISBON, seq as f64);
            let fix = json!({
                "type": "fix", "device": "phone", "seq": seq, "latitude": latitude, "longitude": longitude,
            });
            self.send(&fix).await;
            let ack = self.hear(|m| m["type"] == "ack" && m["seq"] == seq).await;
            assert_eq!((&ack["kept"], &ack["shown"]), (&json!("disk"), &json!(true)), "{ack}");
        }
    }

    /// Waits until everything that the server had to say by now has come.
    pub async fn settle(&mut self) {
        self.pings += 1;
        let id = self.pings;
        self.send(&json!({ "type": "ping", "id": id })).await;
        self.hear(|m| m["type"] == "pong" && m["id"] == id).await;
    }

    /// Waits for a message that satisfies the condition, and returns it; the ones before are taken in.
    pub async fn hear(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Frame::Message(message) if condition(&message) => return message,
                Frame::Message(_) => {}
                end => panic!("{end:?} before what was waited for; heard {:?}", self.types()),
            }
        }
    }

    /// Waits until the list of friends satisfies the condition.
    pub async fn expect(&mut self, condition: impl Fn(&BTreeMap<String, Value>) -> bool) {
        while !condition(&self.friends) {
            if let end @ (Frame::Closed(..) | Frame::Dropped) = self.next().await {
                panic!("{end:?} before what was waited for; heard {:?}", self.types());
            }
        }
    }

    /// Waits until this friend is in the list.
    pub async fn expect_near(&mut self, friend: &str) {
        self.expect(|friends| friends.contains_key(friend)).await;
    }

    /// Waits until this friend isn't in the list.
    pub async fn expect_left(&mut self, friend: &str) {
        self.expect(|friends| !friends.contains_key(friend)).await;
    }

    /// Waits for the last part of a snapshot.
    pub async fn await_snapshot(&mut self) {
        self.hear(|m| m["type"] == "snapshot" && m["more"] == false).await;
    }

    /// Reads until the connection ends; returns how.
    pub async fn end(&mut self) -> Frame {
        loop {
            match self.next().await {
                Frame::Message(_) => {}
                end => return end,
            }
        }
    }

    /// The next thing that comes; messages are taken in.
    pub async fn next(&mut self) -> Frame {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("nothing came; heard {:?}", self.types()));
            match next {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    self.take_in(&message);
                    self.heard.push(message.clone());
                    return Frame::Message(message);
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Frame::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None))) => return Frame::Closed(1005, String::new()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Frame::Dropped,
            }
        }
    }

    /// The types of all messages so far.
    pub fn types(&self) -> Vec<&str> {
        self.heard.iter().filter_map(|m| m["type"].as_str()).collect()
    }

    fn take_in(&mut self, message: &Value) {
        let friends = |name: &str| message[name].as_array().cloned().unwrap_or_default();
        let id = |friend: &Value| friend["id"].as_str().expect("an id").to_owned();
        match message["type"].as_str() {
            Some("snapshot") => {
                let continues = self
                    .heard
                    .last()
                    .is_some_and(|last| last["type"] == "snapshot" && last["more"] == true);
                if !continues {
                    self.friends.clear();
                }
                for friend in friends("friends") {
                    self.friends.insert(id(&friend), friend);
                }
            }
            Some("push") => {
                for friend in friends("came").into_iter().chain(friends("moved")) {
                    self.friends.insert(id(&friend), friend);
                }
                for measured in friends("distances") {
                    let friend = self.friends.get_mut(&id(&measured)).expect("a listed friend");
                    friend["distance_m"] = measured["distance_m"].clone();
                }
                for gone in friends("left") {
                    let known = self.friends.remove(&id(&gone));
                    assert!(known.is_some(), "{gone} left who wasn't there");
                }
            }
            _ => {}
        }
    }
}
