use std::net::SocketAddr;

use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::DEADLINE;

/// An answer over REST.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it isn't JSON.
    pub json: Value,
    /// The body as it came.
    pub text: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The same; panics if it is a problem that has no page, or one whose page doesn't have its status.
    pub(crate) fn checked(self) -> Self {
        let kind = self.headers.get(header::CONTENT_TYPE);
        if kind.is_some_and(|kind| kind == "application/problem+json") && self.json.is_object() {
            let mut all = server::problems::tables().flatten();
            let meaning = all.find(|meaning| self.json["code"] == meaning.code);
            let named = meaning.is_some_and(|meaning| meaning.statuses.contains(&self.status));
            assert!(named, "say in a `problem_table!` what it means: {self:?}");
        }
        self
    }
}

/// Sends one request over a connection of its own.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Answer {
    try_request(address, method, path, token, body).await.expect("an answer")
}

/// The same; an error if the connection ends before the answer has come.
pub(crate) async fn try_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Result<Answer, hyper::Error> {
    let mut builder =
        Request::builder().method(method).uri(path).header(header::HOST, address.to_string());
    if let Some(token) = token {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(json) => {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            json.to_string()
        }
        None => String::new(),
    };
    let request = builder.body(Full::new(Bytes::from(body))).expect("a valid request");
    let exchange = async {
        let stream = TcpStream::connect(address).await.expect("the node listens");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok::<_, hyper::Error>((parts, bytes))
    };
    let (parts, bytes) = tokio::time::timeout(DEADLINE, exchange).await.expect("an end in time")?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let bytes = bytes.to_vec();
    let answer =
        Answer { status: parts.status.as_u16(), headers: parts.headers, json, text, bytes };
    Ok(answer.checked())
}
