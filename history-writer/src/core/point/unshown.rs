/// Why a fix that is kept wasn't shown to anybody as a present position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unshown {
    /// A newer position was shown already.
    Older,
    /// It was older than the time for which a position holds.
    TooOld,
    /// Its time was in the future, beyond what clocks of phones are off.
    Ahead,
    /// Its sequence number hadn't grown.
    Repeated,
    /// It came by an import, not from a phone.
    Imported,
    /// A reason of a newer version of this program, by its number; never one of the above, nor 0.
    Other(u8),
}

/// The reasons with the numbers by which they are stored and the words by which they are told. Numbers never change.
const KNOWN: [(Unshown, u8, &str); 5] = [
    (Unshown::Older, 1, "older"),
    (Unshown::TooOld, 2, "too_old"),
    (Unshown::Ahead, 3, "ahead"),
    (Unshown::Repeated, 4, "repeated"),
    (Unshown::Imported, 5, "imported"),
];

impl Unshown {
    /// The number by which it is stored, never 0.
    pub fn number(self) -> u8 {
        match self {
            Self::Other(number) => number,
            known => KNOWN.iter().find(|(it, ..)| *it == known).map_or(0, |(_, number, _)| *number),
        }
    }

    /// What a number stands for; 0 means that the fix was shown.
    pub fn from_number(number: u8) -> Option<Self> {
        if number == 0 {
            return None;
        }
        let known = KNOWN.iter().find(|(_, it, _)| *it == number);
        Some(known.map_or(Self::Other(number), |(reason, ..)| *reason))
    }

    /// The word by which it is told, as in `ack.reason` of the protocol; `other` where this version has none.
    pub fn as_str(self) -> &'static str {
        KNOWN.iter().find(|(it, ..)| *it == self).map_or("other", |(_, _, word)| word)
    }

    /// What a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, _, it)| *it == word).map(|(reason, ..)| *reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back() {
        assert_eq!(Unshown::from_number(0), None);
        for number in 1..=u8::MAX {
            let reason = Unshown::from_number(number).expect("a reason");
            assert_eq!(reason.number(), number);
            assert_eq!(Unshown::parse(reason.as_str()).is_some(), number <= 5, "{number}");
        }
    }

    #[test]
    fn numbers_at_rest_never_change() {
        let reasons =
            [Unshown::Older, Unshown::TooOld, Unshown::Ahead, Unshown::Repeated, Unshown::Imported];
        assert_eq!(reasons.map(Unshown::number), [1, 2, 3, 4, 5]);
    }
}
