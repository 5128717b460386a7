//! Files of scores, read as they come: each line is an event as the service takes it.

mod csv;
mod lines;

use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::imports::text_file::plain;

/// How scores are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoresFormat {
    /// A line an event, behind a line that names the columns
    Csv,
    /// A JSON object a line
    Ndjson,
}

impl ScoresFormat {
    /// By the name of the file, `.gz` or not.
    pub(crate) fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        match name.trim_end_matches(".gz").rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// An event of a file, as the body of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// The line that it stands on, from 1.
    pub(crate) line: u64,
    pub(crate) body: Map<String, Value>,
}

/// What a file leaves to its reader.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults {
    /// The board of events that name none.
    pub(crate) board: Option<String>,
    /// What the keys of those without begin with.
    pub(crate) source: String,
    /// What columns are called in the file, where that is something else: ours first.
    pub(crate) columns: Vec<(String, String)>,
}

/// Takes what a line is; whether more is wanted.
pub(crate) type Each<'a> = &'a mut dyn FnMut(u64, Result<Event, String>) -> bool;

/// Reads a file, gzip or not. Errs if it can't be read on.
pub(crate) fn read(
    file: Box<dyn Read + Send>,
    format: ScoresFormat,
    defaults: &Defaults,
    each: Each<'_>,
) -> Result<(), String> {
    let input = plain(file).map_err(|error| format!("can't read: {error}"))?;
    let mut complete = |line, body: Result<Map<String, Value>, String>| {
        each(line, body.map(|body| Event { line, body: completed(body, line, defaults) }))
    };
    match format {
        ScoresFormat::Csv => {
            csv::read(input, &defaults.columns, defaults.board.is_some(), &mut complete)
        }
        ScoresFormat::Ndjson => lines::read(input, &mut complete),
    }
}

/// An event with what its line doesn't say.
fn completed(mut body: Map<String, Value>, line: u64, defaults: &Defaults) -> Map<String, Value> {
    if !body.contains_key("key") {
        body.insert("key".to_owned(), format!("{}:{line}", defaults.source).into());
    }
    if let Some(board) = &defaults.board
        && !body.contains_key("board")
        && !body.contains_key("changes")
    {
        body.insert("board".to_owned(), board.clone().into());
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_all(
        text: &str,
        format: ScoresFormat,
        defaults: &Defaults,
    ) -> Vec<Result<Value, String>> {
        let mut all = Vec::new();
        let file = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
        let done = read(file, format, defaults, &mut |_, event| {
            all.push(event.map(|event| Value::Object(event.body)));
            true
        });
        done.expect("read to its end");
        all
    }

    fn defaults() -> Defaults {
        Defaults { board: Some("b".into()), source: "file".into(), columns: Vec::new() }
    }

    #[test]
    fn lines_of_a_table_are_events() {
        let text = "user,delta,key,more\nann,5,k1,x\nbob,-9007199254740993,,\ncid,1.5,k,\n,1,k,\n";
        let all = read_all(text, ScoresFormat::Csv, &defaults());
        assert_eq!(all[0], Ok(json!({"user": "ann", "delta": 5, "key": "k1", "board": "b"})));
        let exact = json!({"user": "bob", "delta": -9_007_199_254_740_993_i64, "key": "file:3", "board": "b"});
        assert_eq!(all[1], Ok(exact), "and no double in between");
        assert_eq!(all[2], Err("delta is no whole number of 64 bits".to_owned()));
        assert_eq!(all[3], Err("user is missing".to_owned()));
    }

    #[test]
    fn columns_may_have_other_names() {
        let columns = vec![("user".into(), "player".into()), ("score".into(), "best".into())];
        let defaults = Defaults { columns, ..defaults() };
        let all = read_all("best,board,player\n7,x,ann\n", ScoresFormat::Csv, &defaults);
        assert_eq!(all, [Ok(json!({"user": "ann", "score": 7, "board": "x", "key": "file:2"}))]);
    }

    #[test]
    fn a_table_without_what_is_needed_is_no_table_of_scores() {
        let read = |text: &str| {
            let file = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
            read(file, ScoresFormat::Csv, &Defaults::default(), &mut |_, _| true)
        };
        for (text, lacks) in [
            ("delta,board\n", "user"),
            ("user,delta\n", "board"),
            ("user,board\n", "delta or score"),
        ] {
            let error = read(text).expect_err("not enough columns");
            assert!(error.contains(lacks) && error.contains("--columns"), "{error}");
        }
    }

    #[test]
    fn objects_are_taken_as_they_are() {
        let text = "{\"user\":\"ann\",\"delta\":1}\n\n[]\n{\"key\":\"k\",\"changes\":[]}\n";
        let all = read_all(text, ScoresFormat::Ndjson, &defaults());
        let first = json!({"user": "ann", "delta": 1, "key": "file:1", "board": "b"});
        assert_eq!(all[0], Ok(first));
        assert_eq!(all[1], Err("is not a JSON object".to_owned()));
        assert_eq!(all[2], Ok(json!({"key": "k", "changes": []})));
    }
}
