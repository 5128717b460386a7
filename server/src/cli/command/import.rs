mod scores;
mod track;

use std::fs::File;
use std::process::ExitCode;
use std::sync::Arc;

use api::SystemRandom;
use indicatif::{ProgressBar, ProgressStyle};
use model::SystemClock;
use proximity::SourceName;

use super::{Done, config};
use crate::cli::args::{ImportArgs, ImportCommand, PlacesArgs};
use crate::cli::{say, say_error};
use crate::data_dir::DataDir;
use crate::imports::places::{self, Format, Report};
use crate::logs;
use crate::parts::{Businesses, Part as _, open_businesses};

pub(crate) async fn import(args: ImportArgs) -> Done {
    match args.what {
        ImportCommand::Places(args) => places(args).await,
        ImportCommand::Scores(args) => scores::scores(args).await,
        ImportCommand::Track(args) => track::track(args).await,
    }
}

async fn places(args: PlacesArgs) -> Done {
    let shown = args.file.display().to_string();
    let format = args.format.or_else(|| Format::from_path(&args.file)).ok_or_else(|| {
        format!("{shown}: the name doesn't tell the format; say --format csv, ndjson or geojson")
    })?;
    let source = match &args.source {
        Some(name) => SourceName::parse(name).map_err(|fault| format!("--source {fault}"))?,
        None => places::source(&args.file)
            .ok_or_else(|| format!("{shown}: the name doesn't tell a source; say --source NAME"))?,
    };
    let config = config(&args.sources)?;
    logs::start(&config.log.clone().of_command())?;
    let file = File::open(&args.file).map_err(|e| format!("can't read {shown}: {e}"))?;
    let length = file.metadata().map_err(|e| format!("can't read {shown}: {e}"))?.len();

    let needs_data_dir = Businesses.needs_data_dir(&config);
    let _held = needs_data_dir.then(|| DataDir::open(&config.data.dir)).transpose()?;
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    let opened = open_businesses(&config, clock, random).await?;
    let bar = bar(length, "places");
    let told = |refused: &places::Refused| {
        bar.suspend(|| say_error!("{shown}: {} {}: {}", format.unit(), refused.at, refused.why));
    };
    let read = Box::new(bar.wrap_read(file));
    let done = places::import(&opened, source.clone(), format, read, told).await;
    bar.finish_and_clear();
    let report =
        done.map_err(|why| format!("{shown}: {why}. What was imported until then stays."))?;
    say!("{}", words(&source, &report));
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A bar on stderr, over the bytes of the file; nothing where that is no terminal.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_prefix(what);
    let style = ProgressStyle::with_template("{prefix:12} {bar:30} {percent} % {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn words(source: &SourceName, report: &Report) -> String {
    let Report { imported, refused } = report;
    format!(
        "Places of {source}: {} new, {} changed, {} as they were, {} left to their owners, {refused} refused.",
        imported.created, imported.changed, imported.unchanged, imported.owned
    )
}
