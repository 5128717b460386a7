//! Users' keys that another key of the deployment wraps from now on.

use model::UserId;

use super::records::{key, record};
use super::{RECEIVED, RegisterBackend, id, open_register};
use crate::{KeyId, Rewrapped};

/// In the order of the users, each once, however many are read at a time.
pub async fn keys_are_found_by_what_wrapped_them(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let names = ["B", "a", "b", "_c", "a.b", "a-1"];
    let mut keys = names.map(|name| key(name, 1)).to_vec();
    register.make_keys(&keys).await.expect("the register is there");
    register.make_keys(&[key("c", 2), key("d", 1)]).await.expect("the register is there");
    register.erase_all(&id("d"), RECEIVED).await.expect("the register is there");
    keys.sort();
    for limit in [1, 2, 5, 6, 100] {
        let mut met: Vec<(UserId, Vec<u8>)> = Vec::new();
        loop {
            let after = met.last().map(|(user, _)| user);
            let page = register.wrapped_by(KeyId([1; 4]), after, limit).await;
            let page = page.expect("the register is there");
            let is_last = page.len() < limit;
            met.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(met, keys);
    }
    assert_eq!(register.wrapped_by(KeyId([3; 4]), None, 10).await, Ok(vec![]));
}

/// Also if it is done again, and a destroyed one never comes back.
pub async fn a_key_is_exchanged_only_if_it_is_still_the_one(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let names = ["alice", "bob", "carol"];
    register.make_keys(&names.map(|name| key(name, 1))).await.expect("the register is there");
    register.erase_all(&id("bob"), RECEIVED).await.expect("the register is there");
    register.erase_all(&id("carol"), RECEIVED).await.expect("the register is there");
    register.make_keys(&[key("carol", 3)]).await.expect("the register is there");
    let exchanged = |name: &str| {
        let ((user, from), (_, to)) = (key(name, 1), key(name, 2));
        Rewrapped { user, from, to }
    };
    let keys = ["carol", "alice", "nobody", "bob"].map(exchanged);
    for _ in 0..2 {
        register.rewrap(&keys).await.expect("the register is there");
        let held = async |name| record(&*register, name).await.wrapped_key;
        assert_eq!(held("alice").await, Some(key("alice", 2).1));
        assert_eq!(held("bob").await, None);
        assert_eq!(held("carol").await, Some(key("carol", 3).1));
        assert_eq!(held("nobody").await, None);
    }
}
