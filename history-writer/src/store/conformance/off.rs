//! When users had their history turned off.

use model::{Timestamp, UserId};

use super::records::{key, record};
use super::{RECEIVED, RegisterBackend, START, id, open_register};
use crate::limits::OFF_STRETCHES_MAX;
use crate::{OffTimes, Register};

/// As [`OffTimes`] says; what else is known stays.
pub async fn history_is_turned_off_and_on(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    register.make_keys(&[key("alice", 1)]).await.expect("the register is there");
    let mut expected = OffTimes::new();
    let turns =
        [(false, 0), (true, 10), (true, 12), (false, 20), (false, 22), (true, 15), (false, 9)];
    for (is_off, later) in turns {
        let at = Timestamp(START + later);
        expected.turn(is_off, at);
        for user in ["alice", "bob"] {
            set(&*register, user, is_off, at).await;
            assert_eq!(record(&*register, user).await.off_times, expected, "{user} at {later}");
        }
    }
    assert_eq!(expected.iter().count(), 1);
    register.erase_all(&id("bob"), RECEIVED).await.expect("the register is there");
    assert_eq!(record(&*register, "bob").await.off_times, expected);
    assert_eq!(record(&*register, "alice").await.wrapped_key, Some(vec![1; 53]));
}

/// Nobody is refused.
pub async fn of_too_many_stretches_the_oldest_is_forgotten(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    for n in 0..=OFF_STRETCHES_MAX as i64 {
        set(&*register, "alice", true, Timestamp(START + n * 10)).await;
        set(&*register, "alice", false, Timestamp(START + n * 10 + 5)).await;
    }
    let found = record(&*register, "alice").await.off_times;
    assert_eq!(found.iter().count(), OFF_STRETCHES_MAX);
    assert!(!found.cover(Timestamp(START + 2)) && found.cover(Timestamp(START + 12)));
}

/// And nobody else.
pub async fn a_walk_meets_everybody_whose_history_is_off(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let names: Vec<_> = ["B", "a", "b", "_c", "a.b", "a-1"].into_iter().map(id).collect();
    for user in &names {
        set(&*register, user.as_str(), true, RECEIVED).await;
    }
    set(&*register, "on", true, RECEIVED).await;
    set(&*register, "on", false, RECEIVED.plus_ms(5)).await;
    set(&*register, "never-off", false, RECEIVED).await;
    for limit in [1, 2, 100] {
        let mut met: Vec<UserId> = Vec::new();
        loop {
            let page = register.users_off(met.last(), limit).await.expect("the register is there");
            let is_end = page.len() < limit;
            met.extend(page);
            if is_end {
                break;
            }
        }
        let mut expected = names.clone();
        expected.sort();
        assert_eq!(met, expected, "{limit} at a time");
    }
}

/// However many are made at once.
pub async fn turns_at_one_moment_come_one_after_the_other(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let alice = id("alice");
    let turns = (0..16).map(|n| register.set_off(&alice, n % 2 == 0, Timestamp(START + n)));
    let answers = futures_util::future::join_all(turns).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let found = record(&*register, "alice").await.off_times;
    let is_off = register.users_off(None, 9).await.expect("the register is there");
    assert_eq!(is_off, if found.is_off() { vec![alice] } else { vec![] });
    let stretches: Vec<_> = found.iter().collect();
    assert!(stretches.windows(2).all(|pair| pair[0].until <= Some(pair[1].since)));
}

async fn set(register: &dyn Register, user: &str, is_off: bool, at: Timestamp) {
    register.set_off(&id(user), is_off, at).await.expect("the register is there");
}
