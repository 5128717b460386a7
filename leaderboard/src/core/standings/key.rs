/// A player of some standings, by where [`Players`](super::players::Players) keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Player(pub(super) u32);

/// What standings are sorted by: lower keys stand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Lower for better scores.
    pub(super) score: i64,
    /// The position in the board's log at which the score was reached.
    pub(super) reached: u64,
    /// No two changes of a board share a position, but nothing here depends on that.
    pub(super) player: Player,
}

impl Key {
    /// Not above any key.
    pub(super) const LOWEST: Self = Self::first_of(i64::MIN);

    /// Not above any key of this score.
    pub(super) const fn first_of(score: i64) -> Self {
        Self { score, reached: 0, player: Player(0) }
    }

    /// Not below any key of this score that was reached at this position or earlier.
    pub(super) fn last_of(score: i64, reached: u64) -> Self {
        Self { score, reached, player: Player(u32::MAX) }
    }
}
