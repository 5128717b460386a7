use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use indicatif::ProgressBar;
use model::Role;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Done, bar};
use crate::cli::args::ScoresArgs;
use crate::cli::service::Service;
use crate::cli::{say, say_error};
use crate::imports::scores::{self, Defaults, Event, ScoresFormat};

/// The most events of one request, and the most bytes that they have in it: what the service takes at once.
const EVENTS_MAX: usize = 256;
const BYTES_MAX: usize = 60 * 1024;
/// Events that are read but not posted yet.
const EVENTS_WAITING_MAX: usize = 4 * EVENTS_MAX;
/// Lines that can't be counted are named, up to so many.
const NAMED_MAX: u64 = 50;

/// A line, and what it is.
type Line = (u64, Result<Event, String>);

pub(super) async fn scores(args: ScoresArgs) -> Done {
    let shown = args.file.display().to_string();
    let format = args.format.or_else(|| ScoresFormat::from_path(&args.file)).ok_or_else(|| {
        format!("{shown}: the name doesn't tell the format; say --format csv or ndjson")
    })?;
    let name = args.file.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let source = args.source.clone().unwrap_or_else(|| name.to_owned());
    let defaults = Defaults { board: args.board.clone(), source, columns: args.columns.clone() };
    let service = Service::new(&args.service, &args.producer, Role::Service)?;
    let file = File::open(&args.file).map_err(|e| format!("can't read {shown}: {e}"))?;
    let length = file.metadata().map_err(|e| format!("can't read {shown}: {e}"))?.len();
    let bar = bar(length, "scores");
    let (lines, waiting) = mpsc::channel(EVENTS_WAITING_MAX);
    let read: Box<dyn Read + Send> = Box::new(bar.wrap_read(file));
    let reading = tokio::task::spawn_blocking(move || {
        let mut each = |line, event| lines.blocking_send((line, event)).is_ok();
        scores::read(read, format, &defaults, &mut each)
    });
    let mut import = Import { service, shown, bar, known: HashSet::new(), taken: 0, refused: 0 };
    let done = import.run(waiting).await;
    import.bar.finish_and_clear();
    let read = reading.await.map_err(|e| format!("reading has failed: {e}"))?;
    let Import { shown, taken, refused, .. } = import;
    let what_stays = "What was counted until then stays, and counts once if it is imported again";
    done.and(read).map_err(|why| format!("{shown}: {why}. {what_stays}."))?;
    say!(
        "Scores of {shown}: {taken} taken, {refused} refused. What had been imported before counts once."
    );
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Import {
    service: Service,
    shown: String,
    bar: ProgressBar,
    /// Boards that are there.
    known: HashSet<String>,
    taken: u64,
    refused: u64,
}

impl Import {
    async fn run(&mut self, mut lines: mpsc::Receiver<Line>) -> Result<(), String> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some((line, event)) = lines.recv().await {
            let event = match event {
                Ok(event) => event,
                Err(why) => {
                    self.refuse(line, &why);
                    continue;
                }
            };
            let body = Value::Object(event.body).to_string();
            if batch.len() == EVENTS_MAX || bytes + body.len() > BYTES_MAX {
                self.post(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += body.len() + 1;
            batch.push((event.line, body));
        }
        if batch.is_empty() { Ok(()) } else { self.post(batch).await }
    }

    async fn post(&mut self, batch: Vec<(u64, String)>) -> Result<(), String> {
        for (_, body) in &batch {
            self.find_boards(body).await?;
        }
        let events: Vec<&str> = batch.iter().map(|(_, body)| body.as_str()).collect();
        let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
        let answer = self.service.post("/v1/scores", body).await?;
        let outcomes = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        if outcomes.len() != batch.len() {
            return Err("the service answered other events than it was sent".to_owned());
        }
        for ((line, _), outcome) in batch.iter().zip(outcomes) {
            match outcome["problem"]["detail"].as_str() {
                Some(why) => self.refuse(*line, why),
                None => self.taken += 1,
            }
        }
        Ok(())
    }

    /// A board that isn't there would have all of its lines refused, for as long as their keys are remembered.
    async fn find_boards(&mut self, body: &str) -> Result<(), String> {
        let event: Value = serde_json::from_str(body).unwrap_or(json!({}));
        let changes = event["changes"].as_array().cloned().unwrap_or_default();
        for change in std::iter::once(&event).chain(&changes) {
            let Some(board) = change["board"].as_str() else { continue };
            // What can't be a name the service will say.
            if self.known.contains(board) || model::BoardId::parse(board).is_err() {
                continue;
            }
            if self.service.find(&format!("/v1/boards/{board}")).await?.is_none() {
                return Err(format!(
                    "there is no board {board}. Make it first: PUT /v1/boards/{board}"
                ));
            }
            self.known.insert(board.to_owned());
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, why: &str) {
        self.refused += 1;
        let shown = &self.shown;
        self.bar.suspend(|| match self.refused {
            ..NAMED_MAX => say_error!("{shown}: line {line}: {why}"),
            NAMED_MAX => say_error!("{shown}: line {line}: {why}; further ones aren't named"),
            _ => {}
        });
    }
}
