use std::fs::OpenOptions;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::server_dir::ServerDir;
use super::{certificate, free_port};

/// What starts a node.
const START: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/cassandra/start");
/// How long a node may take to start: seven seconds alone, far longer on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// How often it is looked whether a node is there.
const LOOK: Duration = Duration::from_millis(50);
/// Of the file with the certificate of a node that speaks TLS.
const KEYSTORE_PASSWORD: &str = "keystore";

/// A real Cassandra 5.0 of one node, which is killed when this is dropped. It takes some 0.8 GB of memory.
pub struct Cassandra {
    child: Option<Child>,
    dir: ServerDir,
    ports: Ports,
    /// What stands behind the settings.
    settings: String,
    keyspaces: AtomicU32,
}

#[derive(Clone, Copy)]
struct Ports {
    cql: u16,
    storage: u16,
    jmx: u16,
}

impl Cassandra {
    /// With nothing in it.
    pub async fn start() -> Self {
        Self::start_in(ServerDir::new(), String::new()).await
    }

    /// The same, and it speaks TLS only and lets nobody in but its user `cassandra`, whose password is `cassandra`.
    pub async fn start_guarded() -> Self {
        let dir = ServerDir::new();
        certificate::make(dir.path());
        certificate::make_keystore(dir.path(), KEYSTORE_PASSWORD);
        let keystore = dir.path().join("server.p12");
        let settings = format!(
            "authenticator: org.apache.cassandra.auth.PasswordAuthenticator\n\
             client_encryption_options: {{enabled: true, optional: false, store_type: PKCS12, \
             keystore: {}, keystore_password: {KEYSTORE_PASSWORD}}}",
            keystore.display()
        );
        Self::start_in(dir, settings).await
    }

    async fn start_in(dir: ServerDir, settings: String) -> Self {
        let ports = Ports { cql: free_port(), storage: free_port(), jmx: free_port() };
        let mut node = Self { child: None, dir, ports, settings, keyspaces: AtomicU32::new(0) };
        node.start_again().await;
        node
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub async fn start_again(&mut self) {
        self.child = Some(spawn(self.dir.path(), self.ports, &self.settings));
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.cql)).await.is_err() {
            let child = self.child.as_mut().expect("it was started");
            let ended = child.try_wait().expect("a child").is_some();
            assert!(!ended && Instant::now() < deadline, "Cassandra doesn't start: {}", self.log());
            sleep(LOOK).await;
        }
    }

    /// Ends it at once, as a crash would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both err only if it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// From now on it does nothing at all, while all connections stay open (SIGSTOP).
    pub fn stall(&self) {
        self.signal(Signal::STOP);
    }

    /// Goes on after [`stall`](Self::stall).
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Where it listens: `host:port`.
    pub fn node(&self) -> String {
        format!("127.0.0.1:{}", self.ports.cql)
    }

    /// The certificate of the authority that signed its own, if it speaks TLS.
    pub fn authority(&self) -> PathBuf {
        certificate::authority(self.dir.path())
    }

    /// The name of its only datacenter.
    pub fn datacenter(&self) -> &'static str {
        "datacenter1"
    }

    /// The name of a keyspace that nobody else has, and that isn't there yet.
    pub fn keyspace(&self) -> String {
        format!("test_{}", self.keyspaces.fetch_add(1, Ordering::Relaxed))
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let pid = Pid::from_raw(child.id() as i32).expect("a process");
        kill_process(pid, signal).expect("a process of ours");
    }

    fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
        read("output") + &read("log/system.log")
    }
}

impl Drop for Cassandra {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(dir: &Path, ports: Ports, settings: &str) -> Child {
    let output = OpenOptions::new().create(true).append(true).open(dir.join("output"));
    let output = output.expect("a folder that can be written to");
    let errors = output.try_clone().expect("a file");
    let numbers = [ports.cql, ports.storage, ports.jmx].map(|port| port.to_string());
    // In its folder, by which it is found when the tests are gone; and ended by SIGQUIT, of which Java would make a report.
    Command::new(START)
        .arg(dir)
        .arg("127.0.0.1")
        .args(numbers)
        .env("CASSANDRA_JVM", "-Xrs")
        .env("CASSANDRA_YAML", settings)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .expect("ops/cassandra/start: install the packages openjdk-17-jre-headless and maven")
}
