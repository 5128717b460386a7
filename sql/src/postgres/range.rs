use std::fmt::Debug;
use std::ops::RangeInclusive;

/// What numbers of connections of one process may be.
pub const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
/// What times to wait may be, milliseconds: whoever waits longer has been forgotten by whoever asked.
pub const TIMEOUT_MS: RangeInclusive<u64> = 100..=60_000;

/// Errs, naming the setting, if its value isn't in the range.
pub fn must_be_in<T>(range: &RangeInclusive<T>, name: &str, value: T) -> Result<(), String>
where
    T: PartialOrd + Debug + Copy,
{
    if range.contains(&value) { Ok(()) } else { Err(format!("{name} must be in {range:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_belong_to_a_range() {
        for (value, is_in) in [(99, false), (100, true), (60_000, true), (60_001, false)] {
            assert_eq!(must_be_in(&TIMEOUT_MS, "patience_ms", value).is_ok(), is_in, "{value}");
        }
        let said = must_be_in(&CONNECTIONS, "readers_max", 0);
        assert_eq!(said, Err("readers_max must be in 1..=1000".to_owned()));
    }
}
