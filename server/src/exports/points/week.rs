use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use tempfile::TempDir;

use super::day::{DayFiles, DaySummary};
use super::layout::{Day, Folder};
use super::page::Row;

/// The rows of all its days that wait to be written, each some hundred bytes: with as many the day that has most is written.
pub(crate) const WEEK_ROWS_MAX: usize = 1 << 19;
/// How folders are called in which something is written: readers of Parquet pass over such names.
const UNFINISHED: &str = ".unfinished-";

/// The days of a week that are written at the same time. What isn't finished is removed when it is dropped.
pub(crate) struct Week<'a> {
    folder: &'a Folder,
    unfinished: TempDir,
    days: BTreeMap<Day, DayFiles>,
    waiting: usize,
    waiting_max: usize,
}

impl<'a> Week<'a> {
    /// Of these days, others' points are left out. No more rows than these wait to be written at a time.
    pub(crate) fn new(
        folder: &'a Folder,
        days: &BTreeSet<Day>,
        waiting_max: usize,
    ) -> Result<Self, String> {
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(folder.path());
        let unfinished = unfinished.map_err(|error| unwritable(folder, &error))?;
        let files = |day: &Day| (*day, DayFiles::new(unfinished.path().join(day.to_string())));
        let days = days.iter().map(files).collect();
        Ok(Self { folder, days, unfinished, waiting: 0, waiting_max })
    }

    /// Adds a point. Users come in the order of their ids, the points of each in the order of time; answers whether it is of one of
    /// the days.
    pub(crate) fn add(&mut self, user: &str, row: &Row<'_>) -> Result<bool, String> {
        let Some(day) = self.days.get_mut(&Day::at(Timestamp(row.time_ms))) else {
            return Ok(false);
        };
        day.add(user, row);
        self.waiting += 1;
        if self.waiting >= self.waiting_max
            && let Some(fullest) = self.days.values_mut().max_by_key(|day| day.waiting())
        {
            self.waiting -= fullest.waiting();
            fullest.write().map_err(|error| unwritable(self.folder, &error))?;
        }
        Ok(true)
    }

    /// Puts each day in its place, and says what is in it. A day that is whole is replaced by a whole one only: `None` where it
    /// stays.
    pub(crate) fn finish(
        mut self,
        is_whole: impl Fn(Day) -> bool,
    ) -> Result<Vec<(Day, Option<DaySummary>)>, String> {
        let mut written = Vec::new();
        for (day, files) in &mut self.days {
            let summary = files.finish().map_err(|error| unwritable(self.folder, &error))?;
            if self.folder.is_whole(*day) && !is_whole(*day) {
                written.push((*day, None));
                continue;
            }
            let folder = (summary.points > 0).then(|| files.folder());
            let put = self.folder.put(*day, folder, is_whole(*day));
            put.map_err(|error| unwritable(self.folder, &error))?;
            written.push((*day, Some(summary)));
        }
        let removed = self.unfinished.close();
        removed.map_err(|error| unwritable(self.folder, &error))?;
        Ok(written)
    }
}

fn unwritable(folder: &Folder, error: &dyn std::error::Error) -> String {
    format!("can't write into {}: {error}", folder.path().display())
}
