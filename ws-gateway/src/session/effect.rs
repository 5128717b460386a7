use std::sync::Arc;

use model::Caller;

use super::boards::{BoardFailure, BoardView, WatchId};
use super::circle::Circle;
use super::fixes::history::{HistoryFix, Kept};
use super::fixes::validation::Unshown;
use super::friends::people::{PeopleAnswer, PeopleRead};
use super::messages::{CloseCode, Rejection, Reply, Request, Token};
use super::record::{Channel, Record, Sighting, Written};
use super::signals::Signals;

/// What can happen to a session.
pub(crate) enum Input<'a> {
    /// A text message of so many bytes, and what it says; with what the user's fixes have used up of their limit, over all
    /// of their connections.
    Text { bytes: usize, request: Result<Request, Rejection>, fixes_used: &'a mut u64 },
    /// A ping or pong frame of so many bytes.
    Control(usize),
    /// A binary message of so many bytes.
    Binary(usize),
    /// [`Call::Admit`] went well, or the handshake brought a valid token.
    Admitted(Caller),
    /// [`Call::Admit`] didn't.
    Refused(CloseCode, String),
    /// [`Call::Renew`] is done; the error says why the token doesn't do.
    Renewed(Result<Caller, Rejection>),
    /// [`super::Read::Circle`] is done.
    Circle(Result<Circle, Unavailable>),
    /// [`super::Read::Positions`] is done, and all news from it was given.
    Positions(Result<(), Unavailable>),
    /// [`super::Read::People`] is done, of these.
    People(PeopleRead, Result<PeopleAnswer, Unavailable>),
    /// [`Call::Announce`] is done.
    Announced(Result<Written, Unavailable>),
    /// History has answered for the first [`Effect::ToHistory`] that it hadn't answered for.
    Kept(Kept),
    /// The board may be another one than it was when it was looked at.
    BoardChanged(WatchId),
    /// A [`BoardRead`](super::boards::BoardRead) is done.
    Board(WatchId, Result<BoardView, BoardFailure>),
    /// The newest record under a slot; none if there is nobody to be seen.
    News(u32, Option<Arc<Record>>),
    /// Something was left from outside; if it is a drain, or that the token's key was removed, this session is to close within
    /// so many milliseconds.
    Signals(Signals, u64),
}

/// Something that others were asked for can't be done now; why is their affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unavailable;

/// What a session wants done; in order, and none before a [`Call`] that stands before it has come back, but for those that
/// are done at once, whatever stands before them.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Stop watching under these slots, at once; then [`super::Session::released`].
    Unwatch(Vec<u32>),
    /// Hand these fixes of the user to history, at once. Each of these ends with an [`Input::Kept`], in their order.
    ToHistory(Vec<HistoryFix>),
    /// The first [`Effect::ToHistory`] that hasn't ended needs no [`Input::Kept`] any more; at once.
    HistoryIsLate,
    /// So many fixes don't go to history, for this reason; at once.
    BeyondHistory(Unshown, u32),
    /// Write this message; at once if it is an acknowledgement, which is of an earlier message than any call.
    Send(Reply),
    /// Write a ping frame.
    Ping,
    /// Do this, and give the answer as an input. The client isn't read meanwhile.
    Call(Call),
    /// Write a close frame, and end.
    Close(CloseCode, String),
}

/// What takes others to do.
#[derive(Debug)]
pub(crate) enum Call {
    /// Verify the first token, make sure that the user exists, and count the session to them.
    Admit(Token),
    /// Verify a later token.
    Renew(Token),
    /// Tell everybody; so many fixes count towards the user's limit, none for what isn't one.
    Announce(Channel, Sighting, u32),
}
