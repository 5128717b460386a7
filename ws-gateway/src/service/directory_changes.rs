//! What the directory of this process has changed, on its way to sessions here and on other gateways.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::UserId;
use tokio::runtime::Handle;

use super::{Gateway, friends};
use crate::live::Live;
use crate::session::circle::CircleChange;

impl Gateway {
    /// Takes in what the directory of this process has changed, or may have, before that is answered; the returned future
    /// tells other gateways.
    pub fn directory_changed(&self, change: &directory::Change) -> BoxFuture<'static, ()> {
        match change {
            directory::Change::Committed { timeline, changes } => {
                let of = |change| friends::change(*timeline, change);
                self.committed(changes.iter().map(of).collect())
            }
            directory::Change::Doubtful(users) => {
                self.may_have_changed(users);
                Box::pin(std::future::ready(()))
            }
        }
    }

    /// These circles were changed by a commit of this process: as [`Self::changed`], and then by the returned future also
    /// for all other gateways. Of what can't be told now whoever leads the feed makes sure.
    pub fn committed(&self, changes: Vec<CircleChange>) -> BoxFuture<'static, ()> {
        self.changed(&changes);
        let (circles, people): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.edit.is_of_circles());
        self.tell_of_people(people);
        if circles.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(tell(self.live.clone(), circles))
    }

    /// Tells other gateways without anybody's waiting for it: no position must come after it, and how long it takes, such as
    /// to a server that is away, would say whether the other one is told.
    fn tell_of_people(&self, changes: Vec<CircleChange>) {
        if changes.is_empty() {
            return;
        }
        let (Ok(permit), Ok(runtime)) =
            (self.people_told.clone().try_acquire_owned(), Handle::try_current())
        else {
            return;
        };
        let telling = tell(self.live.clone(), changes);
        runtime.spawn(async move {
            telling.await;
            drop(permit);
        });
    }

    /// The circles of these users may have changed, and it isn't known how: their open sessions read them again before
    /// they tell anything more.
    pub fn may_have_changed(&self, users: &[UserId]) {
        self.registry.signal(users, |signals| signals.circle_unknown = true);
        for user in users {
            self.sink.renamed(user);
        }
    }
}

async fn tell(live: Arc<dyn Live>, changes: Vec<CircleChange>) {
    if let Err(error) = live.tell(changes).await {
        error.log("changes of circles can't be told now");
    }
}
