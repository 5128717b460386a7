use std::collections::BTreeSet;
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
/// What asks it.
const TOOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/cassandra/nodetool");
/// Where the first node of a cluster listens; the others have the addresses behind it.
const FIRST: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// How long a node may take to start: seven seconds alone, far longer on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// How often it is looked whether a node is there.
const LOOK: Duration = Duration::from_millis(50);
/// Of the file with the certificate of a node that speaks TLS.
const KEYSTORE_PASSWORD: &str = "keystore";

/// A node of a real Cassandra 5.0, alone or one of several, which is killed when this is dropped. It takes some 0.8 GB of memory.
pub struct Cassandra {
    child: Option<Child>,
    dir: ServerDir,
    address: Ipv4Addr,
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
        Self::start_on(FIRST, ports, dir, settings).await
    }

    /// So many nodes of one cluster.
    pub async fn start_cluster(nodes: u8) -> Vec<Self> {
        let ports = Ports { cql: free_port(), storage: free_port(), jmx: free_port() };
        let mut started = Vec::new();
        // One after the other: each chooses its place by those that are there.
        for number in 0..nodes {
            let address = Ipv4Addr::from_bits(FIRST.to_bits() + u32::from(number));
            let jmx = if number == 0 { ports.jmx } else { free_port() };
            let (dir, settings) = (ServerDir::new(), String::new());
            started.push(Self::start_on(address, Ports { jmx, ..ports }, dir, settings).await);
        }
        started
    }

    async fn start_on(address: Ipv4Addr, ports: Ports, dir: ServerDir, settings: String) -> Self {
        let keyspaces = AtomicU32::new(0);
        let mut node = Self { child: None, dir, address, ports, settings, keyspaces };
        node.start_again().await;
        node
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub async fn start_again(&mut self) {
        self.child = Some(spawn(self.dir.path(), self.address, self.ports, &self.settings));
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect((self.address, self.ports.cql)).await.is_err() {
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
        format!("{}:{}", self.address, self.ports.cql)
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

    /// What `nodetool` says of the node.
    pub async fn tool(&self, words: &[&str]) -> String {
        let mut command = tokio::process::Command::new(TOOL);
        let asked = command.arg(self.ports.jmx.to_string()).args(words).output().await;
        let asked = asked.expect("ops/cassandra/nodetool");
        assert!(asked.status.success(), "{words:?}: {asked:?}");
        String::from_utf8_lossy(&asked.stdout).into_owned()
    }

    /// The files in which it keeps the rows of a table.
    pub fn data_files(&self, keyspace: &str, table: &str) -> BTreeSet<PathBuf> {
        let folders = std::fs::read_dir(self.dir.path().join("data/data").join(keyspace));
        let folders = folders.into_iter().flatten().flatten();
        let of_table = folders.filter(|folder| {
            folder.file_name().to_string_lossy().starts_with(&format!("{table}-"))
        });
        let files = of_table.filter_map(|folder| std::fs::read_dir(folder.path()).ok());
        let paths = files.flatten().flatten().map(|file| file.path());
        paths.filter(|path| path.to_string_lossy().ends_with("-Data.db")).collect()
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

fn spawn(dir: &Path, address: Ipv4Addr, ports: Ports, settings: &str) -> Child {
    let output = OpenOptions::new().create(true).append(true).open(dir.join("output"));
    let output = output.expect("a folder that can be written to");
    let errors = output.try_clone().expect("a file");
    let numbers = [ports.cql, ports.storage, ports.jmx].map(|port| port.to_string());
    // In its folder, by which it is found when the tests are gone; and ended by SIGQUIT, of which Java would make a report.
    Command::new(START)
        .arg(dir)
        .arg(address.to_string())
        .args(numbers)
        .arg(FIRST.to_string())
        .env("CASSANDRA_JVM", "-Xrs")
        .env("CASSANDRA_YAML", settings)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .expect("ops/cassandra/start: install the packages openjdk-17-jre-headless and maven")
}
