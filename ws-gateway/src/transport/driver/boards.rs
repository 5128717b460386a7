//! The boards that a client watches: what is heard of each, and the look at it that is under way.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::Driver;
use crate::service::Gateway;
use crate::session::Input;
use crate::session::boards::{BoardFailure, BoardRead, BoardView, WatchId};

/// Says when a board changes.
type Changes = BoxStream<'static, ()>;

/// What came of a look; with nothing to hear with if it failed.
type Look = (Option<Changes>, Result<BoardView, BoardFailure>);

/// One board that is watched; at most as many as the session may watch.
pub(super) struct Lane {
    watch: WatchId,
    /// None before the first look, and once nothing can be heard any more: then it is watched anew before it is looked at.
    changes: Option<Changes>,
    look: Option<BoxFuture<'static, Look>>,
}

impl Driver {
    /// Hears of boards, goes on with looks at them, and begins those that are due, as far as possible.
    pub(super) fn boards(&mut self, cx: &mut Context<'_>) {
        loop {
            self.lanes.retain(|lane| self.session.watches_board(lane.watch));
            let mut is_done = true;
            for n in 0..self.lanes.len() {
                if let Some(input) = self.advance(n, cx) {
                    is_done = false;
                    self.input(input);
                }
            }
            while let Some(read) = self.next_look() {
                is_done = false;
                self.look(read);
            }
            if is_done {
                return;
            }
        }
    }

    fn advance(&mut self, n: usize, cx: &mut Context<'_>) -> Option<Input<'static>> {
        let lane = &mut self.lanes[n];
        if let Some(look) = &mut lane.look {
            let Poll::Ready((changes, answer)) = look.as_mut().poll(cx) else { return None };
            (lane.look, lane.changes) = (None, changes);
            return Some(Input::Board(lane.watch, answer));
        }
        if !self.session.hears_board(lane.watch) {
            return None;
        }
        // One that has nothing to hear with is looked at, which watches it anew.
        let Some(changes) = &mut lane.changes else { return Some(Input::BoardChanged(lane.watch)) };
        let Poll::Ready(change) = changes.poll_next_unpin(cx) else { return None };
        if change.is_none() {
            lane.changes = None;
        }
        Some(Input::BoardChanged(lane.watch))
    }

    fn next_look(&mut self) -> Option<BoardRead> {
        let now = self.gateway().now();
        if self.closed.is_some() { None } else { self.session.next_board(now) }
    }

    fn look(&mut self, read: BoardRead) {
        let place = self.lanes.iter().position(|lane| lane.watch == read.watch);
        let mut lane = match place {
            Some(place) => self.lanes.swap_remove(place),
            None => Lane { watch: read.watch, changes: None, look: None },
        };
        let (gateway, caller) = (self.gateway().clone(), self.session.caller().cloned());
        let changes = lane.changes.take();
        lane.look = Some(Box::pin(async move {
            let Some(caller) = caller else { return (None, Err(BoardFailure::Unavailable)) };
            look(gateway, caller, changes, read).await
        }));
        self.lanes.push(lane);
    }
}

/// Watch, then look: whatever happens in between is heard.
async fn look(
    gateway: Arc<Gateway>,
    caller: model::Caller,
    changes: Option<Changes>,
    read: BoardRead,
) -> Look {
    let Some(boards) = &gateway.deps.boards else { return (None, Err(BoardFailure::NoSuchBoard)) };
    let changes = match changes {
        Some(changes) => changes,
        None => match boards.watch(read.board.clone()).await {
            Ok(changes) => changes,
            Err(failure) => return (None, Err(failure)),
        },
    };
    match boards.view(caller, read.board, read.shape).await {
        Err(failure) => (None, Err(failure)),
        Ok(view) => (Some(changes), Ok(view)),
    }
}
