//! What comes before HTTP on a connection: who stands in between, and TLS.

pub(crate) mod tls;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::{
    BasePath, PROXY_HEADER_BYTES_MAX, Problem, ProxyHeader, ProxyHeaderError, ProxyRead, Stream,
    TrustedProxies,
};
use model::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use tls::Tls;

/// As many bytes tell a request, TLS and the PROXY protocol apart.
const FIRST_BYTES: usize = 16;

/// What the first record of TLS begins with.
const TLS_HANDSHAKE: u8 = 0x16;

/// What TLS says to whom it can't serve: a fatal alert, `handshake_failure` (RFC 8446, 6).
const TLS_ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 40];

/// How long whoever is refused may take to read why, and how much of what they send meanwhile is dropped, bytes.
const GOODBYE: Duration = Duration::from_secs(1);
const GOODBYE_BYTES_MAX: u64 = 64 * 1024;

/// What has to come first on the connections of a listener.
#[derive(Clone, Default)]
pub(crate) struct Arrival {
    /// A header of the PROXY protocol, from these proxies; without, none is taken.
    pub(crate) proxy_protocol: Option<Arc<TrustedProxies>>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Where links of answers begin.
    pub(crate) base_path: Arc<BasePath>,
}

/// Why a connection isn't served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// A request to a port for proxies.
    #[error("this port wants a header of the PROXY protocol first: http.proxy_protocol says so")]
    ProxyHeaderMissing,
    /// A header from somebody else.
    #[error(
        "only the addresses of http.trusted_proxies may connect here: the PROXY protocol says who a client is"
    )]
    UntrustedProxy,
    /// A header that can't be read.
    #[error(transparent)]
    ProxyHeader(#[from] ProxyHeaderError),
    /// A header on a port that takes none.
    #[error(
        "this port doesn't take the PROXY protocol: set http.proxy_protocol and http.trusted_proxies, or have the proxy not send it"
    )]
    ProxyHeaderUnwanted,
    /// A request without TLS to a port with it.
    #[error("this port speaks TLS: connect with https or wss")]
    TlsMissing,
    /// TLS to a port without.
    #[error("this port doesn't speak TLS: http.tls has no certificate")]
    TlsUnwanted,
    /// The handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Handshake(io::Error),
    /// The client went away.
    #[error("the connection ended before it said anything")]
    Gone,
}

impl Refusal {
    /// The word for metrics, and for the client.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::ProxyHeaderMissing => "proxy_header_missing",
            Self::UntrustedProxy => "untrusted_proxy",
            Self::ProxyHeader(_) => "proxy_header",
            Self::ProxyHeaderUnwanted => "proxy_header_unwanted",
            Self::TlsMissing => "tls_missing",
            Self::TlsUnwanted => "tls_unwanted",
            Self::Handshake(_) => "tls_handshake",
            Self::Gone => "gone",
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl Arrival {
    /// Takes what has to come before HTTP; answers the stream behind it, and where the client is. Whoever is refused has been told
    /// why, if they can understand it.
    pub(crate) async fn take(
        &self,
        mut stream: TcpStream,
        peer: IpAddr,
    ) -> Result<(Stream, IpAddr), Refusal> {
        let mut client = peer;
        if let Some(proxies) = &self.proxy_protocol {
            if !proxies.trusts(peer) {
                return Err(self.refuse(stream, Refusal::UntrustedProxy).await);
            }
            match proxy_header(&mut stream).await {
                Ok(ProxyHeader::Client(address)) => client = address.to_canonical(),
                Ok(ProxyHeader::Own) => {}
                Err(refusal) => return Err(self.refuse(stream, refusal).await),
            }
        }
        let mut first = [0; FIRST_BYTES];
        let bytes = stream.peek(&mut first).await?;
        let first = &first[..bytes];
        if ProxyHeader::begins(first) {
            return Err(self.refuse(stream, Refusal::ProxyHeaderUnwanted).await);
        }
        match (&self.tls, first.first()) {
            (_, None) => Err(Refusal::Gone),
            (None, Some(&TLS_HANDSHAKE)) => Err(self.refuse(stream, Refusal::TlsUnwanted).await),
            (None, Some(_)) => Ok((Stream::Plain(stream), client)),
            (Some(tls), Some(&TLS_HANDSHAKE)) => {
                let stream = tls.accept(stream).await.map_err(Refusal::Handshake)?;
                Ok((Stream::Wrapped(Box::new(stream)), client))
            }
            (Some(_), Some(_)) => Err(self.refuse(stream, Refusal::TlsMissing).await),
        }
    }

    /// Tells why, and lets it be read: to hang up on unread bytes would reset the connection.
    async fn refuse(&self, mut stream: TcpStream, refusal: Refusal) -> Refusal {
        let goodbye = async {
            match refusal {
                Refusal::TlsUnwanted => stream.write_all(&TLS_ALERT).await?,
                _ => stream.write_all(&answer(&refusal, &self.base_path)).await?,
            }
            stream.shutdown().await?;
            tokio::io::copy(&mut stream.take(GOODBYE_BYTES_MAX), &mut tokio::io::sink()).await
        };
        // Whether it was read makes no difference here.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        refusal
    }
}

/// Reads the header and nothing behind it.
async fn proxy_header(stream: &mut TcpStream) -> Result<ProxyHeader, Refusal> {
    let mut header = Vec::new();
    // Not in place: every connection's task would have the room for it.
    let mut next = vec![0; PROXY_HEADER_BYTES_MAX];
    loop {
        let had = header.len();
        let bytes = stream.peek(&mut next).await?;
        if bytes == 0 {
            return Err(Refusal::Gone);
        }
        header.extend_from_slice(&next[..bytes]);
        match ProxyHeader::read(&header) {
            Ok(ProxyRead::Whole(read, length)) => {
                stream.read_exact(&mut next[..length - had]).await?;
                return Ok(read);
            }
            Ok(ProxyRead::Begun) => stream.read_exact(&mut next[..bytes]).await?,
            Err(ProxyHeaderError::Missing) => return Err(Refusal::ProxyHeaderMissing),
            Err(error) => return Err(error.into()),
        };
    }
}

/// An answer as HTTP has it, whatever was spoken.
fn answer(refusal: &Refusal, base_path: &Arc<BasePath>) -> Vec<u8> {
    let problem = Problem::new(ErrorKind::Invalid, refusal.reason(), refusal.to_string());
    let body = problem.below(base_path).to_json();
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}
