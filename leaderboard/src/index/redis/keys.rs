use crate::BoardNumber;

/// What keys and channels are called.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
    channel_prefix: String,
}

impl Keys {
    /// Channels are the same in all databases of a server, so that they carry its number.
    pub(super) fn new(prefix: &str, database: i64) -> Self {
        Self { prefix: prefix.to_owned(), channel_prefix: format!("{prefix}@{database}:board:") }
    }

    /// The state of a board.
    pub(super) fn state(&self, board: BoardNumber) -> String {
        format!("{}:board:{}", self.prefix, board.0)
    }

    /// What is being built of a board.
    pub(super) fn build(&self, board: BoardNumber) -> String {
        format!("{}:new", self.state(board))
    }

    /// The set of boards of which there is anything.
    pub(super) fn boards(&self) -> String {
        format!("{}:boards", self.prefix)
    }

    /// What tells whether anything was lost: it is gone, or another one, if all is.
    pub(super) fn memory(&self) -> String {
        format!("{}:boards:memory", self.prefix)
    }

    /// Where is said how far a board has come.
    pub(super) fn channel(&self, board: BoardNumber) -> String {
        format!("{}{}", self.channel_prefix, board.0)
    }

    /// The channels of all boards.
    pub(super) fn channels(&self) -> String {
        format!("{}*", self.channel_prefix)
    }

    /// The board of a channel.
    pub(super) fn parse_channel(&self, channel: &[u8]) -> Option<BoardNumber> {
        let channel = std::str::from_utf8(channel).ok()?;
        channel.strip_prefix(&self.channel_prefix)?.parse().ok().map(BoardNumber)
    }
}
