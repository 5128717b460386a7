//! ARCHITECTURE.md leads to what it names: every file that stands in backquotes is there, and so is what is said to be
//! in it (`path/to/file.rs::function`).

use std::path::Path;

use super::items::items;
use crate::documents::markdown::{quoted, table};
use crate::documents::tree;

/// What a newcomer asks first, each answered by a row of the table "Five questions".
const QUESTIONS: [&str; 5] = [
    "How does a friend vanish after ten minutes?",
    "Where is the hysteresis?",
    "What happens when Redis restarts?",
    "How is a cursor made?",
    "Where is each limit?",
];

#[test]
fn files_that_are_named_are_there() {
    let files = tree::rust_files();
    let page = tree::read("ARCHITECTURE.md");
    let mut lost = Vec::new();
    for place in quoted(&prose(&page)).into_iter().flat_map(spread) {
        let Some((path, inner)) = split(&place) else { continue };
        // A path is told from the folder that its sentence is about, or from the root.
        let mut there = files.iter().filter(|(file, _)| {
            file == path || file.strip_suffix(path).is_some_and(|before| before.ends_with('/'))
        });
        let found = match inner {
            None => there.next().is_some(),
            Some(name) => there.any(|(_, text)| items(text).contains(name)),
        };
        if !found {
            lost.push(place);
        }
    }
    assert!(lost.is_empty(), "ARCHITECTURE.md names what isn't there: {lost:#?}");
}

#[test]
fn a_newcomers_questions_are_answered_with_file_and_function() {
    let rows = table(&tree::read("ARCHITECTURE.md"), "Five questions");
    for question in QUESTIONS {
        let row = rows.iter().find(|row| row[0] == question);
        let row = row.unwrap_or_else(|| panic!("nobody answers: {question}"));
        let functions = quoted(&row[1]).into_iter().filter(|place| place.contains(".rs::"));
        assert!(functions.count() > 0, "no file and function: {question}");
    }
}

/// The page without its drawings.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`.
fn spread(place: &str) -> Vec<String> {
    let Some((before, rest)) = place.split_once('{') else { return vec![place.to_owned()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![place.to_owned()] };
    choices.split(',').flat_map(|choice| spread(&format!("{before}{choice}{after}"))).collect()
}

/// The file that is named, and what in it.
fn split(place: &str) -> Option<(&str, Option<&str>)> {
    if place.contains([' ', '*']) {
        return None;
    }
    let (path, inner) = match place.split_once(".rs::") {
        Some((path, inner)) => (&place[..path.len() + 3], inner.rsplit("::").next()),
        None => (place, None),
    };
    let is_rust = Path::new(path).extension().is_some_and(|ending| ending == "rs");
    is_rust.then_some((path, inner))
}
