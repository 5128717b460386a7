//! A real HTTP server that publishes keys, well or badly.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How it answers.
#[derive(Debug, Clone)]
pub(super) enum Mode {
    Keys(Vec<Value>),
    Text(u16, String),
    Redirect(String),
    /// Megabytes.
    Huge(usize),
    /// Accepts, and says nothing.
    Silent,
    /// Ends connections without an answer.
    Away,
}

pub(super) struct Publisher {
    pub(super) address: SocketAddr,
    mode: watch::Sender<Mode>,
    asked: Arc<AtomicUsize>,
    scheme: &'static str,
}

impl Publisher {
    pub(super) async fn start(mode: Mode) -> Self {
        Self::start_with(mode, None).await
    }

    /// By TLS, with `server.pem` and `server.key` of this folder.
    pub(super) async fn start_tls(mode: Mode, dir: &Path) -> Self {
        let chain = CertificateDer::pem_file_iter(dir.join("server.pem")).expect("certificates");
        let chain = chain.collect::<Result<_, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_file(dir.join("server.key")).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let tls = TlsAcceptor::from(Arc::new(config.expect("a key of the certificate")));
        Self::start_with(mode, Some(tls)).await
    }

    async fn start_with(mode: Mode, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (mode, asked) = (watch::Sender::new(mode), Arc::new(AtomicUsize::new(0)));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (modes, count) = (mode.subscribe(), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mode = modes.borrow().clone();
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => answer(tls.accept(stream).await?, mode).await,
                        None => answer(stream, mode).await,
                    }
                });
            }
        });
        Self { address, mode, asked, scheme }
    }

    pub(super) fn url(&self) -> String {
        format!("{}://localhost:{}/jwks", self.scheme, self.address.port())
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    mode: Mode,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let with = |status: u16, more: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{more}\r\n{body}")
    };
    let said = match mode {
        Mode::Keys(keys) => {
            stream.write_all(with(200, "", &json!({ "keys": keys }).to_string()).as_bytes()).await
        }
        Mode::Text(status, text) => stream.write_all(with(status, "", &text).as_bytes()).await,
        Mode::Redirect(to) => {
            stream.write_all(with(302, &format!("Location: {to}\r\n"), "").as_bytes()).await
        }
        Mode::Huge(megabytes) => {
            // Without a length, so that it has to be read to be known.
            stream.write_all(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n").await?;
            for _ in 0..megabytes {
                stream.write_all(&vec![b' '; 1 << 20]).await?;
            }
            Ok(())
        }
        Mode::Silent => stream.read_u8().await.map(drop),
        Mode::Away => Ok(()),
    };
    // Else the end of a connection by TLS looks like an attack.
    stream.shutdown().await?;
    said
}
