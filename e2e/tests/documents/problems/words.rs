//! The words of problems that a file of the source says: wherever one is made, the word is a literal, or it comes from where it is
//! one, and such places are listed.

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Crates that answer no request.
const TOOLS: [&str; 3] = ["bench/", "e2e/", "simulation/"];

/// What makes a problem, or hands a word to what does, and which of its arguments the word is.
const MAKERS: [(&str, usize); 6] = [
    ("Problem::new", 1),
    ("Problem::with_status", 1),
    ("Self::with_status", 1),
    ("self::invalid", 0),
    ("self::refused", 0),
    ("Self::new", 1),
];

/// Where the word is chosen by a `match`: each of its arms that is a word counts.
const CHOOSERS: [&str; 4] = ["auth/error.rs", "overspent.rs", "http/waiting.rs", "http/arrival.rs"];

/// What hands a word on that is a literal elsewhere: of `refusals!`, of a chooser, or of whoever calls it.
const HANDED_ON: [&str; 8] = [
    "code",
    "code : & 'static str",
    "overspent . code ()",
    "problem . code ()",
    "refusal . code ()",
    "refusal . reason ()",
    "self . code",
    "status (kind)",
];

/// All of them.
pub(super) fn of_problems(path: &str, text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    if TOOLS.iter().any(|tool| path.starts_with(tool))
        || !text.contains("Problem") && !text.contains("refusals!")
    {
        return words;
    }
    // Tests stand last in a file.
    let served = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let tokens: Vec<_> = TokenStream::from_str(served).expect("Rust").into_iter().collect();
    let mut file = File { path, words: &mut words };
    file.read(&tokens);
    words
}

struct File<'a> {
    path: &'a str,
    words: &'a mut BTreeSet<String>,
}

impl File<'_> {
    fn read(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            let inner: Vec<_> = group.stream().into_iter().collect();
            let before = &tokens[..at];
            if group.delimiter() == Delimiter::Parenthesis {
                self.call(&name(before), &inner);
            }
            if name(before) == "refusals!" {
                self.refusals(&inner);
            }
            self.read(&inner);
        }
        if CHOOSERS.iter().any(|chooser| self.path.ends_with(chooser)) {
            let arms = tokens.windows(3).filter(|it| text(&it[..2]) == "= >");
            self.words.extend(arms.filter_map(|it| word(&it[2])));
        }
    }

    fn call(&mut self, name: &str, arguments: &[TokenTree]) {
        let Some((_, place)) = MAKERS.iter().find(|(maker, _)| *maker == name) else { return };
        let is_comma = |token: &TokenTree| token.to_string() == ",";
        let mut arguments = arguments.split(is_comma).filter(|argument| !argument.is_empty());
        let Some(argument) = arguments.nth(*place) else { return };
        match argument {
            [token] if word(token).is_some() => self.words.extend(word(token)),
            _ if name == "Self::new" || name.starts_with("self::") => {}
            _ => {
                let said = text(argument);
                assert!(
                    HANDED_ON.contains(&said.as_str()),
                    "{}: {name} takes {said}: a literal, or say in this test where its words are",
                    self.path
                );
            }
        }
    }

    /// The words of `Variant = Kind, "word", "sentence";`.
    fn refusals(&mut self, tokens: &[TokenTree]) {
        for token in tokens {
            let TokenTree::Group(group) = token else { continue };
            let variants: Vec<_> = group.stream().into_iter().collect();
            let words = variants
                .windows(4)
                .filter(|it| it[0].to_string() == "=" && it[2].to_string() == ",");
            self.words.extend(words.filter_map(|it| word(&it[3])));
        }
    }
}

/// What is called by a parenthesis behind these tokens, or the macro whose brace stands there.
fn name(before: &[TokenTree]) -> String {
    let texts: Vec<_> = before.iter().rev().take(4).map(ToString::to_string).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["!", name, ..] => format!("{name}!"),
        [name, ":", ":", owner] => format!("{owner}::{name}"),
        ["new" | "with_status", ..] => "self::new".to_owned(),
        [name, "fn", ..] => format!("fn {name}"),
        [name, ..] => format!("self::{name}"),
        [] => String::new(),
    }
}

/// A literal that is a word.
fn word(token: &TokenTree) -> Option<String> {
    let text = token.to_string();
    let word = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_word = word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_word.then(|| word.to_owned())
}

fn text(tokens: &[TokenTree]) -> String {
    tokens.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
