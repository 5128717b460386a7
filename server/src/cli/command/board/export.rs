use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::{Done, bar, service};
use crate::cli::args::{ExportArgs, ExportFormat};
use crate::cli::say_error;

const FIELDS: [&str; 4] = ["rank", "user", "display_name", "score"];

/// Writes all who stand on a board, page by page: whoever stays there meanwhile is written once.
pub(super) async fn export(args: &ExportArgs) -> Done {
    let service = service(&args.service)?;
    let first = format!("/v1/scores?board={}&limit=100", args.board);
    let (mut path, mut written, mut bar_of) = (first.clone(), 0_u64, None);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut is_open = write_head(&mut out, args.format);
    while is_open {
        let page = service.get(&path).await?;
        let bar = bar_of.get_or_insert_with(|| bar(page["count"].as_u64().unwrap_or(0), "written"));
        for standing in page["standings"].as_array().into_iter().flatten() {
            is_open = is_open && write_standing(&mut out, args.format, standing);
            written += 1;
        }
        bar.set_position(written);
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => break,
        }
    }
    let _ = out.flush();
    if let Some(bar) = bar_of {
        bar.finish_and_clear();
    }
    say_error!("{written} players of {}.", args.board);
    Ok(ExitCode::SUCCESS)
}

/// Whether whoever reads wants more.
fn write_head(out: &mut impl Write, format: ExportFormat) -> bool {
    match format {
        ExportFormat::Csv => writeln!(out, "{}", FIELDS.join(",")).is_ok(),
        ExportFormat::Ndjson => true,
    }
}

fn write_standing(out: &mut impl Write, format: ExportFormat, standing: &Value) -> bool {
    match format {
        ExportFormat::Ndjson => writeln!(out, "{standing}").is_ok(),
        ExportFormat::Csv => {
            let text = |field: &str| match &standing[field] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(FIELDS.map(text)).is_ok() && writer.flush().is_ok()
        }
    }
}
