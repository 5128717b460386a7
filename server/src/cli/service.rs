//! A running service, as a command asks it over REST.

mod connector;

use std::time::Duration;

use api::{Signer, SystemRandom};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use model::{Clock as _, ErrorChain, Random as _, Role, SystemClock, UserId};
use serde_json::Value;

use super::args::ServiceArgs;
use super::command::signer;
use connector::Connector;

/// How long a service may take to begin an answer.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// The longest answer, and the longest line of one, bytes.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How long our tokens hold, seconds: longer than any command takes.
const TOKEN_TTL_S: u32 = 24 * 60 * 60;
/// How often a request is made that the service can't take now, and how long is waited between two tries where it doesn't
/// say: up to twice as long, so that several commands don't come back together.
const TRIES_MAX: u32 = 20;
const RETRY_MS: u64 = 500;
/// The longest that is waited because the service says so.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// The service, and who we are there.
pub(crate) struct Service {
    url: String,
    bearer: String,
    client: Client<Connector, Full<Bytes>>,
}

impl Service {
    /// The service that the arguments name; requests are signed for this user in this role.
    pub(crate) fn new(args: &ServiceArgs, user: &str, role: Role) -> Result<Self, String> {
        let url = args.url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(format!(
                "--url {url}: must be like http://localhost:8080 or https://example.com/geo"
            ));
        }
        let connector = Connector::to(&url, args.ca.as_deref())?;
        let user = UserId::parse(user).map_err(|fault| format!("{user:?} {fault}"))?;
        Ok(Self::by(connector, url, &signer(&args.signing)?, &user, role))
    }

    /// The service at this address, where requests are signed for this user in this role.
    pub(crate) fn at(url: String, signer: &Signer, user: &UserId, role: Role) -> Self {
        Self::by(Connector::plain(), url, signer, user, role)
    }

    fn by(connector: Connector, url: String, signer: &Signer, user: &UserId, role: Role) -> Self {
        let token = signer.sign(user, role, SystemClock::start().now().wall, TOKEN_TTL_S);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { url, bearer: format!("Bearer {token}"), client }
    }

    /// Asks for something; `None` if it isn't there.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>, String> {
        let response = self.ask(Method::GET, path, None).await?;
        let is_there = response.status() != StatusCode::NOT_FOUND;
        if is_there { value(response).await.map(Some) } else { Ok(None) }
    }

    /// Asks for something that is there.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, String> {
        value(self.ask(Method::GET, path, None).await?).await
    }

    /// The same as it came.
    pub(crate) async fn get_bytes(&self, path: &str) -> Result<Bytes, String> {
        let response = self.ask(Method::GET, path, None).await?;
        if response.status().is_success() {
            bytes(response).await
        } else {
            value(response).await.map(|_| Bytes::new())
        }
    }

    /// Posts something.
    pub(crate) async fn post(&self, path: &str, body: String) -> Result<Value, String> {
        value(self.ask(Method::POST, path, Some(body)).await?).await
    }

    /// Puts something where it belongs.
    pub(crate) async fn put(&self, path: &str, body: String) -> Result<Value, String> {
        value(self.ask(Method::PUT, path, Some(body)).await?).await
    }

    /// Posts nothing, and takes the answer line by line.
    pub(crate) async fn post_for_lines(
        &self,
        path: &str,
        mut each: impl FnMut(Value),
    ) -> Result<(), String> {
        let response = self.send(Method::POST, path, None).await?;
        if !response.status().is_success() {
            return value(response).await.map(drop);
        }
        let (mut body, mut line) = (response.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| format!("{}: the answer broke off: {error}", self.url))?;
            for byte in frame.into_data().unwrap_or_default() {
                if byte != b'\n' {
                    line.push(byte);
                } else if let Ok(value) = serde_json::from_slice(&std::mem::take(&mut line)) {
                    each(value);
                }
                if line.len() > ANSWER_BYTES_MAX {
                    return Err(format!("{}: a line of the answer never ends", self.url));
                }
            }
        }
        Ok(())
    }

    /// Asks for something of this media type, and gives each piece of it as it comes. Answers the headers; errs if the answer
    /// breaks off.
    pub(crate) async fn download(
        &self,
        path: &str,
        media_type: &str,
        mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<HeaderMap, String> {
        let request = self.request(Method::GET, path).header(ACCEPT, media_type);
        let request = request.body(Full::default()).map_err(|e| e.to_string())?;
        let response = self.exchange(request).await?;
        if !response.status().is_success() {
            return value(response).await.map(|_| HeaderMap::new());
        }
        let (head, mut body) = response.into_parts();
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| format!("{}: the answer broke off: {error}", self.url))?;
            let piece = frame.into_data().unwrap_or_default();
            each(&piece).map_err(|error| format!("can't write: {error}"))?;
        }
        Ok(head.headers)
    }

    /// Asks again while the service has too much to do or something of it is away, which changes nothing: events have keys.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Response<Incoming>, String> {
        for tries in 1.. {
            let response = self.send(method.clone(), path, body.clone()).await?;
            let status = response.status();
            let is_later =
                matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !is_later || tries == TRIES_MAX {
                return Ok(response);
            }
            let said = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
            let said = said.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            let own = Duration::from_millis(RETRY_MS + SystemRandom.next_u64() % RETRY_MS);
            tokio::time::sleep(said.map_or(own, |said| said.min(RETRY_AFTER_MAX))).await;
        }
        unreachable!("tries are counted without end")
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Response<Incoming>, String> {
        let mut request = self.request(method, path);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request =
            request.body(Full::from(body.unwrap_or_default())).map_err(|e| e.to_string())?;
        self.exchange(request).await
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        let builder = Request::builder().method(method).uri(format!("{}{path}", self.url));
        builder.header(AUTHORIZATION, &self.bearer)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String> {
        let answer = tokio::time::timeout(ANSWER_MAX, self.client.request(request)).await;
        let answer = answer.map_err(|_| format!("{}: no answer", self.url))?;
        answer.map_err(|error| {
            let (url, why) = (&self.url, ErrorChain(&error));
            format!("no service can be reached at {url} ({why}). Start one, or say where it is with --url.")
        })
    }
}

/// A user's id as it stands in a path.
pub(crate) fn in_path(user: &UserId) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    user.as_str().bytes().map(escaped).collect()
}

async fn bytes(response: Response<Incoming>) -> Result<Bytes, String> {
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok(body.map_err(|error| format!("the answer can't be read: {error}"))?.to_bytes())
}

/// The answer, or what the service says is wrong.
async fn value(response: Response<Incoming>) -> Result<Value, String> {
    let status = response.status();
    let answer = serde_json::from_slice(&bytes(response).await?).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(answer);
    }
    let detail = answer["detail"].as_str().unwrap_or("it doesn't say why");
    let hint = match status {
        StatusCode::UNAUTHORIZED => {
            " Sign with a key of the service: --data DIR, or --secret-file with --kid."
        }
        _ => "",
    };
    Err(format!("the service refused ({status}): {detail}{hint}"))
}
