//! What becomes of every value of every field: the table in PROTOCOL.md, and this program, say the same.

use std::fmt::Write as _;

use super::*;
use crate::session::boards::{AROUND_MAX, TOP_MAX};

const PROTOCOL: &str = include_str!("../../../../../PROTOCOL.md");

/// What stands in each column but the edges.
const VALUES: [(&str, &str); 7] = [
    ("null", "null"),
    ("−1", "-1"),
    ("0", "0"),
    ("0.5", "0.5"),
    ("1e300", "1e300"),
    ("text", "\"x\""),
    ("list", "[1]"),
];

/// The edges of a field's range: the first two are within, the others aren't.
#[derive(Clone, Copy)]
enum Edges {
    Numbers([f64; 4]),
    Wholes([&'static str; 4]),
    /// The shortest and the longest text, and one longer.
    Texts(usize),
    None,
}

struct Row {
    message: &'static str,
    field: &'static str,
    edges: Edges,
}

fn rows() -> Vec<Row> {
    let row = |message, field, edges| Row { message, field, edges };
    let around = |low: f64, high: f64| Edges::Numbers([low, high, low - 1.0, high + 1.0]);
    let whole = Edges::Wholes(["0", "9007199254740992", "-1", "9007199254740993"]);
    let time =
        Edges::Wholes(["946684800000", "253402300799999", "946684799999", "253402300800000"]);
    let (top, beyond) = (TOP_MAX.to_string().leak(), (TOP_MAX + 1).to_string().leak());
    let (most, too_many) = (AROUND_MAX.to_string().leak(), (AROUND_MAX + 1).to_string().leak());
    let mut rows = vec![row("auth", "token", Edges::None), row("renew", "token", Edges::None)];
    for message in ["fix", "fixes[]"] {
        if message == "fix" {
            rows.push(row(message, "device", Edges::Texts(64)));
        }
        rows.extend([
            row(message, "seq", whole),
            row(message, "latitude", around(-90.0, 90.0)),
            row(message, "longitude", around(-180.0, 180.0)),
            row(message, "accuracy_m", around(0.0, 100_000.0)),
            row(message, "altitude_m", around(-12_000.0, 100_000.0)),
            row(message, "speed_mps", around(0.0, 360.0)),
            row(message, "heading_deg", around(0.0, 360.0)),
            row(message, "battery_percent", around(0.0, 100.0)),
            row(message, "time_ms", time),
        ]);
    }
    rows.extend([
        row("fixes", "device", Edges::Texts(64)),
        row("fixes", "fixes", Edges::None),
        row("keep", "device", Edges::Texts(64)),
        row("sign_off", "device", Edges::Texts(64)),
        row("watch_board", "board", Edges::Texts(64)),
        row("watch_board", "top", Edges::Wholes(["0", top, "-1", beyond])),
        row("watch_board", "around", Edges::Wholes(["0", most, "-1", too_many])),
        row("unwatch_board", "board", Edges::Texts(64)),
        row("ping", "id", whole),
    ]);
    rows
}

impl Row {
    /// A message that is right, but for what stands in this field.
    fn message(&self, value: Option<&str>) -> String {
        let fix = [("seq", "1"), ("latitude", "1"), ("longitude", "2")];
        let (mut fields, wrap): (Vec<_>, _) = match self.message {
            "auth" | "renew" => (vec![("token", "\"x\"")], false),
            "fix" => ([("device", "\"d\"")].into_iter().chain(fix).collect(), false),
            "fixes[]" => (fix.into(), true),
            "fixes" => {
                let one = r#"[{"seq":1,"latitude":1,"longitude":2}]"#;
                (vec![("device", "\"d\""), ("fixes", one)], false)
            }
            "keep" | "sign_off" => (vec![("device", "\"d\"")], false),
            "watch_board" | "unwatch_board" => (vec![("board", "\"b\"")], false),
            _ => (vec![("id", "1")], false),
        };
        fields.retain(|(name, _)| *name != self.field);
        fields.extend(value.map(|value| (self.field, value)));
        let fields: Vec<_> = fields.iter().map(|(name, it)| format!("\"{name}\":{it}")).collect();
        let fields = fields.join(",");
        if wrap {
            return format!(r#"{{"type":"fixes","device":"d","fixes":[{{{fields}}}]}}"#);
        }
        let comma = if fields.is_empty() { "" } else { "," };
        format!(r#"{{"type":"{}"{comma}{fields}}}"#, self.message)
    }

    /// What becomes of it, in the words of the table.
    fn outcome(&self, value: Option<&str>) -> String {
        let says_nothing = value.is_none_or(|value| value == "null");
        match parse(&self.message(value), BATCH_MAX) {
            Err(rejection) => format!("`{}`", rejection.word.as_str()),
            Ok(Request::Fixes { refused, .. }) if !refused.is_empty() => "`refused`".to_owned(),
            Ok(Request::Fixes { fixes, .. }) if fixes[0].fix.is_none() => {
                "`no_position`".to_owned()
            }
            Ok(Request::Fixes { fixes, left_out, .. }) if left_out.counts().count() > 0 => {
                let accuracy = fixes[0].fix.and_then(|fix| fix.accuracy_m);
                if accuracy.is_some() { "clamped" } else { "left out" }.to_owned()
            }
            Ok(_) => if says_nothing { "–" } else { "✓" }.to_owned(),
        }
    }

    /// The outcomes of several values, which must be the same.
    fn same(&self, values: &[String]) -> String {
        let outcomes: Vec<_> = values.iter().map(|value| self.outcome(Some(value))).collect();
        let first = outcomes[0].clone();
        assert!(outcomes.iter().all(|it| *it == first), "{} {values:?}: {outcomes:?}", self.field);
        first
    }

    fn edges(&self) -> [String; 2] {
        let text = |length: usize| format!("\"{}\"", "x".repeat(length));
        let (inner, outer): (Vec<String>, Vec<String>) = match self.edges {
            Edges::None => return [String::new(), String::new()],
            Edges::Texts(max) => (vec![text(1), text(max)], vec![text(0), text(max + 1)]),
            Edges::Wholes(edges) => {
                let edges = edges.map(str::to_owned);
                (edges[..2].to_vec(), edges[2..].to_vec())
            }
            Edges::Numbers(edges) => {
                let edges = edges.map(|edge| edge.to_string());
                (edges[..2].to_vec(), edges[2..].to_vec())
            }
        };
        let outside: Vec<_> = outer.iter().map(|value| self.outcome(Some(value))).collect();
        let outside = if outside[0] == outside[1] {
            outside[0].clone()
        } else {
            format!("{} below, {} above", outside[0], outside[1])
        };
        [self.same(&inner), outside]
    }
}

fn table() -> String {
    let columns: Vec<_> = VALUES.iter().map(|(name, _)| *name).collect();
    let mut table = format!(
        "| message | field | absent | {} | at an edge | beyond by 1 |\n|{}\n",
        columns.join(" | "),
        "---|".repeat(VALUES.len() + 5)
    );
    for row in rows() {
        let values = VALUES.map(|(_, value)| row.outcome(Some(value)));
        let [inner, outer] = row.edges();
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {} | {} | {inner} | {outer} |",
            row.message,
            row.field,
            row.outcome(None),
            values.join(" | ")
        );
    }
    table
}

#[test]
fn every_value_of_every_field_has_the_outcome_of_the_table() {
    let table = table();
    assert!(PROTOCOL.contains(&table), "PROTOCOL.md must have this table:\n{table}");
}
