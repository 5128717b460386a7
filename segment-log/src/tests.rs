//! Frames are read as they were written, and whatever else stands in a file comes to an error or to the end of what is
//! whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use crate::test_kit::FaultyDisk;
use crate::{
    CrashPoints, Error, FileFormat, FrameReader, HEADER_BYTES, Next, OpenFrame, Recovered,
    Settings, Stop, Writer, header, recover, segment, segments,
};

const FORMAT: FileFormat = FileFormat { magic: *b"segments", version: 3 };
const NAME: &str = "the log of a test";

fn settings(segment_bytes_max: u64) -> Settings {
    let crash_points = CrashPoints {
        tail_cut: "",
        written: "",
        synced: "",
        segment_made: "",
        segment_synced: "",
        segment_started: "",
    };
    Settings { name: NAME, format: FORMAT, segment_bytes_max, crash_points }
}

/// Each content as a frame of as many records as it has bytes.
fn frame(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let open = OpenFrame::begin(&mut out, number);
    out.extend_from_slice(content);
    open.close(&mut out).expect("small");
    out
}

/// Opens a log, and says what it has.
fn open(folder: &Path, bytes_max: u64) -> Result<(Writer, Vec<Vec<u8>>), Error> {
    let mut contents = Vec::new();
    let take = |content: &[u8]| {
        contents.push(content.to_vec());
        Some(content.len() as u64)
    };
    let Recovered { tail, .. } = recover(folder, FORMAT, &segments(folder)?, 1, take)?;
    let disk = Arc::new(FaultyDisk::default());
    let writer = Writer::open(disk, folder, tail, settings(bytes_max), Stop::new(NAME))?;
    Ok((writer, contents))
}

fn write(folder: &Path, bytes_max: u64, contents: &[Vec<u8>]) {
    let (mut writer, _) = open(folder, bytes_max).expect("opens");
    for content in contents {
        let frame = frame(writer.next(), content);
        writer.write(&frame, content.len() as u64).expect("written");
    }
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..20)
}

fn newest(folder: &Path) -> PathBuf {
    segment(folder, *segments(folder).expect("a folder").last().expect("a segment"))
}

proptest! {
    #[test]
    fn what_was_written_is_read_in_its_order(contents in contents(), bytes_max in 1_u64..300) {
        let folder = TempDir::new().expect("a folder");
        let (first, second) = contents.split_at(contents.len() / 2);
        write(folder.path(), bytes_max, first);
        write(folder.path(), bytes_max, second);
        let (writer, read) = open(folder.path(), bytes_max).expect("opens");
        prop_assert_eq!(&read, &contents);
        prop_assert_eq!(writer.next(), 1 + contents.concat().len() as u64);
    }

    #[test]
    fn a_torn_end_costs_only_the_frame_that_is_torn(
        contents in contents(),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = TempDir::new().expect("a folder");
        write(folder.path(), u64::MAX, &contents);
        let path = newest(folder.path());
        let bytes = std::fs::read(&path).expect("a file");
        let cut = cut.index(bytes.len());
        std::fs::write(&path, &bytes[..cut]).expect("written");
        let (_, read) = open(folder.path(), u64::MAX).expect("opens");
        prop_assert_eq!(&read[..], &contents[..read.len()]);
        let whole = |frames: usize| {
            HEADER_BYTES + contents[..frames].iter().map(|it| 16 + it.len()).sum::<usize>()
        };
        prop_assert!(whole(read.len()) <= cut || read.is_empty());
        prop_assert!(read.len() == contents.len() || cut < whole(read.len() + 1));
    }

    /// Neither a panic nor more memory than the file has bytes, whatever its frames say of their lengths.
    #[test]
    fn any_bytes_behind_a_header_are_frames_or_an_end(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
    ) {
        let folder = TempDir::new().expect("a folder");
        let mut file = header(FORMAT, 1).to_vec();
        let whole = frame(1, b"content");
        file.extend(&bytes[..at.index(bytes.len() + 1)]);
        file.extend(&whole);
        file.extend(&bytes[at.index(bytes.len() + 1)..]);
        std::fs::write(segment(folder.path(), 1), &file).expect("written");
        let path = segment(folder.path(), 1);
        let mut reader = FrameReader::open(&path, FORMAT, 1).expect("ours").expect("a header");
        while let Next::Frame { .. } = reader.next_frame().expect("readable") {
            prop_assert!(reader.at() <= file.len() as u64);
        }
    }

    #[test]
    fn any_bytes_are_no_log_or_an_empty_one(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(segment(folder.path(), 1), &bytes).expect("written");
        match open(folder.path(), u64::MAX) {
            Ok((_, read)) => prop_assert!(read.is_empty() && bytes.len() <= HEADER_BYTES),
            Err(error) => prop_assert!(matches!(error, Error::Damaged { at: 0, .. }), "{}", error),
        }
    }
}

#[test]
fn a_writer_that_is_stopped_says_why_and_writes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let stop = Stop::new(NAME);
    let disk = Arc::new(FaultyDisk::default());
    let mut writer =
        Writer::open(disk, folder.path(), Err(1), settings(100), stop.clone()).expect("opens");
    let first = stop.stop("a test wants it");
    stop.stop("a later reason");
    let refused = writer.write(&frame(1, b"content"), 7).expect_err("stopped");
    assert_eq!(refused.to_string(), first.to_string());
    assert!(stop.why().is_some_and(|why| why.contains("a test wants it")));
    assert_eq!(std::fs::read(newest(folder.path())).expect("a file").len(), HEADER_BYTES);
}
