use std::process::ExitCode;

use console::{StyledObject, style};
use serde_json::Value;

use super::{cell, service};
use crate::cli::args::OneArgs;
use crate::cli::command::Done;
use crate::cli::command::columns::table;
use crate::cli::say;

/// As wide as the longest name of a rule.
const LABEL_CHARACTERS: usize = 24;

pub(super) async fn show(args: &OneArgs) -> Done {
    let service = service(&args.service)?;
    let id = &args.board;
    let board = service.get(&format!("/v1/boards/{id}")).await?;
    for (name, value) in lines("", &board) {
        say!("{} {value}", label(&name));
    }
    let index = service.get(&format!("/v1/boards/{id}/index")).await?;
    let behind = match (&index["behind"], &index["fault"]) {
        (Value::Number(behind), _) if behind.as_u64() == Some(0) => {
            style("up to date".to_owned()).green()
        }
        (Value::Number(behind), _) => style(format!("{behind} changes behind the log")).yellow(),
        (_, fault) => style(format!("can't be told: {}", cell(fault))).red(),
    };
    say!("{} {behind} ({})", label("index"), cell(&index["log"]));
    let top = service.get(&format!("/v1/scores?board={id}&limit=10")).await;
    // While ranks are away there is nothing more to show.
    if let Ok(top) = top {
        say!("{} {}\n", label("players"), cell(&top["count"]));
        let standings = top["standings"].as_array().into_iter().flatten();
        let row =
            |it: &Value| ["rank", "display_name", "user", "score"].map(|field| cell(&it[field]));
        say!("{}", table(["rank", "name", "user", "score"], 0..1, standings.map(row)));
    }
    Ok(ExitCode::SUCCESS)
}

fn label(name: &str) -> StyledObject<String> {
    style(format!("{name:<LABEL_CHARACTERS$}")).dim()
}

/// What is known of a board, a line each: fields of objects by their path, moments in words. What is null is left out.
fn lines(path: &str, value: &Value) -> Vec<(String, String)> {
    let within =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => Vec::new(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| lines(&within(name), value)).collect()
        }
        Value::Number(ms) if is_moment(path) => {
            let moment = ms.as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let (name, value) = (path.trim_end_matches("_ms"), moment.map(|it| it.to_string()));
            vec![(name.to_owned(), value.unwrap_or_else(|| ms.to_string()))]
        }
        other => vec![(path.to_owned(), cell(other))],
    }
}

/// The API has spans in milliseconds too; those are told as they are.
fn is_moment(path: &str) -> bool {
    ["created_ms", "starts_ms", "ends_ms", "closes_ms"].iter().any(|name| path.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_told_in_words_and_spans_as_they_are() {
        let board = json!({
            "id": "weekly", "score_min": null,
            "season": {"cron": "0 0 * * mon", "grace_ms": 3000},
            "current_season": {"number": 2, "ends_ms": 1_795_768_800_000_i64},
        });
        let told = lines("", &board);
        let told: Vec<_> = told.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            told,
            [
                ("current_season.ends", "2026-11-27T08:40:00Z"),
                ("current_season.number", "2"),
                ("id", "weekly"),
                ("season.cron", "0 0 * * mon"),
                ("season.grace_ms", "3000"),
            ]
        );
    }
}
