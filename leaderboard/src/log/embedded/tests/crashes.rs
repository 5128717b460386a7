//! A process that dies, at every named point and at any time, and another that goes on.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::damage::run;
use super::world::{SMALL, World, batch, expected, read, state_of, write};
use crate::embedded::{EmbeddedLog, crash_points};
use crate::log::embedded::disk::LocalDisk;
use crate::log::embedded::options::{Appended, Options};
use crate::{Log, LogId};

const BATCHES: u64 = 60;
/// Names the data folder to a process that appends, and the first batch.
const DATA_DIR: &str = "LEADERBOARD_TEST_DATA_DIR";
const FIRST: &str = "LEADERBOARD_TEST_FIRST";
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

/// With snapshots every few batches.
fn options() -> Options {
    let snapshot_after = Appended { bytes: u64::MAX, records: 25 };
    Options { snapshot_after, erasing_wait: Duration::ZERO, ..SMALL }
}

fn world() -> World {
    World { options: options(), ..World::new() }
}

/// Run by the other tests in a process of its own: appends a batch for each byte that it reads, and says that it is kept.
#[test]
fn a_process_appends() {
    let (Some(data_dir), Ok(first)) = (std::env::var_os(DATA_DIR), std::env::var(FIRST)) else {
        return;
    };
    let first = first.parse().expect("a number");
    run(append(&PathBuf::from(data_dir), first));
}

async fn append(data_dir: &Path, first: u64) {
    let log = EmbeddedLog::open_with(data_dir, options(), Arc::new(LocalDisk), LogId(7)).await;
    let log = log.expect("opens");
    for n in first..BATCHES {
        std::io::stdin().read_exact(&mut [0]).expect("a byte");
        log.append(batch(n)).await.expect("appended");
        println!("kept {n}");
        // So that its points come at the same batches in every run.
        log.snapshots.wait();
    }
}

/// Another process that appends, and what it says.
struct Appender {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    kept: u64,
}

impl Appender {
    fn start(world: &World, first: u64, crash_at: Option<&str>) -> Self {
        let this = std::env::current_exe().expect("this test");
        let mut command = Command::new(this);
        let test = concat!(module_path!(), "::a_process_appends");
        let test = test.split_once("::").expect("a crate").1;
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(DATA_DIR, world.data_dir.path()).env(FIRST, first.to_string());
        command.env_remove("WHEREABOUTS_CRASH_AT");
        command.envs(crash_at.map(|point| ("WHEREABOUTS_CRASH_AT", point)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let input = child.stdin.take().expect("its input");
        Self { child, input, lines, kept: first }
    }

    /// Lets it append so many batches more.
    fn give(&mut self, batches: u64) {
        // It may be gone.
        let _ = self.input.write_all(&vec![0; batches as usize]);
    }

    /// Reads what it says until it has kept so many batches, or is gone.
    fn until(&mut self, kept: u64) {
        while self.kept < kept {
            let Some(Ok(line)) = self.lines.next() else { return };
            if let Some((_, n)) = line.split_once("kept ") {
                self.kept = n.parse::<u64>().expect("a number") + 1;
            }
        }
    }

    /// By which signal it ends, if by one, and how many batches it said were kept.
    fn end(mut self) -> (Option<i32>, u64) {
        self.until(u64::MAX);
        (self.child.wait().expect("it ends").signal(), self.kept)
    }
}

/// Lets a process append all batches from `first` on; says by which signal it ended, and how many were kept.
fn append_all(world: &World, first: u64, crash_at: Option<&str>) -> (Option<i32>, u64) {
    let mut appender = Appender::start(world, first, crash_at);
    appender.give(BATCHES - first);
    appender.end()
}

/// The log has what was kept, and perhaps what was being written; says how many batches that is.
fn check(world: &World, kept: u64, when: &str) -> u64 {
    let states = expected().0;
    let state = run(world.state());
    let kept = kept + u64::from(states[kept as usize + 1] == state);
    assert!(state == states[kept as usize], "{when}: {state}");
    kept
}

#[test]
fn what_was_answered_survives_a_crash_at_every_point() {
    for point in crash_points::ALL {
        let world = world();
        let (old, _) = run(World::filled(3));
        for segment in old.segments() {
            let name = segment.file_name().expect("a name");
            std::fs::create_dir_all(world.folder()).expect("made");
            // An end that is torn, to be cut off.
            write(&world.folder().join(name), &[read(&segment), vec![7; 5]].concat());
        }
        let (signal, kept) = append_all(&world, 3, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = check(&world, kept, point);
        let (signal, kept) = append_all(&world, kept, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert!(run(world.state()) == expected().0[BATCHES as usize], "after {point}");
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let world = world();
    let mut kept = 0;
    // With each round a little later within what comes behind a batch.
    for round in 0..10 {
        let mut appender = Appender::start(&world, kept, None);
        appender.give(5);
        appender.until(kept + 3);
        for _ in 0..round * 10_000 {
            std::hint::spin_loop();
        }
        appender.child.kill().expect("killed");
        let (signal, answered) = appender.end();
        assert_eq!(signal, Some(SIGKILL));
        kept = check(&world, answered, "killed");
    }
    let log = run(world.open()).expect("opens");
    assert!(state_of(&log) == expected().0[kept as usize]);
}
