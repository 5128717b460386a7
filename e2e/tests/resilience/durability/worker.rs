use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::choice::Choice;
use super::known::{Known, Pair};
use super::line::Line;
use super::lists::{Lists, between};

/// One worker's three users and all that is known of them.
pub(crate) struct Worker {
    users: [String; 3],
    names: [Known<String>; 3],
    radii: [Known<Option<u64>>; 3],
    /// Between users 0 and 1, 1 and 2, 2 and 0.
    pairs: [Known<Pair>; 3],
    /// Users made on the way; the last of them perhaps not.
    made: Vec<String>,
    maybe_made: Option<String>,
    writes: u64,
    choice: Choice,
}

impl Worker {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        let users = ["x", "y", "z"].map(|name| format!("w{number}-{name}"));
        Self {
            names: users.clone().map(Known::new),
            radii: [None; 3].map(Known::new),
            pairs: [Pair::Nothing; 3].map(Known::new),
            made: Vec::new(),
            maybe_made: None,
            writes: 0,
            choice: Choice(seed ^ (number as u64) << 32),
            users,
        }
    }

    pub(crate) async fn prepare(&self, line: &mut Line) {
        for user in &self.users {
            let name = json!({ "display_name": user });
            assert!(line.write("PUT", &format!("/v1/users/{user}"), Some(name)).await);
        }
    }

    /// Writes until the service is gone; the number of acknowledgements goes up in `acknowledged`.
    pub(crate) async fn work(&mut self, line: &mut Line, acknowledged: &AtomicU64) {
        loop {
            self.writes += 1;
            let at = self.choice.below(3) as usize;
            let done = match self.choice.below(8) {
                0 => self.rename(line, at).await,
                1 | 2 => self.set_radius(line, at).await,
                3 => self.make(line).await,
                _ => self.relate(line, at).await,
            };
            if !done {
                return;
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) async fn rename(&mut self, line: &mut Line, at: usize) -> bool {
        let name = format!("name {}", self.writes);
        let body = json!({ "display_name": name });
        let path = format!("/v1/users/{}", self.users[at]);
        let done = line.write("PUT", &path, Some(body)).await;
        self.names[at].wrote(name, done);
        done
    }

    pub(crate) async fn set_radius(&mut self, line: &mut Line, at: usize) -> bool {
        let path = format!("/v1/users/{}/radius", self.users[at]);
        let radius = (self.choice.below(4) > 0).then(|| 100 + self.choice.below(40_000));
        let done = match radius {
            Some(metres) => line.write("PUT", &path, Some(json!({ "radius_m": metres }))).await,
            None => line.write("DELETE", &path, None).await,
        };
        self.radii[at].wrote(radius, done);
        done
    }

    pub(crate) async fn make(&mut self, line: &mut Line) -> bool {
        let user = format!("{}-{}", self.users[0], self.writes);
        let body = json!({ "display_name": user });
        let done = line.write("PUT", &format!("/v1/users/{user}"), Some(body)).await;
        if done {
            self.made.push(user);
        } else {
            self.maybe_made = Some(user);
        }
        done
    }

    pub(crate) async fn relate(&mut self, line: &mut Line, at: usize) -> bool {
        let (a, b) = (&self.users[at], &self.users[(at + 1) % 3]);
        let friends = |user: &str, other: &str| format!("/v1/users/{user}/friends/{other}");
        let blocks = format!("/v1/users/{a}/blocks/{b}");
        let requests = |user: &str| format!("/v1/users/{user}/friend-requests");
        let second = self.choice.below(2) == 1;
        let (method, path, body, then) = match (self.pairs[at].sure, second) {
            (Pair::Nothing, false) => ("PUT", friends(a, b), None, Pair::Friends),
            (Pair::Nothing, true) => ("POST", requests(a), Some(json!({ "to": b })), Pair::Asked),
            (Pair::Asked, false) => {
                ("POST", format!("{}/{a}/accept", requests(b)), None, Pair::Friends)
            }
            (Pair::Asked, true) => ("DELETE", format!("{}/{b}", requests(a)), None, Pair::Nothing),
            (Pair::Friends, false) => ("DELETE", friends(b, a), None, Pair::Nothing),
            (Pair::Friends, true) => ("PUT", blocks, None, Pair::Blocked),
            (Pair::Blocked, _) => ("DELETE", blocks, None, Pair::Nothing),
        };
        let done = line.write(method, &path, body).await;
        self.pairs[at].wrote(then, done);
        done
    }

    /// Looks at everything after a crash.
    pub(crate) async fn check(&mut self, line: &mut Line) {
        let mut lists = BTreeMap::new();
        for (at, user) in self.users.iter().enumerate() {
            let found = line.read(&format!("/v1/users/{user}")).await;
            let name = found["display_name"].as_str().unwrap_or_default().to_owned();
            self.names[at].found(name, user);
            self.radii[at].found(found["radius_m"].as_u64(), user);
            lists.insert(user.clone(), Lists::read(line, user).await);
        }
        for (at, pair) in self.pairs.iter_mut().enumerate() {
            let (a, b) = (&self.users[at], &self.users[(at + 1) % 3]);
            pair.found(between(&lists, a, b), &format!("what is between {a} and {b}"));
        }
        for user in &self.made {
            line.read(&format!("/v1/users/{user}")).await;
        }
        if let Some(user) = self.maybe_made.take() {
            let (status, found) =
                line.ask("GET", &format!("/v1/users/{user}"), None).await.expect("it is there");
            match status {
                200 => assert_eq!(found["display_name"], user),
                _ => assert_eq!(status, 404, "{found}"),
            }
        }
    }

    /// Whether a write of it had no answer.
    pub(crate) fn is_unsure(&self) -> bool {
        self.names.iter().any(|known| known.maybe.is_some())
            || self.radii.iter().any(|known| known.maybe.is_some())
            || self.pairs.iter().any(|known| known.maybe.is_some())
            || self.maybe_made.is_some()
    }
}
