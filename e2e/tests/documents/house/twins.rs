//! Parts don't write the same thing twice: what two of them need lies in `api/` or `sql/`.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use proc_macro2::TokenStream;

use super::PARTS;
use super::tokens::{Kind, flatten};
use crate::documents::tree;

/// So many lines in a row that are equal as tokens, with all names and literals taken for the same, are one thing that
/// was written twice. Neighbours of one shape count as one line: that is a table, such as that of a crate's metrics.
const LINES_EQUAL: usize = 12;

/// Words that say how something is done, whatever it is called.
const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "false",
    "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref",
    "return", "self", "Self", "static", "struct", "super", "trait", "true", "type", "unsafe",
    "use", "where", "while",
];

/// A line of a part: where it stands.
type Place = (usize, usize);

#[test]
fn two_parts_never_say_the_same() {
    let files: Vec<_> = tree::rust_files()
        .into_iter()
        .filter_map(|(path, text)| {
            let part = *PARTS.iter().find(|part| path.starts_with(&format!("{part}/src/")))?;
            // A table, with several lines for each word.
            if path.ends_with("/src/problems.rs") {
                return None;
            }
            Some((part, path, shapes(&text)))
        })
        .collect();
    let mut places: HashMap<Vec<&str>, Vec<Place>> = HashMap::new();
    for (file, (_, _, lines)) in files.iter().enumerate() {
        for (at, window) in lines.windows(LINES_EQUAL).enumerate() {
            let shape = window.iter().map(|(_, shape)| shape.as_str()).collect();
            places.entry(shape).or_default().push((file, at));
        }
    }
    let mut twins = BTreeMap::new();
    for places in places.into_values() {
        let (first, at) = places[0];
        let other = places.iter().find(|(file, _)| files[*file].0 != files[first].0);
        let Some(&(second, there)) = other else { continue };
        let line = |file: usize, at: usize| files[file].2[at].0;
        // The first line of each pair of files is enough to find it.
        let found = twins
            .entry((files[first].1.clone(), files[second].1.clone()))
            .or_insert((line(first, at), line(second, there)));
        *found = (*found).min((line(first, at), line(second, there)));
    }
    let twins: Vec<_> = twins
        .into_iter()
        .map(|((first, second), (at, there))| format!("{first}:{at} and {second}:{there}"))
        .collect();
    assert!(
        twins.is_empty(),
        "{LINES_EQUAL} lines or more that are equal but for names: move what both need into api/ (doors) or sql/ \
         (stores): {twins:#?}"
    );
}

/// The shape of each line that has tokens and isn't shaped as the one before, with its number.
fn shapes(text: &str) -> Vec<(usize, String)> {
    let mut lines: BTreeMap<usize, String> = BTreeMap::new();
    let mut tokens = Vec::new();
    flatten(TokenStream::from_str(text).expect("Rust"), &mut tokens);
    for token in tokens {
        let shape = match token.kind {
            Kind::Word if KEYWORDS.contains(&token.text.as_str()) => token.text.as_str(),
            Kind::Word => "N",
            Kind::Literal => "0",
            Kind::Mark => token.text.as_str(),
        };
        let line = lines.entry(token.line).or_default();
        line.push_str(shape);
        line.push(' ');
    }
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.dedup_by(|line, before| line.1 == before.1);
    lines
}
