use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::errors::Result;
use parquet::file::writer::SerializedFileWriter;

use super::columns::Columns;
use super::layout::part_name;
use super::page::Row;
use super::schema::{PROPERTIES, SCHEMA};

/// Row groups of a file; then another one begins. What the end of a file says of each is in memory until then.
const GROUPS_MAX: usize = 64;

/// What was written of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DaySummary {
    pub(crate) points: u64,
    pub(crate) users: u64,
    pub(crate) bytes: u64,
}

/// The files of a day, in a folder that nobody reads yet.
pub(super) struct DayFiles {
    folder: PathBuf,
    columns: Columns,
    file: Option<SerializedFileWriter<File>>,
    files: usize,
    user: String,
    summary: DaySummary,
}

impl DayFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        let (columns, file, files) = (Columns::default(), None, 0);
        Self { folder, columns, file, files, user: String::new(), summary: DaySummary::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Rows that wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.columns.len()
    }

    /// Adds a row. All of a user come behind each other.
    pub(super) fn add(&mut self, user: &str, row: &Row<'_>) {
        if self.user != user || self.summary.points == 0 {
            user.clone_into(&mut self.user);
            self.summary.users += 1;
        }
        self.summary.points += 1;
        self.columns.add(user, row);
    }

    /// Writes what waits as a row group.
    pub(super) fn write(&mut self) -> Result<()> {
        if self.columns.len() == 0 {
            return Ok(());
        }
        if self.file.as_ref().is_some_and(|it| it.flushed_row_groups().len() >= GROUPS_MAX) {
            self.close()?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                fs::create_dir_all(&self.folder)?;
                let file = File::create_new(self.folder.join(part_name(self.files)))?;
                self.files += 1;
                let writer = SerializedFileWriter::new(file, SCHEMA.clone(), PROPERTIES.clone())?;
                none.insert(writer)
            }
        };
        self.columns.write(file)
    }

    /// Writes all that waits and closes the files.
    pub(super) fn finish(&mut self) -> Result<DaySummary> {
        self.write()?;
        self.close()?;
        Ok(self.summary)
    }

    /// Writes the end of a file, and sees to it that it is on disk.
    fn close(&mut self) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let file = file.into_inner()?;
        file.sync_all()?;
        self.summary.bytes += file.metadata()?.len();
        Ok(())
    }
}
