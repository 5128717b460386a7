//! Makes users and friendships over REST, as an operator's script would.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderValue, Method};
use model::UserId;

use crate::people::rest::{Ask, Refusal, Rest, bearer};
use crate::plan::Tokens;
use crate::report::scene::{Observer, Stage};
use crate::{Error, Graph};

/// How many requests are on their way at once.
const REQUESTS_MAX: usize = 64;

/// How often a request is made when the service says "later" or can't be reached.
const TRIES_MAX: u32 = 6;

/// The pause after the first try; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(100);

/// The observer hears of every so many requests.
const TELL_EVERY: usize = 50;

/// Makes everybody in `graph` known to the service, with their friendships.
pub(crate) async fn create(
    rest: &Rest,
    graph: &Graph,
    tokens: &dyn Tokens,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let service = Service { rest, bearer: bearer(&tokens.service())? };

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
    rest: &'a Rest,
    bearer: HeaderValue,
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
                self.put(number % self.rest.addresses.len(), path, body).await
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

    async fn put(&self, address: usize, path: String, body: String) -> Result<(), Error> {
        let ask = Ask { method: Method::PUT, path, body };
        let mut pause = PAUSE_FIRST;
        let mut tries = 1;
        loop {
            match self.rest.send(address, &ask, &self.bearer).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Later(_)) if tries < TRIES_MAX => {}
                Err(Refusal::Later(detail) | Refusal::Never(detail)) => {
                    return Err(Error::Setup { path: ask.path, detail });
                }
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            tries += 1;
        }
    }
}

#[cfg(test)]
mod tests;
