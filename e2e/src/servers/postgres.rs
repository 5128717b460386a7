mod programs;

use std::fs::{File, OpenOptions};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::free_port;
use super::server_dir::ServerDir;
use crate::DEADLINE;
use programs::Programs;

/// Who owns the databases, and may not do what only a superuser may.
const USER: &str = "whereabouts";
/// That user's password.
const PASSWORD: &str = "p@ss:word/of?a#test";
/// The same in a URL.
const PASSWORD_IN_URL: &str = "p%40ss%3Aword%2Fof%3Fa%23test";
/// How often it is looked whether a server is there, or gone.
const LOOK: Duration = Duration::from_millis(20);

/// A real `PostgreSQL` of its own, version 15 or later. As root it runs as the user `postgres`, since it refuses root.
///
/// Nothing is flushed to disk, which only a power cut would show; otherwise it keeps what it promises.
pub struct Postgres {
    server: Child,
    dir: ServerDir,
    port: u16,
    programs: Programs,
    databases: AtomicU32,
}

impl Postgres {
    /// An empty one.
    pub async fn start() -> Self {
        let (programs, dir) = (Programs::find(), ServerDir::new());
        programs.give(dir.path());
        // In a language whose order isn't that of bytes, so that it shows where that order was forgotten.
        let language = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"];
        let safety = ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"];
        let words = ["--pgdata=data", "--username=postgres", "--encoding=UTF8"];
        programs.run("initdb", &dir, &[&words[..], &language, &safety].concat()).await;
        let server = Self::serve(programs, dir).await;
        let role = format!("CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'");
        server.superuser(&role).await;
        server
    }

    /// A replica of this one that follows it, and can only be read.
    pub async fn replica(&self) -> Self {
        let (programs, dir) = (Programs::find(), ServerDir::new());
        programs.give(dir.path());
        let data = dir.path().join("data");
        let data = data.to_str().expect("a readable path");
        let words = ["-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync"];
        self.client("pg_basebackup", &words).await;
        Self::serve(programs, dir).await
    }

    /// The URL of a database that nobody else has, empty, and owned by the URL's user.
    pub async fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.client("createdb", &["--owner", USER, &name]).await;
        self.url(&name)
    }

    /// The URL of a database of this server, of this name.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement as the superuser.
    pub async fn superuser(&self, sql: &str) {
        self.client("psql", &["--dbname=postgres", "--command", sql]).await;
    }

    /// Makes a replica a primary of its own; it is one when this returns.
    pub async fn promote(&self) {
        self.superuser("SELECT pg_promote()").await;
    }

    /// Stops it in good order, which cuts all connections, and starts it again on the same port.
    pub async fn restart(&mut self) {
        self.signal(Signal::INT);
        self.ended().await;
        self.start_again().await;
    }

    /// Ends it at once, as a crash would (SIGKILL).
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub async fn start_again(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        self.server = spawn(&self.programs, &self.dir, self.port);
        while !self.is_ready().await {
            // Sessions of one that was killed may take a moment to see it, and keep the next one out.
            if self.server.try_wait().expect("a child").is_some() {
                self.server = spawn(&self.programs, &self.dir, self.port);
            }
            assert!(Instant::now() < deadline, "PostgreSQL doesn't start: {}", self.log());
            sleep(LOOK).await;
        }
    }

    async fn serve(programs: Programs, dir: ServerDir) -> Self {
        let port = free_port();
        let server = spawn(&programs, &dir, port);
        let mut started = Self { server, dir, port, programs, databases: AtomicU32::new(0) };
        let deadline = Instant::now() + DEADLINE;
        while !started.is_ready().await {
            let ended = started.server.try_wait().expect("a child").is_some();
            let late = Instant::now() > deadline;
            assert!(!ended && !late, "PostgreSQL doesn't start: {}", started.log());
            sleep(LOOK).await;
        }
        started
    }

    async fn is_ready(&self) -> bool {
        let mut words = vec!["--quiet".to_owned()];
        words.extend(self.place());
        self.programs.try_run("pg_isready", &self.dir, &words).await.is_ok()
    }

    /// Runs a client of this server as its superuser.
    async fn client(&self, program: &str, words: &[&str]) {
        let mut all = self.place().to_vec();
        all.push("--username=postgres".to_owned());
        all.extend(words.iter().map(|&word| word.to_owned()));
        self.programs.run(program, &self.dir, &all).await;
    }

    /// By the socket in its folder, where everybody is trusted.
    fn place(&self) -> [String; 2] {
        [format!("--host={}", self.dir.path().display()), format!("--port={}", self.port)]
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process id"), signal).expect("a process that can be told");
    }

    async fn ended(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        while self.server.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "PostgreSQL doesn't end: {}", self.log());
            sleep(LOOK).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.dir.clear();
        // It has ended; this takes note of it.
        let _ = self.server.wait();
    }
}

fn spawn(programs: &Programs, dir: &ServerDir, port: u16) -> Child {
    let path = dir.path().display();
    let log = OpenOptions::new().create(true).append(true).open(dir.path().join("log"));
    let log: File = log.expect("a folder that can be written to");
    let mut command = programs.command("postgres", dir);
    command.args(["-D", "data", "-h", "127.0.0.1"]).arg(format!("-p{port}"));
    command.arg(format!("-k{path}"));
    for setting in ["fsync=off", "full_page_writes=off", "wal_retrieve_retry_interval=100ms"] {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("a program that can be run")
}
