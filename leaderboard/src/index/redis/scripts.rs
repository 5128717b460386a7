/// What servers do as one step each; the files say what is passed and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Takes changes.
    Take,
    /// Begins to build a board anew.
    Begin,
    /// Adds to what is built.
    Build,
    /// What was built is the board.
    Finish,
    /// Removes seasons.
    Trim,
    /// Removes a board.
    Remove,
    /// Says what there is of boards.
    States,
    /// Reads standings.
    Read,
}

impl Script {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Self; 8] = [
        Self::Take,
        Self::Begin,
        Self::Build,
        Self::Finish,
        Self::Trim,
        Self::Remove,
        Self::States,
        Self::Read,
    ];

    /// The word in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Begin => "begin",
            Self::Build => "build",
            Self::Finish => "finish",
            Self::Trim => "trim",
            Self::Remove => "remove",
            Self::States => "states",
            Self::Read => "read",
        }
    }

    /// The source.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Take => {
                concat!(include_str!("scripts/put.lua"), include_str!("scripts/take.lua"))
            }
            Self::Begin => {
                concat!(include_str!("scripts/clear.lua"), include_str!("scripts/begin.lua"))
            }
            Self::Build => {
                concat!(include_str!("scripts/put.lua"), include_str!("scripts/build.lua"))
            }
            Self::Finish => {
                concat!(include_str!("scripts/clear.lua"), include_str!("scripts/finish.lua"))
            }
            Self::Trim => include_str!("scripts/trim.lua"),
            Self::Remove => {
                concat!(include_str!("scripts/clear.lua"), include_str!("scripts/remove.lua"))
            }
            Self::States => include_str!("scripts/states.lua"),
            Self::Read => include_str!("scripts/read.lua"),
        }
    }
}
