//! Makes users and friendships over REST, as an operator's script would.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderValue, Method, StatusCode};
use hyper::body::Bytes;
use model::UserId;
use serde::Deserialize;

use crate::people::crowd::Guests;
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

/// Makes everybody in `graph` known to the service, with their friendships and no others among them: an earlier run may have
/// left some, and whoever sees such a friend would count as shown to a stranger. Blocks that it left in their way are lifted.
pub(crate) async fn create(
    rest: &Rest,
    graph: &Graph,
    tokens: &dyn Tokens,
    observer: &dyn Observer,
) -> Result<Guests, Error> {
    let service = Service { rest, bearer: bearer(&tokens.service())? };

    let users = graph.people().iter().map(|id| {
        let body = serde_json::json!({ "display_name": display_name(id) }).to_string();
        Ask { method: Method::PUT, path: format!("/v1/users/{id}"), body }
    });
    let of = graph.people().len();
    let made = service.ask_all(users, |done| observer.stage(Stage::Users { done, of })).await?;

    let people = graph.people();
    let known = (0..).zip(&made).filter(|(_, (status, _))| *status != StatusCode::CREATED);
    let known: Vec<u32> = known.map(|(number, _)| number).collect();
    let left = service.left(graph, &known).await?;
    service.ask_all(left.ends.into_iter(), |_| ()).await?;
    let friendships = graph.pairs().map(|(a, b)| friendship(Method::PUT, people, a, b));
    let of = graph.pairs().count();
    let tell = |done| observer.stage(Stage::Friendships { done, of });
    service.ask_all(friendships, tell).await?;
    Ok(left.guests)
}

/// What earlier runs have left.
struct Left {
    /// What ends what mustn't be.
    ends: Vec<Ask>,
    guests: Guests,
}

fn friendship(method: Method, people: &[UserId], a: u32, b: u32) -> Ask {
    relation(method, "friends", people, (a, b))
}

fn relation(method: Method, list: &str, people: &[UserId], (a, b): (u32, u32)) -> Ask {
    let (a, b) = (&people[a as usize], &people[b as usize]);
    Ask { method, path: format!("/v1/users/{a}/{list}/{b}"), body: String::new() }
}

/// A page of somebody's friends, or of whom they block.
#[derive(Deserialize)]
struct Page {
    #[serde(rename = "friends", alias = "blocks")]
    entries: Vec<Entry>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
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
    /// Makes all requests; answers in their order.
    async fn ask_all(
        &self,
        requests: impl Iterator<Item = Ask>,
        tell: impl Fn(usize),
    ) -> Result<Vec<(StatusCode, Bytes)>, Error> {
        tell(0);
        let addresses = self.rest.addresses.len();
        let mut answers = stream::iter(requests.enumerate())
            .map(|(number, ask)| self.ask(number % addresses, ask))
            .buffered(REQUESTS_MAX);
        let mut all = Vec::new();
        while let Some(answer) = answers.try_next().await? {
            all.push(answer);
            if all.len().is_multiple_of(TELL_EVERY) {
                tell(all.len());
            }
        }
        tell(all.len());
        Ok(all)
    }

    /// Looks for friendships that aren't in the graph, and for blocks between friends of it.
    async fn left(&self, graph: &Graph, known: &[u32]) -> Result<Left, Error> {
        let people = graph.people();
        let numbers: HashMap<&str, u32> = people.iter().map(UserId::as_str).zip(0..).collect();
        let mut left = Left { ends: Vec::new(), guests: Guests::new() };
        for (number, id) in self.listed(people, known, "friends").await? {
            match numbers.get(id.as_str()) {
                None => {
                    left.guests.insert((number, id.into()));
                }
                // Told of both.
                Some(other) if number < *other && !graph.friends(number).contains(other) => {
                    left.ends.push(friendship(Method::DELETE, people, number, *other));
                }
                Some(_) => {}
            }
        }
        for (number, id) in self.listed(people, known, "blocks").await? {
            let other = numbers.get(id.as_str());
            let friend = other.filter(|other| graph.friends(number).contains(other));
            let unblock =
                |other: &u32| relation(Method::DELETE, "blocks", people, (number, *other));
            left.ends.extend(friend.map(unblock));
        }
        Ok(left)
    }

    /// Everybody in this list of each of these people, with whose list it is.
    async fn listed(
        &self,
        people: &[UserId],
        known: &[u32],
        list: &str,
    ) -> Result<Vec<(u32, String)>, Error> {
        let mut listed = Vec::new();
        let mut pages: Vec<(u32, String)> = known.iter().map(|it| (*it, String::new())).collect();
        while !pages.is_empty() {
            let asks = pages.iter().map(|(number, cursor)| {
                let id = &people[*number as usize];
                let path = format!("/v1/users/{id}/{list}?limit=100{cursor}");
                Ask { method: Method::GET, path, body: String::new() }
            });
            let answers = self.ask_all(asks, |_| ()).await?;
            let mut further = Vec::new();
            for ((number, _), (_, said)) in pages.into_iter().zip(answers) {
                let page: Page = serde_json::from_slice(&said).map_err(|error| {
                    let path = format!("/v1/users/{}/{list}", people[number as usize]);
                    Error::Setup { path, detail: format!("the answer can't be read: {error}") }
                })?;
                listed.extend(page.entries.into_iter().map(|it| (number, it.id)));
                further.extend(page.next_cursor.map(|it| (number, format!("&cursor={it}"))));
            }
            pages = further;
        }
        Ok(listed)
    }

    async fn ask(&self, address: usize, ask: Ask) -> Result<(StatusCode, Bytes), Error> {
        let mut pause = PAUSE_FIRST;
        let mut tries = 1;
        loop {
            match self.rest.send(address, &ask, &self.bearer).await {
                Ok(answer) => return Ok(answer),
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
