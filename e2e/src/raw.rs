//! A client that may break every rule: it writes HTTP requests and WebSocket frames byte for byte, and reads what comes.

mod bystanders;
mod frame;
mod request;

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{Answer, DEADLINE, Frame};
pub use bystanders::{Bystanders, OFFENDER};
pub use frame::{Length, RawFrame, opcode};
pub use request::{HOST, Request};

/// What `Sec-WebSocket-Accept` must be for the key of [`Request::upgrade`] (RFC 6455, 1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A connection of which nothing is taken for granted.
pub struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
    /// Pongs that came so far.
    pub pongs: usize,
}

impl Raw {
    /// Connects and says nothing.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = timeout(DEADLINE, TcpStream::connect(address)).await;
        let stream = stream.expect("connected in time").expect("the node listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self { stream, received: Vec::new(), pongs: 0 }
    }

    /// Becomes a WebSocket by a right request.
    pub async fn upgrade(address: SocketAddr, token: Option<&str>) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(&Request::upgrade(token).encode()).await;
        let answer = raw.response().await.expect("an answer to the request");
        assert_eq!(answer.status, 101, "{answer:?}");
        assert_eq!(answer.headers[header::SEC_WEBSOCKET_ACCEPT], ACCEPT);
        raw
    }

    /// Becomes a WebSocket to which everything has been said that the server says unasked.
    pub async fn session(address: SocketAddr, token: &str) -> Self {
        let mut raw = Self::upgrade(address, Some(token)).await;
        raw.hear(|m| m["type"] == "snapshot" && m["more"] == false).await;
        raw.send_text(r#"{"type":"ping","id":0}"#).await;
        raw.hear(|m| m["type"] == "pong").await;
        raw
    }

    /// Sends bytes; whether all were taken. A server that hangs up meanwhile is in its right: what it said before can
    /// still be read.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = timeout(DEADLINE, self.stream.write_all(bytes)).await;
        sent.expect("bytes are taken or refused in time").is_ok()
    }

    /// Sends a frame.
    pub async fn send_frame(&mut self, frame: RawFrame) {
        self.send(&frame.encode()).await;
    }

    /// Sends a message of the protocol.
    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(RawFrame::text(text)).await;
    }

    /// All that still comes until the connection ends.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.receive().await {}
        std::mem::take(&mut self.received)
    }

    /// Ends this side's half of the connection.
    pub async fn finish(&mut self) {
        // Fails only if the server has hung up already.
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a TCP socket");
    }

    /// The head of the next HTTP response, without its body; none if the connection ended.
    pub async fn head(&mut self) -> Option<Answer> {
        let end = loop {
            match self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if self.receive().await => {}
                None => return None,
            }
        };
        let head = String::from_utf8(self.received.drain(..end).collect()).expect("ASCII");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            (name, HeaderValue::from_str(value.trim()).expect("a header's value"))
        };
        let headers: HeaderMap = lines.map(header).collect();
        let (json, text, bytes) = (Value::Null, String::new(), Vec::new());
        Some(Answer { status: status.expect("a status"), headers, json, text, bytes })
    }

    /// The next HTTP response; none if the connection ended, also before the end of a body in chunks.
    pub async fn response(&mut self) -> Option<Answer> {
        let mut answer = self.head().await?;
        if answer.headers.get(header::TRANSFER_ENCODING).is_some_and(|it| it == "chunked") {
            answer.bytes = self.chunks().await?;
            answer.text = String::from_utf8_lossy(&answer.bytes).into_owned();
            return Some(answer);
        }
        let length = answer.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        let length = length.map_or(0, |length| length.parse().expect("a number"));
        while self.received.len() < length {
            assert!(self.receive().await, "the answer's body broke off");
        }
        let body: Vec<u8> = self.received.drain(..length).collect();
        answer.json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        answer.text = String::from_utf8_lossy(&body).into_owned();
        answer.bytes = body;
        Some(answer.checked())
    }

    /// A body in chunks; none if it broke off.
    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = self.line().await?;
            let length = usize::from_str_radix(&length, 16).expect("the length of a chunk");
            while self.received.len() < length {
                if !self.receive().await {
                    return None;
                }
            }
            body.extend(self.received.drain(..length));
            assert_eq!(self.line().await?, "", "the end of a chunk");
            if length == 0 {
                return Some(body);
            }
        }
    }

    /// The next line; none if the connection ended.
    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.windows(2).position(|bytes| bytes == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.receive().await {
                return None;
            }
        }
    }

    /// The next message, close frame, or end of the connection. Pings are left unanswered, pongs are counted.
    pub async fn next(&mut self) -> Frame {
        loop {
            while let Some((opcode, payload)) = self.take_frame() {
                match opcode {
                    opcode::TEXT => {
                        return Frame::Message(serde_json::from_slice(&payload).expect("JSON"));
                    }
                    opcode::CLOSE => return close(&payload),
                    opcode::PONG => self.pongs += 1,
                    opcode::PING => {}
                    other => panic!("a frame with opcode {other}"),
                }
            }
            if !self.receive().await {
                return Frame::Dropped;
            }
        }
    }

    /// Waits for a message that satisfies the condition.
    pub async fn hear(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Frame::Message(message) if condition(&message) => return message,
                Frame::Message(_) => {}
                end => panic!("{end:?} before what was waited for"),
            }
        }
    }

    /// How the session ends; messages until then are passed over.
    pub async fn end(&mut self) -> Frame {
        loop {
            match self.next().await {
                Frame::Message(_) => {}
                end => return end,
            }
        }
    }

    /// Waits until the server has hung up; panics if it says anything before.
    pub async fn expect_hung_up(&mut self) {
        while self.receive().await {}
        assert!(self.received.is_empty(), "{:?}", String::from_utf8_lossy(&self.received));
    }

    /// Reads more; `false` when the connection has ended, in whichever way.
    async fn receive(&mut self) -> bool {
        let read = timeout(DEADLINE, self.stream.read_buf(&mut self.received)).await;
        let read = read.unwrap_or_else(|_| panic!("nothing came; {:?} waits", self.received));
        matches!(read, Ok(1..))
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (frame, bytes) = frame::decode(&self.received)?;
        self.received.drain(..bytes);
        Some(frame)
    }
}

fn close(payload: &[u8]) -> Frame {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return Frame::Closed(1005, String::new());
    };
    let reason = String::from_utf8(reason.to_vec()).expect("a reason in UTF-8");
    Frame::Closed(u16::from_be_bytes(*code), reason)
}

/// Checks that an answer is a problem with this status and code, whose detail contains these words.
pub fn assert_problem(case: &str, answer: &Answer, expected: (u16, &str, &str)) {
    let (status, code, words) = expected;
    let told = |field: &str| answer.json[field].as_str().unwrap_or_default();
    assert_eq!((answer.status, told("code")), (status, code), "{case}: {answer:?}");
    assert_eq!(answer.json["status"], status, "{case}");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{case}");
    assert!(told("detail").contains(words), "{case}: {answer:?}");
    assert_eq!(answer.headers["x-request-id"], told("request_id"), "{case}");
}
