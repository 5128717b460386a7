//! The gateways: processes that come and go, and the lines on which they reach the servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use directory::postgres;
use futures_util::future::join_all;
use model::Role;
use tokio::process::Command;
use tokio::time::Instant;
use ws_gateway::live::redis;

use super::Cluster;
use crate::process::{CRASH_VARIABLE, Ended, Home, Process, binary, crashing_binary};
use crate::rest;
use crate::servers::{Proxy, free_port};

pub(super) struct Gateway {
    /// Stays the same, whatever happens to the process.
    pub(super) address: SocketAddr,
    /// None while it is away.
    pub(super) process: Option<Process>,
    home: Home,
    /// What the command line says of its roles.
    roles: &'static [&'static str],
    lines: Option<Lines>,
}

/// What one gateway, and no other, reaches the servers through.
struct Lines {
    redis: Vec<Proxy>,
    postgres: Proxy,
}

impl Cluster {
    /// Ends a gateway at once, as a crash would (SIGKILL).
    pub async fn kill(&mut self, gateway: usize) {
        self.gateways[gateway].take().kill().await;
    }

    /// From now on a gateway does nothing at all, while all connections stay open (SIGSTOP).
    pub fn stall(&self, gateway: usize) {
        self.gateways[gateway].process().stall();
    }

    /// Goes on after [`stall`](Self::stall).
    pub fn go_on(&self, gateway: usize) {
        self.gateways[gateway].process().go_on();
    }

    /// Asks a gateway to go away (SIGTERM), and waits until it has.
    pub async fn drain(&mut self, gateway: usize) -> Ended {
        let process = self.gateways[gateway].take();
        process.terminate();
        process.ended().await
    }

    /// Starts a gateway that went away, on the same address.
    pub async fn start_again(&mut self, gateway: usize) {
        self.gateways[gateway].start().await;
    }

    /// Starts a gateway that went away, on the same address, as one that dies at this point of `model::crash`.
    pub async fn start_again_to_crash_at(&mut self, gateway: usize, point: &str) {
        let mut command = Command::new(crashing_binary());
        command.env(CRASH_VARIABLE, point);
        self.gateways[gateway].start_as(command).await;
    }

    /// A request of this user to a gateway that dies of it: no answer comes.
    pub async fn ask_its_last(&self, gateway: usize, user: &str, method: &str, path: &str) {
        let token = self.token(user, Role::User);
        let asked = rest::try_request(self.address(gateway), method, path, Some(&token), None);
        let answer = asked.await;
        assert!(answer.is_err(), "it lives: {answer:?}");
    }

    /// Waits until a gateway has ended by itself, and answers when that was noticed. One that never does fails the test.
    pub async fn crashed(&mut self, gateway: usize) -> Instant {
        let ended = self.gateways[gateway].take().ended().await;
        let noticed = Instant::now();
        assert_eq!(ended.code, None, "ended by a signal, not in good order: {ended:?}");
        noticed
    }

    /// What this gateway alone reaches a Redis server through.
    pub fn redis_line(&self, gateway: usize, shard: usize) -> &Proxy {
        &self.gateways[gateway].lines().redis[shard]
    }

    /// What this gateway alone reaches `PostgreSQL` through.
    pub fn postgres_line(&self, gateway: usize) -> &Proxy {
        &self.gateways[gateway].lines().postgres
    }
}

impl Gateway {
    /// One that isn't started yet.
    pub(super) async fn new(
        settings: &str,
        directory: &postgres::Config,
        redis: &redis::Config,
        own_lines: bool,
    ) -> Self {
        let (mut postgres_url, mut redis_urls) = (directory.url.to_string(), Vec::new());
        redis_urls.extend(redis.shards.iter().map(|server| server.url.clone()));
        let mut lines = None;
        if own_lines {
            let through = redis_urls.iter_mut().chain([&mut postgres_url]).map(lay_line);
            let mut redis = join_all(through).await;
            let postgres = redis.pop().expect("the last one");
            lines = Some(Lines { redis, postgres });
        }
        let named = redis.shards.iter().map(|server| &server.name).zip(&redis_urls);
        let shard = |(name, url)| format!("[[redis.shards]]\nname = {name:?}\nurl = {url:?}\n");
        let shards: String = named.map(shard).collect();
        let directory = format!("[postgres.directory]\nurl = {postgres_url:?}\n");
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            process: None,
            // Else the command line would have its way over what the settings say first.
            roles: if settings.starts_with("roles") { &[] } else { &["--role", "gateway"] },
            home: Home::new(&format!("{settings}{directory}{shards}")),
            lines,
        }
    }

    pub(super) async fn start(&mut self) {
        self.start_as(Command::new(binary() as &Path)).await;
    }

    async fn start_as(&mut self, mut command: Command) {
        assert!(self.process.is_none(), "it runs");
        command.arg("serve").args(self.roles).arg("--listen").arg(self.address.to_string());
        command.arg("--config").arg(self.home.settings()).arg("--data").arg(self.home.data());
        self.process = Some(self.home.start_as(command).await);
    }

    pub(super) fn process(&self) -> &Process {
        self.process.as_ref().expect("a gateway that is there")
    }

    fn take(&mut self) -> Process {
        self.process.take().expect("a gateway that is there")
    }

    fn lines(&self) -> &Lines {
        self.lines.as_ref().expect("a cluster that was started on lines")
    }
}

/// Puts a proxy before the port of a URL, and its port in place of that.
async fn lay_line(url: &mut String) -> Proxy {
    let (before, rest) = url.rsplit_once(':').expect("a URL with a port");
    let (port, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let line = Proxy::before(port.parse().expect("a port")).await;
    *url = format!("{before}:{}{after}", line.port());
    line
}
