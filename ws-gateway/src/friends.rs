use model::{ErrorKind, Metres, UserId, ViewerClass};

use crate::circle::{AsOf, Circle, CircleChange};
use crate::port::{Async, Error};

/// What the gateway needs to know of users, from the directory.
///
/// * **Freshness.** `circle` reads the truth, never a replica: all that was acknowledged before the call is in it, and it
///   says up to which change it goes.
/// * **Order.** A change is told (see [`crate::Gateway::changed`]) after it can be read, and before it is acknowledged.
/// * **Retry.** Every call may be repeated.
pub trait Friends: Send + Sync {
    /// A user exists from their first token on.
    fn ensure_user(&self, user: UserId) -> Async<'_, Result<(), Error>>;

    /// Whom the user may see. Makes the user if they don't exist.
    fn circle(&self, user: UserId) -> Async<'_, Result<Circle, Error>>;

    /// How far somebody looks who has chosen this, or nothing.
    fn radius(&self, chosen_m: Option<u32>) -> Metres;

    /// Up to where the feed of changes goes.
    fn feed_state(&self) -> Async<'_, Result<AsOf, Error>>;

    /// Up to `limit` changes after a place in the feed, in order, from any process.
    fn replay(&self, after: AsOf, limit: usize) -> Async<'_, Result<Replay, Error>>;

    /// Lets go of some of the changes that are older than anybody needs.
    fn forget_changes(&self) -> Async<'_, Result<(), Error>>;
}

/// What came after a place in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// These changes, and no others.
    Changes {
        /// Up to here.
        as_of: AsOf,
        /// In order.
        changes: Vec<CircleChange>,
        /// Whether there are more.
        more: bool,
    },
    /// That can't be said any more, or never could: the place is of another timeline, or too old. The feed goes up to
    /// here.
    Unknown(AsOf),
}

impl Friends for directory::Directory {
    fn ensure_user(&self, user: UserId) -> Async<'_, Result<(), Error>> {
        Box::pin(async move { self.ensure_user(&user).await.map_err(|e| unavailable(&e)) })
    }

    fn circle(&self, user: UserId) -> Async<'_, Result<Circle, Error>> {
        Box::pin(async move {
            self.ensure_user(&user).await.map_err(|e| unavailable(&e))?;
            let circle = self.circle(&user).await.map_err(|e| unavailable(&e))?;
            let precise = circle.friends.into_iter().filter(|f| f.class == ViewerClass::Precise);
            let friends = precise.map(|friend| friend.id).collect();
            let as_of = AsOf { timeline: 0, position: 0 };
            Ok(Circle { as_of, friends, radius: Metres(f64::from(circle.radius_m)) })
        })
    }

    fn radius(&self, chosen_m: Option<u32>) -> Metres {
        Metres(f64::from(chosen_m.unwrap_or(self.limits().radius_m_default)))
    }

    fn feed_state(&self) -> Async<'_, Result<AsOf, Error>> {
        Box::pin(std::future::ready(Ok(AsOf { timeline: 0, position: 0 })))
    }

    fn replay(&self, after: AsOf, _: usize) -> Async<'_, Result<Replay, Error>> {
        Box::pin(std::future::ready(Ok(Replay::Changes {
            as_of: after,
            changes: Vec::new(),
            more: false,
        })))
    }

    fn forget_changes(&self) -> Async<'_, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn unavailable(error: &directory::Error) -> Error {
    if error.kind() != ErrorKind::Unavailable {
        tracing::error!(%error, "the directory failed");
    }
    Error { detail: error.to_string() }
}
