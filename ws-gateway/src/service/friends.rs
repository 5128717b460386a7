use std::sync::Arc;

use directory::{CHANGE_AGE_MS_MAX, Changes, DisplayName, Relation};
use model::{FeedPosition, Metres, ReadToken, UserId, ViewerClass};

use crate::live::{Asked, Error};
use crate::session::circle::{Circle, CircleChange, CircleEdit};
use crate::session::friends::people::{RelationState, ShownRelation};

/// Changes that are forgotten at once: more than a busy directory makes in ten seconds.
const FORGOTTEN_MAX: usize = 20_000;

/// What the gateway needs to know of users, from the directory.
///
/// * **Freshness.** `circle` reads the truth, never a replica: all that was acknowledged before the call is in it, and it
///   says up to which change it goes.
/// * **Order.** A change is told (see [`crate::Gateway::changed`]) after it can be read, and before it is acknowledged.
/// * **Retry.** Every call may be repeated.
pub trait Friends: Send + Sync {
    /// Whom the user may see. Makes the user if they don't exist: they do from their first token on.
    fn circle(&self, user: UserId) -> Asked<'_, Circle>;

    /// How far somebody looks who has chosen this, or nothing.
    fn radius(&self, chosen_m: Option<u32>) -> Metres;

    /// What these users are called, in this order; their ids where they have chosen nothing.
    fn names(&self, users: Vec<UserId>) -> Asked<'_, Vec<Arc<str>>>;

    /// How these stand to the user, in this order, as the user is shown it at this moment and nobody else is.
    fn relations(&self, user: UserId, others: Vec<UserId>) -> Asked<'_, Vec<ShownRelation>>;

    /// Whoever asks from now on hears a name of this user that isn't older than this.
    fn renamed(&self, _user: &UserId) {}

    /// The same of all users.
    fn all_renamed(&self) {}

    /// Up to where the feed of changes goes. As the two below, of use only where several processes make changes.
    fn feed_state(&self) -> Asked<'_, ReadToken> {
        Box::pin(std::future::ready(Ok(ReadToken { timeline: 0, position: FeedPosition(0) })))
    }

    /// Up to `limit` changes after a place in the feed, in order, from any process.
    fn replay(&self, after: ReadToken, _limit: usize) -> Asked<'_, Replay> {
        let nothing = Replay::Changes { as_of: after, changes: Vec::new(), more: false };
        Box::pin(std::future::ready(Ok(nothing)))
    }

    /// Lets go of some of the changes that are older than anybody needs.
    fn forget_changes(&self) -> Asked<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What came after a place in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// These changes, and no others.
    Changes {
        /// Up to here.
        as_of: ReadToken,
        /// The changes, in the order of the feed.
        changes: Vec<CircleChange>,
        /// Whether there are more.
        more: bool,
    },
    /// That can't be said any more, or never could: the place is of another timeline, or too old. The feed goes up to
    /// here.
    Unknown(ReadToken),
}

impl Friends for directory::Directory {
    fn circle(&self, user: UserId) -> Asked<'_, Circle> {
        Box::pin(async move {
            let circle = self.circle(&user).await?;
            if !circle.exists {
                // Nobody can be a friend of theirs yet: to make them changes nothing that was read.
                self.ensure_user(&user).await?;
            }
            let precise = circle.friends.into_iter().filter(|f| f.class == ViewerClass::Precise);
            let friends = precise.map(|friend| friend.id).collect();
            let radius = Metres(f64::from(circle.radius_m));
            Ok(Circle { as_of: circle.as_of, friends, radius })
        })
    }

    fn radius(&self, chosen_m: Option<u32>) -> Metres {
        Metres(f64::from(self.radius_m(chosen_m)))
    }

    fn names(&self, users: Vec<UserId>) -> Asked<'_, Vec<Arc<str>>> {
        Box::pin(async move {
            let names = self.names(&users).await?.into_iter().zip(&users);
            Ok(names.map(|(name, user)| shown_name(user, name)).collect())
        })
    }

    fn relations(&self, user: UserId, others: Vec<UserId>) -> Asked<'_, Vec<ShownRelation>> {
        Box::pin(async move {
            let relations = self.relations(&user, &others).await?;
            let names = self.names(&others).await?;
            let each = others.iter().zip(relations).zip(names);
            Ok(each.map(|((other, relation), name)| shown(other, relation, name)).collect())
        })
    }

    fn renamed(&self, user: &UserId) {
        self.forget_name(user);
    }

    fn all_renamed(&self) {
        self.forget_names();
    }

    fn feed_state(&self) -> Asked<'_, ReadToken> {
        Box::pin(async move {
            let (state, _) = self.state().await?;
            Ok(state)
        })
    }

    fn replay(&self, after: ReadToken, limit: usize) -> Asked<'_, Replay> {
        Box::pin(async move {
            match self.changes(after, limit).await? {
                Ok(Changes { as_of: state, changes, more }) => Ok(Replay::Changes {
                    as_of: state,
                    changes: changes.iter().map(|it| change(state.timeline, it)).collect(),
                    more,
                }),
                // The state first: what changes while circles are read is behind it.
                Err(_) => Ok(Replay::Unknown(self.feed_state().await?)),
            }
        })
    }

    fn forget_changes(&self) -> Asked<'_, ()> {
        Box::pin(async move {
            let (_, now) = self.state().await?;
            let horizon = now.plus_ms(-CHANGE_AGE_MS_MAX);
            let forgotten = self.forget_changes(horizon, FORGOTTEN_MAX).await;
            Ok(forgotten.map(|_| ())?)
        })
    }
}

fn shown_name(user: &UserId, name: Option<DisplayName>) -> Arc<str> {
    name.unwrap_or_else(|| DisplayName::of_id(user)).as_str().into()
}

/// What the lists over REST show of somebody, and nothing else.
fn shown(other: &UserId, relation: Relation, name: Option<DisplayName>) -> ShownRelation {
    let visible = relation.visible();
    let state = match visible {
        Relation { friend: true, .. } => RelationState::Friends,
        Relation { blocks: true, .. } => RelationState::Blocked,
        Relation { asked_by: true, .. } => RelationState::Incoming,
        Relation { asked: true, .. } => RelationState::Outgoing,
        _ => RelationState::None,
    };
    // Whom the user asks, or blocks, need not exist, and isn't to be found out.
    let is_named = matches!(state, RelationState::Friends | RelationState::Incoming);
    ShownRelation { state, name: is_named.then(|| shown_name(other, name)) }
}

/// A change as the directory tells it.
pub(crate) fn change(timeline: u64, change: &directory::CircleChange) -> CircleChange {
    let edit = match &change.what {
        directory::CircleEdit::Pair { low, high, class } => CircleEdit::Pair {
            low: low.clone(),
            high: high.clone(),
            friends: *class == Some(ViewerClass::Precise),
        },
        directory::CircleEdit::Radius { user, radius_m } => {
            CircleEdit::Radius { user: user.clone(), radius_m: *radius_m }
        }
        directory::CircleEdit::Standing { user, other } => {
            CircleEdit::Shown(user.clone(), other.clone())
        }
        directory::CircleEdit::Name { user } => CircleEdit::Renamed(user.clone()),
    };
    CircleChange { as_of: ReadToken { timeline, position: change.position }, edit }
}

impl From<directory::Error> for Error {
    fn from(error: directory::Error) -> Self {
        Self::new(error.kind(), "the directory can't be asked").because(error)
    }
}
