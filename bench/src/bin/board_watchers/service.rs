use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use api::Signer;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::{Clock as _, Role, SystemClock, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;

const WORD: &str = "bench";
const SECRET: [u8; 32] = [7; 32];
const TOKEN_TTL_S: u32 = 3_600;

/// The program, serving out of a folder of its own; ends with the last of this.
#[derive(Clone)]
pub(crate) struct Service {
    running: Arc<Running>,
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) address: SocketAddr,
}

struct Running {
    child: Child,
    _folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    pub(crate) async fn start(program: &str) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let (key, settings) = (folder.path().join("key"), folder.path().join("settings.toml"));
        fs::write(&key, SECRET)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let text = format!(
            "[http]\nlisten = \"{address}\"\n[data]\ndir = \"{}\"\n[auth]\nissuer = \"{WORD}\"\naudience = \"{WORD}\"\n\
             keys = [{{ kid = \"{WORD}\", alg = \"HS256\", secret_file = \"{}\" }}]\n",
            folder.path().join("data").display(),
            key.display()
        );
        fs::write(&settings, text)?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--config").arg(&settings);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let running = Arc::new(Running { child: command.spawn()?, _folder: folder });
        while TcpStream::connect(address).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Ok(Self { running, client, address })
    }

    pub(crate) fn token(user: &str, role: Role) -> Result<String, Failure> {
        let signer = Signer::hs256(WORD, &SECRET, WORD, WORD)?;
        let user = UserId::parse(user)?;
        Ok(signer.sign(&user, role, SystemClock::start().now().wall, TOKEN_TTL_S))
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(Method::PUT, path, body).await
    }

    /// Adds to a score; answers the change's position.
    pub(crate) async fn add(&self, key: &str, user: &str, delta: u64) -> Result<u64, Failure> {
        let event = json!({ "key": key, "board": "b", "user": user, "delta": delta });
        let answer = self.ask(Method::POST, "/v1/scores", &event).await?;
        let position = answer["results"][0]["position"].as_u64();
        position.ok_or_else(|| format!("not counted: {answer}").into())
    }

    /// What all threads of the program have used.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let mut ns = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.running.child.id()))? {
            let used = fs::read_to_string(task?.path().join("schedstat"))?;
            ns += used.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(ns))
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("authorization", format!("Bearer {}", Self::token(WORD, Role::Service)?))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))?;
        let answer = self.client.request(request).await?;
        let status = answer.status();
        let said = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&said)).into());
        }
        Ok(serde_json::from_slice(&said)?)
    }
}
