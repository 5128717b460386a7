mod der;
mod pem;
mod purpose;
mod validity;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Faults, Timestamp};
use parking_lot::{Mutex, RwLock};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use validity::Validity;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The longest file of a certificate or key that is read, bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The protocol that is spoken within (ALPN).
const HTTP_1_1: &[u8] = b"http/1.1";

/// The certificate of a listener, as its files have it now.
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: Files,
    seen: Mutex<Seen>,
}

/// What the files had when they were looked at last.
struct Seen {
    contents: Contents,
    /// Whether it may become right by itself, when its time comes.
    waits: bool,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// What new connections are shown.
struct Current(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().clone())
    }
}

impl Tls {
    /// Reads certificate and key; says what is wrong with both.
    pub(crate) fn load(certificate: &Path, key: &Path) -> Result<Self, Faults> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let contents = files.read()?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified = files.certified(&contents, &provider)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(certified))));
        let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
        let config = config.map_err(|error| {
            let mut faults = Faults::default();
            faults.add(format!("TLS can't be offered: {error}"));
            faults
        })?;
        let mut config = config.with_no_client_auth().with_cert_resolver(current.clone());
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, current, files, seen: Mutex::new(Seen { contents, waits: false }) })
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Why clients refuse the certificate that is in use.
    pub(crate) fn fault(&self, now: Timestamp) -> Option<String> {
        time_fault(&self.current.0.read(), now)
    }

    /// Takes what the files have whenever they change, until the returned future is dropped. What can't be taken is said once, and
    /// connections go on to be shown the last that could.
    pub(crate) async fn follow(self: Arc<Self>, clock: Arc<dyn Clock>) {
        let mut interval = tokio::time::interval(LOOK);
        loop {
            interval.tick().await;
            let (tls, now) = (self.clone(), clock.now().wall);
            // Files may lie on something slow.
            let _ = tokio::task::spawn_blocking(move || tls.look(now)).await;
        }
    }

    fn look(&self, now: Timestamp) {
        let contents = match self.files.read() {
            Ok(contents) => contents,
            // Being replaced, perhaps: what was read last counts until there is something to read.
            Err(why) => return tracing::debug!(%why, "the certificate can't be read now"),
        };
        let mut seen = self.seen.lock();
        let is_new = seen.contents != contents;
        if !is_new && !seen.waits {
            return;
        }
        let certified = self.files.certified(&contents, self.acceptor.config().crypto_provider());
        let certified = certified.map_err(|faults| in_one_line(&faults));
        // One that clients refuse now is no gain, unless they refuse the one in use as well.
        let fault = certified.as_ref().ok().and_then(|new| time_fault(new, now));
        let fault = fault.filter(|_| self.fault(now).is_none());
        *seen = Seen { contents, waits: fault.is_some() };
        match fault.map_or(certified, Err) {
            Ok(certified) => {
                *self.current.0.write() = Arc::new(certified);
                tracing::info!("the TLS certificate has changed, and is used from now on");
            }
            Err(why) if is_new => tracing::warn!(
                why,
                "the TLS certificate has changed, and the one of before stays in use"
            ),
            Err(_) => {}
        }
    }
}

/// As a field of a line of the log.
fn in_one_line(faults: &Faults) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why clients refuse this certificate at this time.
fn time_fault(certified: &CertifiedKey, now: Timestamp) -> Option<String> {
    certified.cert.first().and_then(|first| Validity::read(first)).and_then(|it| it.fault(now))
}

impl Files {
    fn read(&self) -> Result<Contents, Faults> {
        let mut faults = Faults::default();
        let both = (faults.check(read(&self.certificate)), faults.check(read(&self.key)));
        let (Some(certificate), Some(key)) = both else { return Err(faults) };
        Ok(Contents { certificate, key })
    }

    fn certified(
        &self,
        contents: &Contents,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, Faults> {
        let name = |path: &Path| path.display().to_string();
        pem::certified(
            (&contents.certificate, &contents.key),
            (&name(&self.certificate), &name(&self.key)),
            provider,
        )
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let cant = |why: String| format!("can't read {}: {why}", path.display());
    let bytes = std::fs::metadata(path).map_err(|e| cant(e.to_string()))?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(cant(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read(path).map_err(|e| cant(e.to_string()))
}
