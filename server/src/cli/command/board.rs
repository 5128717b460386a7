mod export;
mod show;

use std::process::ExitCode;

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use model::Role;
use serde_json::Value;

use super::Done;
use super::columns::table;
use crate::cli::args::{BoardArgs, BoardCommand, ListArgs, OneArgs, ServiceArgs};
use crate::cli::say;
use crate::cli::service::Service;

/// Who asks, in the service's log.
const OPERATOR: &str = "operator";

pub(crate) async fn board(args: BoardArgs) -> Done {
    match args.what {
        BoardCommand::List(args) => list(&args).await,
        BoardCommand::Show(args) => show::show(&args).await,
        BoardCommand::Verify(args) => verify(&args).await,
        BoardCommand::Rebuild(args) => rebuild(&args).await,
        BoardCommand::Export(args) => export::export(&args).await,
    }
}

fn service(args: &ServiceArgs) -> Result<Service, String> {
    Service::new(args, OPERATOR, Role::Operator)
}

/// A field as a cell of a table.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn list(args: &ListArgs) -> Done {
    let service = service(&args.service)?;
    let (mut path, mut rows) = ("/v1/boards?limit=100".to_owned(), Vec::new());
    loop {
        let page = service.get(&path).await?;
        for board in page["boards"].as_array().into_iter().flatten() {
            let id = cell(&board["id"]);
            let top = service.get(&format!("/v1/scores?board={id}&limit=1")).await?;
            if args.json {
                let mut line = board.clone();
                line["count"] = top["count"].clone();
                say!("{line}");
            }
            let [wins, operator, ranks, readers] =
                ["wins", "operator", "ranks", "readers"].map(|field| cell(&board[field]));
            rows.push([id, cell(&top["count"]), wins, operator, ranks, readers]);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/boards?limit=100&cursor={cursor}"),
            None => break,
        }
    }
    if !args.json {
        let headings = ["board", "players", "wins", "keeps", "ranks", "readers"];
        say!("{}", table(headings, 1..2, rows));
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(args: &OneArgs) -> Done {
    let service = service(&args.service)?;
    let id = &args.board;
    let top = service.get(&format!("/v1/scores?board={id}&limit=1")).await?;
    let bar = bar(top["count"].as_u64().unwrap_or(0), "compared");
    let mut last = Value::Null;
    let path = format!("/v1/boards/{id}/index/verification");
    let lines = service.post_for_lines(&path, |line| {
        bar.set_position(line["players"].as_u64().unwrap_or(0));
        last = line;
    });
    let done = lines.await;
    bar.finish_and_clear();
    done?;
    if let Some(fault) = last["fault"].as_str() {
        return Err(format!("{id} can't be verified: {fault}"));
    }
    let result = &last["result"];
    if result.is_null() {
        return Err(format!("{id}: the service ended the answer before the result"));
    }
    let users = result["users"].as_array().map(Vec::as_slice).unwrap_or_default();
    for user in users {
        say!("{} {}", style("different").red(), cell(user));
    }
    let surplus = match result["surplus"].as_i64() {
        Some(0) => "as many stand there as by the log".to_owned(),
        Some(n) => format!("{n:+} stand there that don't by the log"),
        None => "how many stand there couldn't be compared, as scores came meanwhile".to_owned(),
    };
    say!(
        "{id} as of {}: {} players compared, {} different, {} unsettled; {surplus}.",
        cell(&result["as_of"]),
        cell(&last["players"]),
        cell(&result["differing"]),
        cell(&result["unsettled"]),
    );
    let is_right = result["is_right"] == true;
    if !is_right {
        say!("Have its ranks built anew: whereabouts board rebuild {id}");
    }
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rebuild(args: &OneArgs) -> Done {
    let service = service(&args.service)?;
    let id = &args.board;
    let spinner = ProgressBar::new_spinner().with_message(format!("{id} is being built anew …"));
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    let done = service.post(&format!("/v1/boards/{id}/index/rebuild"), "{}".to_owned()).await;
    spinner.finish_and_clear();
    let index = done?;
    say!("{id} is built anew, as of {}.", cell(&index["index"]));
    Ok(ExitCode::SUCCESS)
}

/// A bar on stderr; nothing where that is no terminal.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_prefix(what);
    let style = ProgressStyle::with_template("{prefix:12} {bar:30} {pos} of {len} {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
