use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};

use history_writer::TimeRange;
use model::Timestamp;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use super::page::Row;
use super::{Day, Folder, Week};

const DAY_MS: i64 = 86_400_000;
/// The rows that wait in these tests: a file has several row groups then, and a day several files.
const FEW: usize = 4;

fn row(time_ms: i64) -> Row<'static> {
    Row {
        latitude: 48.137_154,
        longitude: -11.576_124,
        time_ms,
        accuracy_m: (time_ms % 3 == 0).then_some(5.25),
        altitude_m: None,
        speed_mps: Some(0.01),
        heading_deg: None,
        battery_percent: None,
        device: Cow::Borrowed("phone"),
        seq: u64::MAX,
        received_ms: time_ms + 1,
        unshown: (time_ms % 2 == 0).then_some(Cow::Borrowed("older")),
    }
}

fn days(range: std::ops::Range<i64>) -> BTreeSet<Day> {
    let at = |day: i64| Timestamp(day * DAY_MS);
    Day::all_in(TimeRange { from: at(range.start), to: at(range.end) }).collect()
}

/// Users with as many points on each of the first two days.
fn write(folder: &Folder, users: &[&str], points: i64, is_whole: bool) -> Vec<Option<u64>> {
    let days = days(0..3);
    let mut week = Week::new(folder, &days, FEW).expect("a folder");
    for user in users {
        for time_ms in (0..2).flat_map(|day| (0..points).map(move |n| day * DAY_MS + n)) {
            assert!(week.add(user, &row(time_ms)).expect("written"));
        }
    }
    assert_eq!(week.add("zoe", &row(-1)), Ok(false), "of no day of these");
    let written = week.finish(|_| is_whole).expect("finished");
    written.into_iter().map(|(_, summary)| summary.map(|it| it.points)).collect()
}

/// User and time of all points of a day, in the order of the files, and of how many files.
fn read(folder: &Folder, day: &str) -> (Vec<(String, i64)>, usize) {
    let entries = fs::read_dir(folder.path().join(day)).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "parquet"));
    paths.sort();
    let mut found = Vec::new();
    for path in &paths {
        let file = SerializedFileReader::new(File::open(path).expect("a file")).expect("Parquet");
        for read in file.get_row_iter(None).expect("rows") {
            let read = read.expect("a row");
            let time_ms = read.get_timestamp_millis(2).expect("a time");
            let expected = row(time_ms);
            assert_eq!(read.get_timestamp_millis(3).ok(), Some(expected.received_ms));
            assert_eq!(read.get_ulong(4).ok(), Some(expected.seq));
            assert_eq!(read.get_double(5).ok(), Some(expected.latitude));
            assert_eq!(read.get_double(6).ok(), Some(expected.longitude));
            assert_eq!(read.get_double(7).ok(), expected.accuracy_m);
            assert_eq!(read.get_double(8).ok(), None);
            assert_eq!(read.get_string(12).ok().map(String::as_str), expected.unshown.as_deref());
            found.push((read.get_string(0).expect("a user").clone(), time_ms));
        }
    }
    (found, paths.len())
}

#[test]
fn days_come_back_in_order_in_however_many_files() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(&home.path().join("points")).expect("made");
    let users = ["ann", "ben|2", "Ünal"];
    assert_eq!(write(&folder, &users, 200, true), [Some(600), Some(600), Some(0)]);
    for (day, name) in [(0, "day=1970-01-01"), (1, "day=1970-01-02")] {
        let (found, files) = read(&folder, name);
        let expected: Vec<_> = users
            .iter()
            .flat_map(|user| (0..200).map(move |n| ((*user).to_owned(), day * DAY_MS + n)))
            .collect();
        assert_eq!(found, expected);
        assert!(files > 1, "{name}");
    }
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 2, "nothing of an empty day, nor what was unfinished");
}

#[test]
fn a_day_is_replaced_in_whole_and_a_whole_one_by_such_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(home.path()).expect("made");
    let count = || read(&folder, "day=1970-01-01").0.len();
    let [first, _, third] = days(0..3).into_iter().collect::<Vec<_>>()[..] else {
        panic!("three days")
    };
    write(&folder, &["ann"], 5, false);
    assert!(count() == 5 && !folder.is_whole(first));
    write(&folder, &["ann"], 4, false);
    assert_eq!(count(), 4);
    write(&folder, &["ann"], 600, true);
    assert!(count() == 600 && folder.is_whole(first) && !folder.is_whole(third));
    let stayed = write(&folder, &["ann"], 3, false);
    assert_eq!(stayed, [None, None, Some(0)]);
    assert_eq!(count(), 600);
    write(&folder, &["ann"], 1, true);
    assert_eq!(count(), 1, "no file of before is left");
    // Whose points were erased since are gone.
    write(&folder, &[], 0, true);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn what_is_not_finished_is_removed_and_files_of_others_are_left_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(home.path()).expect("made");
    let wanted = days(0..1);
    let mut week = Week::new(&folder, &wanted, 1).expect("a folder");
    assert_eq!(week.add("ann", &row(5)), Ok(true));
    drop(week);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let notes = home.path().join("day=1970-01-01").join("notes.txt");
    fs::create_dir_all(notes.parent().expect("a folder")).expect("made");
    fs::write(&notes, "mine").expect("written");
    let mut week = Week::new(&folder, &wanted, 1).expect("a folder");
    assert_eq!(week.add("ann", &row(5)), Ok(true));
    let refused = week.finish(|_| true).expect_err("a file of others");
    assert!(refused.contains("notes.txt") && notes.exists(), "{refused}");
}
