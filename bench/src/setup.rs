//! Makes users and friendships over REST, as an operator's script would.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::UserId;

use crate::address::Address;
use crate::plan::Tokens;
use crate::scene::{Observer, Stage};
use crate::{Error, Graph};

/// How many requests are on their way at once.
const REQUESTS_MAX: usize = 64;

/// A request that takes longer has failed.
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);

/// How often a request is made when the service says "later" or can't be reached.
const TRIES_MAX: u32 = 6;

/// The pause after the first try; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(100);

/// How much of a refusal is read and told.
const REFUSAL_BYTES_MAX: usize = 4_096;
const REFUSAL_CHARS_MAX: usize = 300;

/// The observer hears of every so many requests.
const TELL_EVERY: usize = 50;

/// Makes everybody in `graph` known to the service, with their friendships.
pub(crate) async fn create(
    addresses: &[Address],
    graph: &Graph,
    tokens: &dyn Tokens,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", tokens.service()))
        .map_err(|_| Error::Plan("the service token fits no header".into()))?;
    bearer.set_sensitive(true);
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let service = Service { addresses, bearer, client };

    let users = graph.people().iter().map(|id| {
        let body = serde_json::json!({ "display_name": display_name(id) }).to_string();
        (format!("/v1/users/{id}"), body)
    });
    let of = graph.people().len();
    service.put_all(users, |done| observer.stage(Stage::Users { done, of })).await?;

    let people = graph.people();
    let friendships = graph.pairs().map(|(a, b)| {
        let (a, b) = (&people[a as usize], &people[b as usize]);
        (format!("/v1/users/{a}/friends/{b}"), String::new())
    });
    let of = graph.pairs().count();
    service.put_all(friendships, |done| observer.stage(Stage::Friendships { done, of })).await
}

/// The id with a capital first letter.
fn display_name(id: &UserId) -> String {
    let (first, rest) = id.as_str().split_at(1);
    first.to_ascii_uppercase() + rest
}

struct Service<'a> {
    addresses: &'a [Address],
    bearer: HeaderValue,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a try came to, if it wasn't a success.
enum Refusal {
    Later(String),
    Never(String),
}

impl Service<'_> {
    async fn put_all(
        &self,
        requests: impl Iterator<Item = (String, String)>,
        tell: impl Fn(usize),
    ) -> Result<(), Error> {
        let done = AtomicUsize::new(0);
        tell(0);
        stream::iter(requests.enumerate())
            .map(|(number, (path, body))| async move {
                self.put(&self.addresses[number % self.addresses.len()], path, body).await
            })
            .buffer_unordered(REQUESTS_MAX)
            .try_for_each(|()| {
                let done = 1 + done.fetch_add(1, Relaxed);
                if done.is_multiple_of(TELL_EVERY) {
                    tell(done);
                }
                std::future::ready(Ok(()))
            })
            .await?;
        tell(done.into_inner());
        Ok(())
    }

    async fn put(&self, address: &Address, path: String, body: String) -> Result<(), Error> {
        let mut pause = PAUSE_FIRST;
        let mut tries = 1;
        loop {
            match self.put_once(address, &path, &body).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Later(_)) if tries < TRIES_MAX => {}
                Err(Refusal::Later(detail) | Refusal::Never(detail)) => {
                    return Err(Error::Setup { path, detail });
                }
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            tries += 1;
        }
    }

    async fn put_once(&self, address: &Address, path: &str, body: &str) -> Result<(), Refusal> {
        let mut request = Request::builder()
            .method(Method::PUT)
            .uri(format!("{address}{path}"))
            .header(AUTHORIZATION, self.bearer.clone());
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::from(body.to_owned()))
            .map_err(|error| Refusal::Never(error.to_string()))?;
        let exchange = async {
            let response =
                self.client.request(request).await.map_err(|error| {
                    Refusal::Later(format!("{address} can't be reached: {error}"))
                })?;
            let status = response.status();
            // Read to its end, so that the connection serves the next request.
            let said = Limited::new(response.into_body(), REFUSAL_BYTES_MAX).collect().await;
            if status.is_success() {
                return Ok(());
            }
            let said = said.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let said: String =
                String::from_utf8_lossy(&said).chars().take(REFUSAL_CHARS_MAX).collect();
            let detail = format!("{status} {said}");
            let later = status == StatusCode::SERVICE_UNAVAILABLE
                || status == StatusCode::TOO_MANY_REQUESTS;
            Err(if later { Refusal::Later(detail) } else { Refusal::Never(detail) })
        };
        tokio::time::timeout(REQUEST_DEADLINE, exchange)
            .await
            .unwrap_or_else(|_| Err(Refusal::Later(format!("no answer from {address}"))))
    }
}

#[cfg(test)]
#[path = "setup/tests.rs"]
mod tests;
