//! What a file of a map looks like.

use shard_map::{ShardMap, Slot};

use super::lists::dealt;

#[test]
fn a_map_is_written_for_people_to_read() {
    let map = dealt([("b", 1), ("a", 2), ("c", 0)]);
    let text = r#"epoch = 1

[[shard]]
name = "a"
weight = 2
slots = "0-10922"

[[shard]]
name = "b"
weight = 1
slots = "10923-16383"

[[shard]]
name = "c"
weight = 0
slots = ""
"#;
    assert_eq!(map.to_toml(), text);
}

#[test]
fn a_map_written_by_hand_is_taken_as_it_is() {
    let text = r#"
        # Users of slot 8000 sit with a.
        epoch = 7
        shard = [
            { name = "b", weight = 100, slots = "5461-7999, 8001-16383" },
            { name = "a", weight = 100, slots = "8000 , 0-5460" },
        ]
    "#;
    let map = ShardMap::parse(text).expect("a valid map");
    assert_eq!(map.epoch(), 7);
    assert_eq!(map.ranges(0), [0..=5_460, 8_000..=8_000]);
    assert_eq!(map.slots(0), 5_462);
    let slot = Slot::new(8_000).expect("a slot");
    assert_eq!(map.shards()[map.index_of(slot)].name.as_str(), "a");
    assert_eq!(ShardMap::parse(&map.to_toml()), Ok(map));
}
