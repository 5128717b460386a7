//! What a session asks others to do.

use std::sync::Arc;

use api::Caller;
use model::UserId;

use super::{Answer, Driver};
use crate::gateway::Gateway;
use crate::hub::Watched;
use crate::port::{self, Async, Channel};
use crate::protocol::CloseCode;
use crate::protocol::request::Token;
use crate::session::Call;

impl Driver {
    pub(super) fn call(&mut self, call: Call) -> Async<'static, Answer> {
        let gateway = self.gateway().clone();
        match call {
            Call::Admit(token) => match verify(&gateway, &token) {
                Ok(caller) => admit(gateway, self.seat.id(), caller),
                Err(detail) => {
                    let refused = Err((CloseCode::Unauthenticated, detail));
                    Box::pin(std::future::ready(Answer::Admitted(refused)))
                }
            },
            Call::Renew(token) => {
                Box::pin(std::future::ready(Answer::Renewed(verify(&gateway, &token))))
            }
            Call::ReadCircle => {
                let user = self.session.user().cloned();
                Box::pin(async move {
                    let Some(user) = user else { return Answer::Circle(Err(nobody())) };
                    Answer::Circle(gateway.friends.circle(user).await)
                })
            }
            Call::Watch { added, removed } => self.watch(added, &removed),
            Call::Reread => self.reread(),
            Call::Announce(channel, sighting) => {
                // Friends on this gateway don't wait for any server.
                gateway.hub.take_in(&channel, sighting.clone());
                Box::pin(async move {
                    Answer::Announced(gateway.live.announce((channel, sighting)).await)
                })
            }
        }
    }

    fn watch(&mut self, added: Vec<(UserId, u32)>, removed: &[u32]) -> Async<'static, Answer> {
        let gateway = self.gateway().clone();
        for slot in removed {
            if let Some(cell) = self.cells.get_mut(*slot as usize).and_then(Option::take) {
                gateway.hub.unwatch(&cell, &self.seat.mailbox);
            }
        }
        let room = slots_needed(&added).saturating_sub(self.cells.len());
        self.cells.reserve_exact(room);
        let slots: Vec<u32> = added.iter().map(|(_, slot)| *slot).collect();
        let channels =
            added.into_iter().map(|(user, slot)| (Channel::precise(user), slot)).collect();
        let watched = gateway.hub.watch(&*gateway.live, &self.seat.mailbox, channels);
        for (slot, cell) in slots.iter().zip(&watched.cells) {
            let slot = *slot as usize;
            if self.cells.len() <= slot {
                self.cells.resize(slot + 1, None);
            }
            self.cells[slot] = Some(cell.clone());
        }
        let mailbox = self.seat.mailbox.clone();
        Box::pin(async move {
            let answer = read_in(&gateway, watched).await;
            for slot in slots {
                mailbox.mark(slot);
            }
            Answer::Watching(answer)
        })
    }

    fn reread(&mut self) -> Async<'static, Answer> {
        let gateway = self.gateway().clone();
        let cells: Vec<_> = self.cells.iter().flatten().cloned().collect();
        let channels: Vec<_> = cells.iter().map(|cell| cell.channel().clone()).collect();
        let subscribed = gateway.live.subscribe(channels.clone());
        let watched = Watched { cells, unread: channels, subscribed };
        Box::pin(async move { Answer::Reread(read_in(&gateway, watched).await) })
    }
}

fn slots_needed(added: &[(UserId, u32)]) -> usize {
    added.iter().map(|(_, slot)| *slot as usize + 1).max().unwrap_or(0)
}

/// Subscribe, then read, then let versions sort out what came both ways.
async fn read_in(gateway: &Gateway, watched: Watched) -> Result<(), port::Error> {
    watched.subscribed.await?;
    if !watched.unread.is_empty() {
        let cached = gateway.live.read(watched.unread.clone()).await?;
        for (channel, sighting) in watched.unread.iter().zip(cached) {
            if let Some(sighting) = sighting {
                gateway.hub.take_in(channel, sighting);
            }
        }
    }
    for cell in &watched.cells {
        cell.set_ready();
    }
    Ok(())
}

fn verify(gateway: &Gateway, token: &Token) -> Result<Caller, String> {
    gateway.verifier.verify(&token.0, gateway.now().wall).map_err(|fault| fault.to_string())
}

pub(super) fn admit(gateway: Arc<Gateway>, seat: u64, caller: Caller) -> Async<'static, Answer> {
    Box::pin(async move {
        if gateway.friends.ensure_user(caller.user.clone()).await.is_err() {
            let detail = "users can't be looked up now".to_owned();
            return Answer::Admitted(Err((CloseCode::TryAgainLater, detail)));
        }
        let per_user_max = gateway.config.sessions_per_user_max;
        let Ok(used) = gateway.registry.join(seat, &caller.user, per_user_max) else {
            let detail = format!("at most {per_user_max} connections of one user");
            return Answer::Admitted(Err((CloseCode::TooManySessions, detail)));
        };
        Answer::Admitted(Ok((caller, used)))
    })
}

fn nobody() -> port::Error {
    port::Error { detail: "no user yet".to_owned() }
}
