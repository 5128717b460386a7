use std::collections::BTreeMap;

use super::known::Pair;
use super::line::Line;

/// A user's lists of others.
pub(crate) struct Lists {
    friends: Vec<String>,
    asked: Vec<String>,
    asked_by: Vec<String>,
    blocks: Vec<String>,
}

impl Lists {
    pub(crate) async fn read(line: &mut Line, user: &str) -> Self {
        let mut list = async |path: &str, name: &str| {
            let found = line.read(&format!("/v1/users/{user}/{path}")).await;
            let entries = found[name].as_array().expect("a list").clone();
            entries.iter().filter_map(|e| e["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        Self {
            friends: list("friends", "friends").await,
            asked: list("friend-requests?direction=outgoing", "requests").await,
            asked_by: list("friend-requests?direction=incoming", "requests").await,
            blocks: list("blocks", "blocks").await,
        }
    }
}

/// What both sides say stands between them; they must agree.
pub(crate) fn between(lists: &BTreeMap<String, Lists>, a: &str, b: &str) -> Pair {
    let (of_a, of_b) = (&lists[a], &lists[b]);
    let has = |list: &[String], id: &str| list.iter().any(|other| other == id);
    let seen = (
        [has(&of_a.friends, b), has(&of_b.friends, a)],
        [has(&of_a.asked, b), has(&of_b.asked_by, a)],
        [has(&of_b.asked, a), has(&of_a.asked_by, b)],
        [has(&of_a.blocks, b), has(&of_b.blocks, a)],
    );
    let (no, yes) = ([false, false], [true, true]);
    match seen {
        (f, ab, ba, bl) if f == no && ab == no && ba == no && bl == no => Pair::Nothing,
        (f, ab, ba, bl) if f == yes && ab == no && ba == no && bl == no => Pair::Friends,
        (f, ab, ba, bl) if f == no && ab == yes && ba == no && bl == no => Pair::Asked,
        (f, ab, ba, [true, false]) if f == no && ab == no && ba == no => Pair::Blocked,
        half => panic!("{a} and {b} are half something: {half:?}"),
    }
}
