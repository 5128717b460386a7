//! The real program as a child process.

mod binary;
mod running;

use std::net::SocketAddr;
use std::path::PathBuf;

use api::Signer;
use model::{Clock, Role, SystemClock, UserId};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use server::{Config, Keys};
use tempfile::TempDir;
use tokio::process::Command;

use crate::DEADLINE;
use crate::person::Person;
use crate::rest::{self, Answer};
pub use binary::{CRASH_VARIABLE, binary, crashing_binary};
use running::{Running, read};

/// How long tokens of a test hold, seconds.
const TOKEN_TTL_S: u32 = 3_600;

/// A folder with settings and data, in which the real program is run, again and again if need be.
pub struct Home {
    dir: TempDir,
}

impl Home {
    /// With these settings, in TOML.
    pub fn new(settings: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        std::fs::write(home.settings(), settings).expect("a folder that can be written to");
        home
    }

    /// Where the data is.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Where the settings are.
    pub fn settings(&self) -> PathBuf {
        self.dir.path().join("settings.toml")
    }

    /// The arguments of `serve` with these settings and data, on a free port.
    pub fn serve(&self) -> Vec<String> {
        let path = |path: PathBuf| path.to_str().expect("a readable path").to_owned();
        let words = ["serve", "--listen", "127.0.0.1:0", "--config"].map(str::to_owned);
        let paths = [path(self.settings()), "--data".to_owned(), path(self.data())];
        words.into_iter().chain(paths).collect()
    }

    /// Starts the service and waits until it listens.
    pub async fn start(&self) -> Process {
        let mut command = Command::new(binary());
        command.args(self.serve());
        self.start_as(command).await
    }

    /// The same by a shell script, in which `"$@"` is the command to end in.
    pub async fn start_in_shell(&self, script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(binary()).args(self.serve());
        self.start_as(command).await
    }

    /// The same by this very command.
    pub async fn start_as(&self, command: Command) -> Process {
        let started = self.try_start_as(command).await;
        started.unwrap_or_else(|ended| panic!("it ended before it listened: {ended:?}"))
    }

    /// The same; answers how it ended if it did before it listened.
    pub async fn try_start_as(&self, command: Command) -> Result<Process, Ended> {
        let mut running = Running::spawn(command);
        let listens = tokio::time::timeout(DEADLINE, running.addresses()).await;
        let listens = listens.unwrap_or_else(|_| panic!("it doesn't listen: {}", running.log()));
        let Some((address, operations)) = listens else { return Err(running.ended().await) };
        let auth = Config::default().auth;
        // A service with keys of an issuer has made none of its own.
        Keys::verifier(&auth, Some(&self.data())).expect("the node's own key");
        let signer = Keys::signer(&auth, &self.data()).expect("the node's own key");
        Ok(Process { running, address, operations, signer })
    }

    /// Runs `serve` and waits until it ends by itself.
    pub async fn fail(&self) -> Ended {
        run(&self.serve()).await
    }
}

/// Runs the program with these arguments until it ends by itself.
pub async fn run(arguments: &[impl AsRef<str>]) -> Ended {
    let mut command = Command::new(binary());
    command.args(arguments.iter().map(AsRef::as_ref));
    let running = Running::spawn(command);
    let log = running.log.clone();
    let ended = tokio::time::timeout(DEADLINE, running.ended()).await;
    ended.unwrap_or_else(|_| panic!("it doesn't end: {}", read(&log)))
}

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output, but for the line that said where it listens.
    pub output: String,
    /// What it wrote to standard error.
    pub log: String,
}

/// A running service: the real program in a process of its own, which is killed when this is dropped.
pub struct Process {
    running: Running,
    address: SocketAddr,
    operations: SocketAddr,
    signer: Signer,
}

impl Process {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers operators.
    pub fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// All that it measures.
    pub async fn metrics(&self) -> String {
        rest::request(self.operations, "GET", "/metrics", None, None).await.text
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.running.child.id().expect("it hasn't been waited for")
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        self.running.log()
    }

    /// Waits until it has written this to standard error; answers all that it has written.
    pub async fn says(&self, what: &str) -> String {
        let mut log = self.running.log.clone();
        let said = tokio::time::timeout(DEADLINE, log.wait_for(|log| log.contains(what))).await;
        match said {
            Ok(Ok(log)) => log.clone(),
            _ => panic!("it never says {what}: {}", self.log()),
        }
    }

    /// Ends it at once, as a crash would (SIGKILL).
    pub async fn kill(mut self) {
        self.running.child.kill().await.expect("a process that can be killed");
    }

    /// The same; answers whether it had ended by itself before.
    pub async fn kill_if_alive(mut self) -> bool {
        let has_ended = self.running.child.try_wait().expect("a child").is_some();
        if !has_ended {
            self.kill().await;
        }
        has_ended
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// From now on it does nothing at all, while all connections stay open (SIGSTOP).
    pub fn stall(&self) {
        self.signal(Signal::STOP);
    }

    /// Goes on after [`stall`](Self::stall).
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("a process that can be told");
    }

    /// Waits until it ends by itself.
    pub async fn ended(self) -> Ended {
        let log = self.running.log.clone();
        let ended = tokio::time::timeout(DEADLINE, self.running.ended()).await;
        ended.unwrap_or_else(|_| panic!("it doesn't end: {}", read(&log)))
    }

    /// A token that holds for an hour.
    pub fn token(&self, user: &str, role: Role) -> String {
        let user = UserId::parse(user).expect("a valid id");
        self.signer.sign(&user, role, SystemClock::start().now().wall, TOKEN_TTL_S)
    }

    /// A request without a token.
    pub async fn request(&self, method: &str, path: &str) -> Answer {
        rest::request(self.address, method, path, None, None).await
    }

    /// A request with a service's token.
    pub async fn as_service(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let token = self.token("backend", Role::Service);
        rest::request(self.address, method, path, Some(&token), body).await
    }

    /// The same; `None` if the process goes before it has answered.
    pub async fn try_as_service(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let token = self.token("backend", Role::Service);
        rest::try_request(self.address, method, path, Some(&token), body).await.ok()
    }

    /// Makes sure that a user exists.
    pub async fn user(&self, user: &str) {
        let name = json!({ "display_name": user });
        let answer = self.as_service("PUT", &format!("/v1/users/{user}"), Some(name)).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Makes two existing users friends.
    pub async fn befriend(&self, a: &str, b: &str) {
        let answer = self.as_service("PUT", &format!("/v1/users/{a}/friends/{b}"), None).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Connects somebody; their welcome and snapshot have come.
    pub async fn connect(&self, user: &str) -> Person {
        let mut person = Person::connect(self.address, &self.token(user, Role::User)).await;
        person.await_snapshot().await;
        person
    }
}
