/// How far this machine's calendar may be from another's, milliseconds, before one of them counts as wrong.
pub const CLOCK_OFFSET_MS_MAX: i64 = 2_000;

/// Whether it is this machine's calendar that is wrong: it is too far from those of most servers. One server that differs
/// alone is wrong itself; with a single one there is nobody else to ask, and it decides.
///
/// `offsets_ms` says how far this calendar is ahead of each server's, milliseconds.
pub fn clock_is_off(offsets_ms: &[i64]) -> bool {
    let far = offsets_ms.iter().filter(|offset| offset.unsigned_abs() > CLOCK_OFFSET_MS_MAX as u64);
    2 * far.count() > offsets_ms.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_servers_decide() {
        for (offsets_ms, off) in [
            (&[][..], false),
            (&[2_000], false),
            (&[-2_000], false),
            (&[2_001], true),
            (&[-45_000], true),
            (&[i64::MIN], true),
            (&[0, 45_000], false),
            (&[45_000, 45_000, 0], true),
            (&[45_000, 0, 0], false),
            (&[-45_000, -44_990, 100, 50], false),
            (&[-45_000, -44_990, -45_010, 50], true),
        ] {
            assert_eq!(clock_is_off(offsets_ms), off, "{offsets_ms:?}");
        }
    }
}
