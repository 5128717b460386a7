use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::{FETCH_MS_MAX, FetchError, JWKS_BYTES_MAX, KeySource};
use axum::body::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::{JwksAddress, connector};

/// The longest head of an answer, bytes.
const HEAD_BYTES_MAX: usize = 16 * 1_024;

/// A JWKS at its address.
#[derive(Clone)]
pub(crate) struct Published {
    address: Arc<JwksAddress>,
    shown: Arc<str>,
    interval: Duration,
    tls: Option<TlsConnector>,
}

impl Published {
    /// `ca_file` has the authorities that are trusted instead of this machine's.
    pub(crate) fn new(
        address: JwksAddress,
        ca_file: Option<&Path>,
        interval: Duration,
    ) -> Result<Self, String> {
        let tls = if address.is_tls { Some(connector(ca_file, "jwks_ca_file")?) } else { None };
        let shown = address.shown().into();
        Ok(Self { address: Arc::new(address), shown, interval, tls })
    }

    async fn get(&self) -> Result<Vec<u8>, FetchError> {
        let (host, port) = (self.address.host.as_str(), self.address.port);
        let addresses =
            lookup_host((host, port)).await.map_err(|e| failed("can't be found", &e))?;
        let allowed: Vec<_> = addresses.filter(|to| self.address.allows(to)).collect();
        let stream = TcpStream::connect(&*allowed).await;
        let stream = stream.map_err(|e| failed("can't be connected to", &e))?;
        let Some(tls) = &self.tls else { return self.ask(stream).await };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|e| failed("has a name that no certificate can have", &e))?;
        let stream = tls.connect(name, stream).await;
        self.ask(stream.map_err(|e| failed("can't be trusted", &e))?).await
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Vec<u8>, FetchError> {
        let broken = |e: hyper::Error| failed("doesn't speak HTTP", &e);
        let handshake =
            http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(broken)?;
        // Ends with this question, however that ends.
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);
        let request = Request::get(self.address.path_and_query())
            .header(header::HOST, self.address.authority())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "whereabouts")
            .body(Empty::<Bytes>::new())
            .map_err(|e| failed("can't be asked", &e))?;
        read(sender.send_request(request).await.map_err(broken)?).await
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Vec<u8>, FetchError> {
    let status = response.status();
    // 304 isn't one, though it is among them: it says that nothing is new, which nobody has asked.
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(FetchError(format!(
            "answers with a redirect ({}), which is not followed: set jwks_url to where it leads",
            status.as_u16()
        )));
    }
    if status != StatusCode::OK {
        return Err(FetchError(format!("answers with status {}", status.as_u16())));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| failed("breaks off", &e))?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > JWKS_BYTES_MAX {
            return Err(FetchError(format!("answers with more than {JWKS_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> FetchError {
    FetchError(format!("{what}: {}", model::ErrorChain(error)))
}

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'static, Result<Vec<u8>, FetchError>> {
        let published = self.clone();
        Box::pin(async move {
            let patience = Duration::from_millis(FETCH_MS_MAX);
            let late = |_| FetchError(format!("doesn't answer within {FETCH_MS_MAX} ms"));
            tokio::time::timeout(patience, published.get()).await.map_err(late)?
        })
    }

    fn address(&self) -> &str {
        &self.shown
    }

    fn interval(&self) -> Duration {
        self.interval
    }
}
