//! Requests over REST, as an operator's script or a phone makes them.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::Error;
use crate::people::address::Address;

/// A request that takes longer has failed.
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// How much of a refusal is told.
const REFUSAL_CHARS_MAX: usize = 300;

/// A request, whoever makes it and wherever it goes.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Holds ids and nothing else.
    pub(crate) path: String,
    /// JSON; empty: none.
    pub(crate) body: String,
}

/// What a try came to, if it wasn't a success.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Another try may help. Whether the service did it is unknown.
    Later(String),
    /// It wouldn't, and nothing was done.
    Never(String),
}

/// The service of a service.
pub(crate) struct Rest {
    pub(crate) addresses: Arc<[Address]>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A token as requests show it.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Error::Plan("a token fits no header".into()))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

impl Rest {
    pub(crate) fn new(addresses: Arc<[Address]>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { addresses, client }
    }

    /// Makes a request once, of one of the addresses; answers with what a success says.
    pub(crate) async fn send(
        &self,
        address: usize,
        ask: &Ask,
        bearer: &HeaderValue,
    ) -> Result<(StatusCode, Bytes), Refusal> {
        let address = &self.addresses[address];
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("{address}{}", ask.path))
            .header(AUTHORIZATION, bearer);
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::from(ask.body.clone()))
            .map_err(|error| Refusal::Never(error.to_string()))?;
        let exchange = async {
            let response =
                self.client.request(request).await.map_err(|error| {
                    Refusal::Later(format!("{address} can't be reached: {error}"))
                })?;
            let status = response.status();
            // Read to its end, so that the connection serves the next request.
            let said = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            let said = said.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            if status.is_success() {
                return Ok((status, said));
            }
            let said: String =
                String::from_utf8_lossy(&said).chars().take(REFUSAL_CHARS_MAX).collect();
            let detail = format!("{status} {said}");
            let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            Err(if later { Refusal::Later(detail) } else { Refusal::Never(detail) })
        };
        tokio::time::timeout(REQUEST_DEADLINE, exchange)
            .await
            .unwrap_or_else(|_| Err(Refusal::Later(format!("no answer from {address}"))))
    }
}
