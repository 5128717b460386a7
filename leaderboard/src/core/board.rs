use std::sync::Arc;

use model::{BoardId, Role, Timestamp};

use crate::core::season::{Season, SeasonRules};
pub use crate::core::standings::ranking::Ranking;

/// Which board, among all that ever were: one that is deleted and made again has another number, so nothing of the old one
/// shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoardNumber(pub u64);

/// How many changes a board has seen: each has a position of its own, without gaps, in the order of commits. 0 is before
/// the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct BoardPosition(pub u64);

/// Which standings: those of a board in one of its seasons. A board without seasons has season 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StandingsId {
    /// The board.
    pub board: BoardNumber,
    /// Its season.
    pub season: u32,
}

model::words! {
    /// Which scores are better.
    pub enum Wins {
        /// Higher ones.
        High = "high",
        /// Lower ones, such as times.
        Low = "low",
    }
}

model::words! {
    /// What becomes of what is posted.
    pub enum Operator {
        /// It is added.
        Sum = "sum",
        /// It counts if it is better.
        Best = "best",
        /// It replaces what was.
        Latest = "latest",
    }
}

model::words! {
    /// Who may read a board.
    pub enum Readers {
        /// Every user, services and operators.
        Anyone = "anyone",
        /// Services and operators.
        Services = "services",
    }
}

/// The scores that a board can have, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreRange {
    /// The lowest.
    pub min: i64,
    /// The highest, not below the lowest.
    pub max: i64,
}

impl ScoreRange {
    /// Whether a score is in it.
    pub fn has(self, score: i64) -> bool {
        (self.min..=self.max).contains(&score)
    }

    /// The same within another one: an end that was left open becomes that one's. `None` if an end lies outside of it.
    pub fn narrowed_to(self, to: Self) -> Option<Self> {
        let open = Self::default();
        let min = if self.min == open.min { to.min } else { self.min };
        let max = if self.max == open.max { to.max } else { self.max };
        (to.has(min) && to.has(max)).then_some(Self { min, max })
    }
}

impl Default for ScoreRange {
    fn default() -> Self {
        Self { min: i64::MIN, max: i64::MAX }
    }
}

/// The rules of a board. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Which scores are better.
    pub wins: Wins,
    /// What becomes of what is posted.
    pub operator: Operator,
    /// How ranks are counted.
    pub ranking: Ranking,
    /// Who may read it.
    pub readers: Readers,
    /// What scores can be.
    pub range: ScoreRange,
    /// How it is played in seasons; `None`: in one that goes on for ever.
    pub season: Option<Arc<SeasonRules>>,
}

/// A board. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub id: BoardId,
    /// Which of those that ever had the name.
    pub number: BoardNumber,
    /// Its rules.
    pub rules: Rules,
    /// When it was made.
    pub created: Timestamp,
    /// The season that it is in; the last one, if that ended and none followed.
    pub season: Season,
    /// The seasons before that are kept, oldest first.
    pub past: Arc<[Season]>,
}

impl Board {
    /// Whether callers of this role may read it.
    pub fn is_read_by(&self, role: Role) -> bool {
        self.rules.readers == Readers::Anyone || role != Role::User
    }

    /// A state of the board as clients are told it, opaque to them: of this position.
    pub fn as_of(&self, position: BoardPosition) -> String {
        format!("b{}.{}", self.number.0, position.0)
    }

    /// The standings of the season that it is in.
    pub fn current(&self) -> StandingsId {
        self.standings(self.season.number)
    }

    /// The standings of a season.
    pub fn standings(&self, season: u32) -> StandingsId {
        StandingsId { board: self.number, season }
    }

    /// How ranks are counted in the season that it is in: as it was settled when that ended, if it did.
    pub fn ranking(&self) -> Ranking {
        self.season.ended.as_ref().map_or(self.rules.ranking, |ended| ended.ranking)
    }

    /// All seasons that are kept, oldest first.
    pub fn seasons(&self) -> impl DoubleEndedIterator<Item = &Season> {
        self.past.iter().chain([&self.season])
    }

    /// The board as it is read in one of its seasons that are kept: as if it were in that one. Those before it are then all
    /// that are kept: how players are laid out over servers depends on all of them.
    pub fn in_season(&self, number: u32) -> Option<Self> {
        if number == self.season.number {
            return Some(self.clone());
        }
        let season = self.seasons().find(|season| season.number == number)?.clone();
        Some(Self { season, past: self.seasons().cloned().collect(), ..self.clone() })
    }
}
