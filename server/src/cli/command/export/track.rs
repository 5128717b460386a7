use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use history_writer::http::{COMPLETE_UNTIL, INCOMPLETE};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Role, UserId};

use super::EXPORTER;
use crate::cli::args::ExportTrackArgs;
use crate::cli::command::Done;
use crate::cli::say_error;
use crate::cli::service::{Service, in_path};

/// What the header of what is missing says if nothing is.
const NOTHING: &str = "false";

pub(super) async fn track(args: ExportTrackArgs) -> Done {
    let user = UserId::parse(&args.user).map_err(|fault| format!("--user {fault}"))?;
    let service = Service::new(&args.service, EXPORTER, Role::Service)?;
    let bounds = [("from", args.from), ("to", args.to)];
    let bounds: Vec<_> =
        bounds.iter().filter_map(|(name, ms)| ms.map(|ms| format!("{name}={ms}"))).collect();
    let path = format!("/v1/users/{}/track?{}", in_path(&user), bounds.join("&"));
    let path = path.trim_end_matches('?');
    // It is made with the first piece: a track that is refused leaves another file alone.
    let mut output: Option<Box<dyn Write + Send>> = None;
    let open = || -> std::io::Result<Box<dyn Write + Send>> {
        Ok(match &args.output {
            Some(path) => Box::new(BufWriter::new(File::create(path)?)),
            None => Box::new(std::io::stdout()),
        })
    };
    let bar = bar();
    let write = |piece: &[u8]| {
        let output = match &mut output {
            Some(output) => output,
            none => none.insert(open()?),
        };
        bar.inc(piece.len() as u64);
        output.write_all(piece)
    };
    let written = service.download(path, args.format.format().media_type(), write).await;
    bar.finish_and_clear();
    if let Some(mut output) = output {
        output.flush().map_err(|error| format!("can't write: {error}"))?;
    }
    let headers = written.map_err(|why| format!("{user}: {why}"))?;
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match said(INCOMPLETE).filter(|why| *why != NOTHING) {
        None => Ok(ExitCode::SUCCESS),
        Some(why) => {
            let until = said(COMPLETE_UNTIL).unwrap_or("an unknown moment");
            say_error!("points may be missing that were received until {until}: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// A bar on stderr of bytes, of which nobody knows how many there will be; nothing where that is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length().with_prefix("track");
    let style = ProgressStyle::with_template("{prefix:12} {bytes} {bytes_per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
