//! What people are called, and how they stand to the user: read beside everything else.

use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;
use model::{Moment, UserId};

use super::{Driver, io};
use crate::live;
use crate::service::Gateway;
use crate::session::Input;
use crate::session::friends::people::{PeopleAnswer, PeopleRead};

/// What is being read, and its answer.
pub(super) type Reading = BoxFuture<'static, (PeopleRead, Result<PeopleAnswer, live::Error>)>;

impl Driver {
    /// Takes what was read; `false` if it isn't there yet.
    pub(super) fn hear_people(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(reading) = &mut self.running.people else { return false };
        let Poll::Ready((asked, answer)) = reading.as_mut().poll(cx) else { return false };
        self.running.people = None;
        self.input(Input::People(asked, io::told(&self.session, answer)));
        true
    }

    /// Reads people if that is wanted, and says whether all was known here: then it goes out in one write with the positions that
    /// it is of. Else the next turn goes on with it.
    pub(super) fn read_people_now(&mut self, now: Moment) -> bool {
        if !self.session.begins_people(now) {
            return false;
        }
        self.running.people = self.read_people();
        let is_read = self.hear_people(&mut Context::from_waker(Waker::noop()));
        if !is_read {
            self.permit.mailbox.wake();
        }
        is_read
    }

    pub(super) fn read_people(&mut self) -> Option<Reading> {
        let (gateway, user) = (self.gateway().clone(), self.session.user().cloned()?);
        let asked = self.session.take_people();
        Some(Box::pin(async move {
            let answer = read(&gateway, user, &asked).await;
            (asked, answer)
        }))
    }
}

async fn read(
    gateway: &Gateway,
    user: UserId,
    asked: &PeopleRead,
) -> Result<PeopleAnswer, live::Error> {
    // It is never closed: the gateway has it.
    let _turn = gateway.people_reads.acquire().await;
    let friends = &gateway.deps.friends;
    let mut answer = PeopleAnswer::default();
    if !asked.unnamed.is_empty() {
        let users = asked.unnamed.iter().map(|(_, user)| user.clone()).collect();
        answer.names = friends.names(users).await?;
    }
    if !asked.related.is_empty() {
        answer.relations = friends.relations(user, asked.related.clone()).await?;
    }
    Ok(answer)
}
