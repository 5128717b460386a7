use std::error::Error;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use api::Stream;
use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tower::Service;

use crate::keys;

/// Connects to a service, by TLS where its address says https.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Option<TlsConnector>,
}

impl Connector {
    /// Without TLS.
    pub(super) fn plain() -> Self {
        Self { tcp: HttpConnector::new(), tls: None }
    }

    /// As the address says; trusted are the authorities in the file, or this machine's.
    pub(super) fn to(url: &str, ca_file: Option<&Path>) -> Result<Self, String> {
        if url.starts_with("http://") {
            let is_for_nothing = "--ca is of use with an address that begins with https:// only";
            return ca_file.map_or_else(|| Ok(Self::plain()), |_| Err(is_for_nothing.to_owned()));
        }
        let tls = Some(keys::connector(ca_file, "--ca")?);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        Ok(Self { tcp, tls })
    }
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Wire, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An IPv6 address stands in brackets there.
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let (connecting, tls) = (self.tcp.call(uri), self.tls.clone());
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            let stream = match tls {
                None => Stream::Plain(stream),
                Some(tls) => {
                    let name = ServerName::try_from(host)?;
                    Stream::Wrapped(Box::new(tls.connect(name, stream).await?))
                }
            };
            Ok(Wire(TokioIo::new(stream)))
        })
    }
}

/// A connection to a service.
pub(super) struct Wire(TokioIo<Stream>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
