use crate::session::circle::Amendment;

/// Changes of a circle that wait for one session; with more, it reads its circle anew.
const AMENDMENTS_WAITING_MAX: usize = 256;

/// Things a session must do, other than look at friends; left from outside, taken at its next turn.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent signals, each given by somebody else"
)]
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Signals {
    /// How the circle of friends changes, in order.
    pub(crate) amendments: Vec<Amendment>,
    /// The circle may have changed, and it isn't known how: read it, and tell nothing until then.
    pub(crate) circle_unknown: bool,
    /// Something may have been missed: tell the client and start over from the cache.
    pub(crate) gap: bool,
    /// Those of whom nothing could be told for a while may be told of again.
    pub(crate) regained: bool,
    /// The server is going away.
    pub(crate) drain: bool,
    /// Keys were removed by which the session's token may be valid.
    pub(crate) keys: bool,
    /// Others need the place of this connection, which hasn't authenticated.
    pub(crate) crowded_out: bool,
    /// A deadline of the session's own has come.
    pub(crate) timer: bool,
}

impl Signals {
    /// One more change of the circle.
    pub(crate) fn amend(&mut self, amendment: Amendment) {
        if self.amendments.len() < AMENDMENTS_WAITING_MAX {
            self.amendments.push(amendment);
        } else {
            self.amendments = Vec::new();
            self.circle_unknown = true;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
