use std::sync::Arc;

use model::Caller;

use crate::fanout::mailbox::Signals;
use crate::live::{self, Channel, Written};
use crate::protocol::request::Token;
use crate::protocol::{CloseCode, ErrorWord};
use crate::session::FixesUsed;
use crate::session::circle::Circle;
use crate::session::record::{Record, Sighting};

/// What can happen to a session.
pub(crate) enum Input<'a> {
    /// A text message.
    Text(&'a str),
    /// A ping or pong frame of so many bytes.
    Control(usize),
    /// A binary message of so many bytes.
    Binary(usize),
    /// [`Call::Admit`] went well, or the handshake brought a valid token.
    Admitted(Caller, FixesUsed),
    /// [`Call::Admit`] didn't.
    Refused(CloseCode, String),
    /// [`Call::Renew`] is done; the error says why the token doesn't do.
    Renewed(Result<Caller, String>),
    /// [`super::Read::Circle`] is done.
    Circle(Result<Circle, live::Error>),
    /// [`super::Read::Positions`] is done, and all news from it was given.
    Positions(Result<(), live::Error>),
    /// [`Call::Announce`] is done.
    Announced(Result<Written, live::Error>),
    /// The newest record under a slot; none if there is nobody to be seen.
    News(u32, Option<Arc<Record>>),
    /// Something was left from outside; if it is a drain, this session is to close within so many milliseconds.
    Signals(Signals, u64),
}

/// What a session wants done; in order, and none before a [`Call`] that stands before it has come back, but for
/// [`Effect::Unwatch`].
#[derive(Debug)]
pub(crate) enum Effect {
    /// Stop watching under these slots, at once, whatever stands before it; then [`super::Session::released`].
    Unwatch(Vec<u32>),
    /// Write this message.
    Send(String),
    /// Write a ping frame.
    Ping,
    /// Do this, and give the answer as an input. The client isn't read meanwhile.
    Call(Call),
    /// Write a close frame, and end.
    Close(CloseCode, String),
    /// For the metrics: a message was refused.
    Refused(ErrorWord),
    /// For the metrics: a fix was acknowledged.
    Fix {
        /// Whether it became the shown position.
        shown: bool,
    },
    /// For the metrics: the client was told of a gap.
    Gap,
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

/// A message that [`super::Session::pull`] made.
pub(crate) struct Pulled {
    /// The message.
    pub(crate) text: String,
    /// How many friends it tells of.
    pub(crate) changes: usize,
    /// The positions in it that are new to the client.
    pub(crate) fresh: Vec<Arc<Record>>,
    /// Whether it is a part of a snapshot.
    pub(crate) snapshot: bool,
}

impl Pulled {
    pub(crate) fn notice(text: String) -> Self {
        Self { text, changes: 0, fresh: Vec::new(), snapshot: false }
    }
}
