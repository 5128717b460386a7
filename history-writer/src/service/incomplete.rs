/// Why a track may lack points that a phone sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Incomplete {
    /// The log took no points for a while, or lost some: they were acknowledged as in memory only.
    Refused,
    /// More waits in the log to be stored than is remembered by user.
    Waiting,
    /// Another process doesn't answer what waits in its log, or told nothing of it for a while.
    LogAway,
    /// What is stored can't be read now.
    StoreAway,
    /// A chunk is damaged, or of a newer version.
    Unreadable,
    /// The store doesn't take a chunk, which was put aside.
    PutAside,
}

impl Incomplete {
    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::LogAway => "log_away",
            Self::StoreAway => "store_away",
            Self::Unreadable => "unreadable",
            Self::PutAside => "put_aside",
        }
    }
}
