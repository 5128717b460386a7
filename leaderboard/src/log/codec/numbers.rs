//! The numbers that stand for words in files. They never change: a new word has a new number.

use crate::core::board::{Operator, Ranking, Readers, ScoreRange, Wins};
use crate::core::mutation::Effect;
use crate::core::refusal::Refusal;
use segment_log::{Bytes, Malformed, put_i64};

/// Something of which there are a few.
pub(super) trait Numbered: Sized {
    /// The number.
    fn number(self) -> u8;
    /// What has the number.
    fn from_number(number: u8) -> Option<Self>;
}

macro_rules! numbered {
    ($name:ident { $($variant:ident = $number:literal),+ $(,)? }) => {
        impl Numbered for $name {
            fn number(self) -> u8 {
                match self { $( Self::$variant => $number, )+ }
            }

            fn from_number(number: u8) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )+ _ => None }
            }
        }
    };
}

numbered!(Wins { High = 1, Low = 2 });
numbered!(Operator { Sum = 1, Best = 2, Latest = 3 });
numbered!(Ranking { Standard = 1, Dense = 2, Ordinal = 3 });
numbered!(Readers { Anyone = 1, Services = 2 });
numbered!(Effect { Created = 1, Changed = 2, Unchanged = 3, Removed = 4 });

/// Makes the two functions from one list, in which every refusal is, though few of them can be an event's.
macro_rules! refusals {
    ($($variant:ident = $number:literal),+ $(,)?) => {
        /// Writes a refusal: its number, never 0, and what it tells.
        pub(in crate::log) fn put_refusal(out: &mut Vec<u8>, refusal: Refusal) {
            match refusal {
                Refusal::OutOfRange { min, max } => {
                    out.push(OUT_OF_RANGE);
                    put_i64(out, min);
                    put_i64(out, max);
                }
                Refusal::SeasonClosed { closed_ms } => {
                    out.push(SEASON_CLOSED);
                    put_i64(out, closed_ms);
                }
                $( Refusal::$variant => out.push($number), )+
            }
        }

        /// The refusal of this number, with what it tells.
        pub(in crate::log) fn refusal(
            number: u8,
            bytes: &mut Bytes<'_>,
        ) -> Result<Refusal, Malformed> {
            match number {
                OUT_OF_RANGE => {
                    let range = ScoreRange { min: bytes.i64()?, max: bytes.i64()? };
                    Ok(Refusal::OutOfRange { min: range.min, max: range.max })
                }
                SEASON_CLOSED => Ok(Refusal::SeasonClosed { closed_ms: bytes.i64()? }),
                $( $number => Ok(Refusal::$variant), )+
                _ => Err(Malformed),
            }
        }

        #[cfg(test)]
        pub(super) const PLAIN_REFUSALS: &[Refusal] = &[$(Refusal::$variant),+];
    };
}

const OUT_OF_RANGE: u8 = 3;
const SEASON_CLOSED: u8 = 20;

refusals! {
    NoSuchBoard = 1,
    ServicesOnly = 2,
    NeedsDelta = 4,
    NeedsScore = 5,
    KeyUsed = 6,
    TooOld = 7,
    Ahead = 8,
    RulesFixed = 9,
    EmptyRange = 10,
    TooManyBoards = 11,
    TooManyBanned = 12,
    Events = 13,
    Changes = 14,
    Limit = 15,
    Around = 16,
    Users = 17,
    TooManyEvents = 18,
    TooManyPlayers = 19,
    NoSuchSeason = 21,
    SeasonNotSealed = 22,
    SeasonOver = 23,
    Season = 24,
    RangeTooWide = 40,
}
