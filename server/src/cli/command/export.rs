mod lacks;
mod points;
mod track;
mod whose;

use super::Done;
use crate::cli::args::{ExportCommand, ExportWhatArgs};

/// Who we are to the service.
const EXPORTER: &str = "export";

pub(crate) async fn export(args: ExportWhatArgs) -> Done {
    match args.what {
        ExportCommand::Track(args) => track::track(args).await,
        ExportCommand::Points(args) => points::points(args).await,
    }
}
