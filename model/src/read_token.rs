use std::fmt;

/// How many changes a state of a store has seen: every change has a position of its own, in the order of commits, and
/// whoever sees one sees all before it. 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FeedPosition(pub u64);

/// How new a state is: which positions of which timeline it has seen.
///
/// Positions of different timelines can't be compared. A timeline ends where acknowledged changes may have been lost: a
/// replica promoted, a backup restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadToken {
    /// Which timeline, by a number that is most likely its own.
    pub timeline: u64,
    /// All changes up to here.
    pub position: FeedPosition,
}

impl ReadToken {
    /// Whether a state that is `self` new has all that `wanted` has.
    pub fn includes(self, wanted: Self) -> bool {
        self.timeline == wanted.timeline && self.position >= wanted.position
    }

    /// The newer one of two; of two timelines, the first.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.includes(self) { other } else { self }
    }

    /// Reads what `Display` writes, for tokens and cursors.
    pub fn parse(text: &str) -> Option<Self> {
        let (timeline, position) = text.split_once('.')?;
        let hex = |digits: &str| {
            let plain = digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
        };
        Some(Self { timeline: hex(timeline)?, position: FeedPosition(hex(position)?) })
    }
}

impl fmt::Display for ReadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{:x}", self.timeline, self.position.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(timeline: u64, position: u64) -> ReadToken {
        ReadToken { timeline, position: FeedPosition(position) }
    }

    #[test]
    fn a_newer_state_of_the_same_history_includes_an_older_one() {
        assert!(fresh(1, 5).includes(fresh(1, 5)));
        assert!(fresh(1, 6).includes(fresh(1, 5)));
        assert!(!fresh(1, 4).includes(fresh(1, 5)));
        assert!(!fresh(2, 9).includes(fresh(1, 5)));
        assert_eq!(fresh(1, 4).later(fresh(1, 5)), fresh(1, 5));
        assert_eq!(fresh(1, 4).later(fresh(2, 5)), fresh(1, 4));
    }

    #[test]
    fn the_text_comes_back_and_others_are_refused() {
        for it in [fresh(0, 0), fresh(u64::MAX, u64::MAX), fresh(7, 255)] {
            assert_eq!(ReadToken::parse(&it.to_string()), Some(it));
        }
        for text in ["", ".", "1", "1.", "-1.2", "+1.2", "1.2.3", "1.g", "00000000000000000.1"] {
            assert_eq!(ReadToken::parse(text), None, "{text}");
        }
    }
}
