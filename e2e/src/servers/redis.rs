use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::server_dir::ServerDir;
use super::{certificate, free_port};
use crate::DEADLINE;
use redis::aio::MultiplexedConnection;
use rustix::process::{Pid, Signal, kill_process};

/// How often a server that starts is asked whether it is there.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// A real Redis server on a port of its own, which is killed when this is dropped.
pub struct Redis {
    child: Option<Child>,
    dir: ServerDir,
    port: u16,
    settings: Vec<String>,
    login: String,
    tls: bool,
}

impl Redis {
    /// With nothing in it, and no password.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings, each a word of the command line: `--maxmemory 1mb`.
    pub async fn start_with(settings: &[&str]) -> Self {
        let settings = settings.iter().map(|word| (*word).to_owned()).collect();
        let dir = ServerDir::new();
        let (port, login, tls) = (free_port(), String::new(), false);
        let mut server = Self { child: None, dir, port, settings, login, tls };
        server.start_again().await;
        server
    }

    /// That keeps what it answered, also when it is killed.
    pub async fn start_durable() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).await
    }

    /// That wants this password.
    pub async fn start_with_password(password: &str) -> Self {
        let mut server = Self::start_with(&["--requirepass", password]).await;
        server.login = format!(":{password}@");
        server
    }

    /// That speaks TLS only, with a certificate of an authority of its own: see [`Self::authority`].
    pub async fn start_with_tls() -> Self {
        let dir = ServerDir::new();
        certificate::make(dir.path());
        let path = |name: &str| dir.path().join(name).to_str().expect("a readable path").to_owned();
        let port = free_port();
        let settings = [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", path("server.pem")),
            ("--tls-key-file", path("server.key")),
            ("--tls-ca-cert-file", path("ca.pem")),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        let settings = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        let (settings, login, tls) = (settings.collect(), String::new(), true);
        let mut server = Self { child: None, dir, port, settings, login, tls };
        server.start_again().await;
        server
    }

    /// Starts it on the same port, as empty as at first, after [`Self::kill`].
    pub async fn start_again(&mut self) {
        let port = if self.tls { "0".to_owned() } else { self.port.to_string() };
        let started = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
            .args([
                "--maxmemory-policy",
                "noeviction",
                "--daemonize",
                "no",
                "--loglevel",
                "warning",
            ])
            .arg("--dir")
            .arg(self.dir.path())
            .args(&self.settings)
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(started.expect("redis-server: install the package redis-server"));
        let answers = async {
            while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
                tokio::time::sleep(ASK_AGAIN).await;
            }
        };
        let started = tokio::time::timeout(DEADLINE, answers).await;
        assert!(started.is_ok(), "redis-server doesn't listen on port {}", self.port);
    }

    /// Ends it at once; what it held is lost.
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

    /// Goes on after [`Self::stall`].
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let pid = Pid::from_raw(child.id() as i32).expect("a process");
        kill_process(pid, signal).expect("a process of ours");
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// With the password, if it wants one.
    pub fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The same through another port, such as a proxy's.
    pub fn url_through(&self, port: u16) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let host = if self.tls { "localhost" } else { "127.0.0.1" };
        format!("{scheme}://{}{host}:{port}", self.login)
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> std::path::PathBuf {
        certificate::authority(self.dir.path())
    }

    /// A connection to ask or tell it anything.
    pub async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a valid url");
        client.get_multiplexed_async_connection().await.expect("it is there")
    }

    /// Runs one command: `CLIENT KILL TYPE pubsub`.
    pub async fn run<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().expect("a command"));
        for word in words {
            asked.arg(word);
        }
        asked.query_async(&mut self.connection().await).await.expect("the server obeys")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
