use std::collections::BTreeMap;

use super::*;
use crate::core::board::BoardPosition;

fn known(score: i64) -> Known {
    let entry = Entry { score, reached: BoardPosition(!score as u64) };
    Known { entry, is_shown: score % 2 == 0 }
}

fn id(text: &str) -> UserId {
    UserId::parse(text).expect("an id")
}

#[test]
fn everybody_is_found_with_what_they_have() {
    let mut players = Players::new();
    let mut expected = BTreeMap::new();
    for n in 0..40_000_i64 {
        // Of every length that an id can have.
        let text = format!("{:x<1$}", format!("{n}"), (n % 128) as usize);
        let user = id(&text);
        assert_eq!(players.find(&user), None, "{text}");
        let (player, before) = players.put(&user, known(n));
        assert_eq!((players.find(&user), before), (Some(player), None));
        assert!(expected.insert(player, (user, n)).is_none(), "everybody has their own number");
    }
    for (player, (user, n)) in &expected {
        assert_eq!((players.find(user), players.known(*player)), (Some(*player), known(*n)));
        assert_eq!(players.put(user, known(-n)), (*player, Some(known(*n))));
    }
    let mut came = Vec::new();
    let mut from = Player(0);
    loop {
        let (players, behind) = players.from(from, 1_000);
        if players.is_empty() {
            break;
        }
        came.extend(players);
        from = behind;
    }
    assert!(came.iter().eq(expected.keys()), "each in their turn");
    let (late, _) = players.put(&id("late"), known(1));
    assert_eq!(players.from(from, 9).0, [late]);
    for (player, (user, n)) in expected {
        assert_eq!(players.known(player), known(-n));
        assert_eq!(players.users([player].into_iter()), [user]);
    }
    assert_eq!(players.len(), 40_001);
}

#[test]
fn hashes_that_collide_are_told_apart_by_id() {
    let mut lookup = Lookup::new();
    let equal = 10_000;
    for n in 0..equal {
        lookup.add(0xffff_fff0, Player(n));
        lookup.add(n << 10, Player(equal + n));
    }
    for n in (0..equal).step_by(97) {
        assert_eq!(lookup.find(0xffff_fff0, |player| player == Player(n)), Some(Player(n)));
        assert_eq!(lookup.find(n << 10, |_| true), Some(Player(equal + n)));
    }
    assert_eq!(lookup.find(0xffff_fff0, |player| player == Player(equal)), None);
    assert_eq!(lookup.find(1, |_| true), None);
    assert_eq!(lookup.len(), u64::from(2 * equal));
}

#[test]
fn tables_fit_what_is_in_them() {
    let mut lookup = Lookup::new();
    assert!(lookup.bytes() < 200, "a board of nobody");
    for n in 0..300_000_u32 {
        lookup.add(n.wrapping_mul(0x9e37_79b9), Player(n));
    }
    let each = lookup.bytes() / 300_000;
    assert!(each < 20, "{each} bytes for each player");
}
