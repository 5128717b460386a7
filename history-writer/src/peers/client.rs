use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::ErrorChain;

use super::{ANSWER_BYTES_MAX, PeerAddress, PeerError, Peers, WAITING_PATH};

/// How long a connection is kept that nothing is asked on: less than what lies between may keep it.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// The most such connections to one process.
pub const IDLE_CONNECTIONS_MAX: usize = 4;

/// Asks over HTTP/1.1, on connections that are used again.
pub struct HttpPeers {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl HttpPeers {
    /// Without any connection yet; it works within a tokio runtime.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        Self { client }
    }

    async fn post(&self, address: &PeerAddress, question: Vec<u8>) -> Result<Vec<u8>, PeerError> {
        let request = Request::post(format!("http://{address}{WAITING_PATH}"))
            .body(Full::from(question))
            .map_err(|error| unreachable_by(&error))?;
        let response =
            self.client.request(request).await.map_err(|error| unreachable_by(&error))?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(PeerError::Refused { status: status.as_u16() }),
        }
        let body = Limited::new(Body::new(response.into_body()), ANSWER_BYTES_MAX).collect().await;
        match body {
            Ok(body) => Ok(body.to_bytes().into()),
            Err(error) if error.is::<LengthLimitError>() => Err(PeerError::TooLong),
            Err(error) => Err(PeerError::Unreachable(ErrorChain(&*error).to_string())),
        }
    }
}

impl Default for HttpPeers {
    fn default() -> Self {
        Self::new()
    }
}

impl Peers for HttpPeers {
    fn ask<'a>(
        &'a self,
        address: &'a PeerAddress,
        question: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PeerError>> {
        Box::pin(self.post(address, question))
    }
}

fn unreachable_by(error: &(dyn std::error::Error + 'static)) -> PeerError {
    PeerError::Unreachable(ErrorChain(error).to_string())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection with these bytes, whatever is asked; then hangs up.
    async fn answering(bytes: Vec<u8>) -> PeerAddress {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 1_024];
                let read = stream.read(&mut asked).await.unwrap_or_default();
                assert!(
                    asked[..read].starts_with(b"POST /internal/v1/history/waiting HTTP/1.1\r\n")
                );
                // Whoever hangs up doesn't hear the rest.
                let _ = stream.write_all(&bytes).await;
            }
        });
        PeerAddress::parse(&address).expect("an address")
    }

    async fn ask(answer: Vec<u8>) -> Result<Vec<u8>, PeerError> {
        HttpPeers::new().ask(&answering(answer).await, b"where?".to_vec()).await
    }

    fn ok(body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn an_answer_comes_back_as_it_is() {
        assert_eq!(ask(ok(b"\0\xffthere")).await, Ok(b"\0\xffthere".to_vec()));
        let longest = vec![7; ANSWER_BYTES_MAX];
        assert_eq!(ask(ok(&longest)).await, Ok(longest));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        let unreachable = |asked: &Result<_, _>| matches!(asked, Err(PeerError::Unreachable(_)));
        for garbage in
            [&b""[..], b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]
        {
            let asked = ask(garbage.to_vec()).await;
            assert!(unreachable(&asked), "{asked:?}");
        }
        assert_eq!(ask(ok(&vec![7; ANSWER_BYTES_MAX + 1])).await, Err(PeerError::TooLong));
        for (line, status) in
            [("403 Forbidden", 403), ("302 Found\r\nlocation: http://elsewhere/", 302)]
        {
            let answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
            assert_eq!(ask(answer.into_bytes()).await, Err(PeerError::Refused { status }));
        }
        // Nobody has the first port.
        let nobody = PeerAddress::parse("127.0.0.1:1").expect("an address");
        assert!(unreachable(&HttpPeers::new().ask(&nobody, Vec::new()).await));
    }
}
