use std::net::SocketAddr;

use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection to the service that can break at any moment.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    token: String,
}

impl Line {
    pub(crate) async fn open(address: SocketAddr, token: String) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(Self { sender, token })
    }

    /// The status and body; none if the service was gone before it answered.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        self.sender.ready().await.ok()?;
        let mut request = Request::builder().method(method).uri(path);
        let bearer = format!("Bearer {}", self.token);
        request = request.header(header::HOST, "localhost").header(header::AUTHORIZATION, bearer);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(String::new, |json| json.to_string());
        let request = request.body(Full::new(Bytes::from(body))).expect("a valid request");
        let response = self.sender.send_request(request).await.ok()?;
        let status = response.status().as_u16();
        // The status is the acknowledgement, whether or not the body still comes.
        let bytes = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
        let json = bytes.ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or(Value::Null);
        Some((status, json))
    }

    /// Whether it was acknowledged. A refusal is none of the outcomes: every request here is possible.
    pub(crate) async fn write(&mut self, method: &str, path: &str, body: Option<Value>) -> bool {
        let Some((status, json)) = self.ask(method, path, body).await else { return false };
        assert!((200..300).contains(&status), "{method} {path}: {status} {json}");
        true
    }

    pub(crate) async fn read(&mut self, path: &str) -> Value {
        let (status, json) = self.ask("GET", path, None).await.expect("the service is there");
        assert_eq!(status, 200, "{path}: {json}");
        json
    }
}
