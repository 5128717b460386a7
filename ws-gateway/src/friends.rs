use model::{ErrorKind, Metres, UserId, ViewerClass};

use crate::port::{Async, Error};

/// Whom a user may see, and how far they look.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// Friends whom the user may see precisely; each once.
    pub friends: Vec<UserId>,
    /// How far the user looks.
    pub radius: Metres,
}

/// What the gateway needs to know of users, from the directory.
///
/// * **Freshness.** `circle` reads the truth, never a replica: after a change was acknowledged it is never older.
/// * **Order.** Changes are told (see [`crate::Gateway::touched`]) after they can be read.
/// * **Retry.** Every call may be repeated.
pub trait Friends: Send + Sync {
    /// A user exists from their first token on.
    fn ensure_user(&self, user: UserId) -> Async<'_, Result<(), Error>>;

    /// Whom the user may see.
    fn circle(&self, user: UserId) -> Async<'_, Result<Circle, Error>>;
}

impl Friends for directory::Directory {
    fn ensure_user(&self, user: UserId) -> Async<'_, Result<(), Error>> {
        Box::pin(async move { self.ensure_user(&user).await.map_err(|e| unavailable(&e)) })
    }

    fn circle(&self, user: UserId) -> Async<'_, Result<Circle, Error>> {
        Box::pin(async move {
            let circle = self.circle(&user).await.map_err(|e| unavailable(&e))?;
            let precise = circle.friends.into_iter().filter(|f| f.class == ViewerClass::Precise);
            let friends = precise.map(|friend| friend.id).collect();
            Ok(Circle { friends, radius: Metres(f64::from(circle.radius_m)) })
        })
    }
}

fn unavailable(error: &directory::Error) -> Error {
    if error.kind() != ErrorKind::Unavailable {
        tracing::error!(%error, "the directory failed");
    }
    Error { detail: error.to_string() }
}
