//! Many slots in few words, as in `0-5460,8000`.

use std::fmt;
use std::ops::RangeInclusive;

use crate::slot::SLOTS;

/// Ascending slots as the fewest ranges.
pub(crate) fn gather(slots: impl IntoIterator<Item = u16>) -> Vec<RangeInclusive<u16>> {
    let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
    for slot in slots {
        match ranges.last_mut() {
            Some(last) if last.end() + 1 == slot => *last = *last.start()..=slot,
            _ => ranges.push(slot..=slot),
        }
    }
    ranges
}

/// Ranges as text: `7-9`, or `7` alone, with commas between.
pub(crate) struct Text<'a>(pub(crate) &'a [RangeInclusive<u16>]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, range) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{first}")?,
                (first, last) => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// The ranges of a text, in its order, or the first part of it that is none. An empty text has none.
pub(crate) fn parse(text: &str) -> Result<Vec<RangeInclusive<u16>>, &str> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(str::trim).map(|part| one(part).ok_or(part)).collect()
}

fn one(part: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let range = number(first)?..=number(last)?;
    (!range.is_empty()).then_some(range)
}

fn number(text: &str) -> Option<u16> {
    // Else a leading plus sign would do, too.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|slot| digits && *slot < SLOTS)
}
