//! What logs didn't take.

use super::{RegisterBackend, START, open_register, range};
use crate::Gaps;
use crate::limits::GAPS_MAX;

/// As [`Gaps`] does, by whichever process they were noted.
pub async fn gaps_are_gathered(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    assert_eq!(register.gaps().await, Ok(Gaps::new()));
    let noted = [range(START, START + 1), range(START + 3_600_000, START + 3_700_000)];
    let later = range(START + 60_000, START + 90_000);
    for gaps in [&noted[..], &[later], &[], &noted[..1]] {
        register.note_gaps(gaps).await.expect("the register is there");
    }
    let expected: Gaps = noted.into_iter().chain([later]).collect();
    assert_eq!(register.gaps().await, Ok(expected.clone()));
    drop(register);
    assert_eq!(open_register(backend).await.gaps().await, Ok(expected));
}

/// Some become one.
pub async fn there_are_never_too_many_gaps(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let gap = |n: usize| range(START + n as i64 * 600_000, START + n as i64 * 600_000 + 1);
    let gaps: Vec<_> = (0..GAPS_MAX + 5).map(gap).collect();
    for some in gaps.chunks(GAPS_MAX) {
        register.note_gaps(some).await.expect("the register is there");
    }
    let found = register.gaps().await.expect("the register is there");
    assert_eq!(found.iter().count(), GAPS_MAX);
    assert!(gaps.iter().all(|gap| found.overlap(*gap)));
}
