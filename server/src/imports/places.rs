//! Files of places, read as they come and imported in batches: a file of any length takes the memory of a few batches.

mod csv;
mod format;
mod geojson;
mod json;
mod meter;
mod object;

use std::io::Read;

use proximity::{Details, IMPORT_MAX, Imported, Proximity, Source, SourceName};
use tokio::sync::mpsc;

use crate::imports::text_file::plain;
pub(crate) use format::{Format, source};

/// Batches that are read but not imported yet.
const BATCHES_WAITING_MAX: usize = 2;

/// A place of a source, by its id there.
type Place = (SourceName, Details);

/// Takes what stands at a line or feature; whether more is wanted.
type Each<'a> = &'a mut dyn FnMut(u64, Result<Place, String>) -> bool;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Report {
    pub(crate) imported: Imported,
    /// Lines or features that are no places.
    pub(crate) refused: u64,
}

/// A line or feature that is no place.
pub(crate) struct Refused {
    /// Which, from 1.
    pub(crate) at: u64,
    pub(crate) why: String,
}

#[derive(Default)]
struct Batch {
    places: Vec<(Source, Details)>,
    refused: Vec<Refused>,
}

/// Imports a file, gzip or not; what is refused is told while the rest goes on.
///
/// Errs if the file can't be read on, or the businesses not be written to: what was imported until then stays, and is
/// found unchanged the next time.
pub(crate) async fn import(
    proximity: &Proximity,
    source: SourceName,
    format: Format,
    file: Box<dyn Read + Send>,
    mut told: impl FnMut(&Refused),
) -> Result<Report, String> {
    let (sender, mut batches) = mpsc::channel(BATCHES_WAITING_MAX);
    let reading = tokio::task::spawn_blocking(move || read(file, format, &source, &sender));
    let mut report = Report::default();
    while let Some(Batch { places, refused }) = batches.recv().await {
        refused.iter().for_each(&mut told);
        report.refused += refused.len() as u64;
        if !places.is_empty() {
            let (imported, _) = proximity.import(places).await.map_err(|e| e.to_string())?;
            report.imported += imported;
        }
    }
    reading.await.map_err(|e| format!("reading has failed: {e}"))??;
    Ok(report)
}

fn read(
    file: Box<dyn Read + Send>,
    format: Format,
    source: &SourceName,
    batches: &mpsc::Sender<Batch>,
) -> Result<(), String> {
    let input = plain(file).map_err(|error| format!("can't read: {error}"))?;
    let mut batch = Batch::default();
    let mut each = |at, place: Result<Place, String>| {
        match place {
            Ok((id, details)) => {
                batch.places.push((Source { name: source.clone(), id }, details));
            }
            Err(why) => batch.refused.push(Refused { at, why }),
        }
        let is_full = batch.places.len() == IMPORT_MAX || batch.refused.len() == IMPORT_MAX;
        // Nobody receives any more only if importing has failed.
        !is_full || batches.blocking_send(std::mem::take(&mut batch)).is_ok()
    };
    let done = match format {
        Format::Csv => csv::read(input, &mut each),
        Format::Ndjson => json::read(input, &mut each),
        Format::Geojson => geojson::read(input, &mut each),
    };
    // Also of a file that breaks off: what was right until there is imported.
    let _ = batches.blocking_send(batch);
    done
}

#[cfg(test)]
mod tests;
