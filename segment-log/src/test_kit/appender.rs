use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The signal of a process that aborts, as it does at a crash point.
pub const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

/// Names the data folder to the other process, and the first batch.
const DATA_DIR: &str = "SEGMENT_LOG_TEST_DATA_DIR";
const FIRST: &str = "SEGMENT_LOG_TEST_FIRST";

/// Another process that appends batches to a log, one for each turn that it is given, and says which of them are kept. It
/// runs a test of the same program as this one, which uses [`appending`], [`wait_for_turn`] and [`kept`].
#[derive(Debug)]
pub struct Appender {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    kept: u64,
}

impl Appender {
    /// Starts the test of this name (`module_path!()` and the function) on a log in a data folder. The first batch has the
    /// number `first`; at the crash point `crash_at` the process dies.
    fn start(test: &str, data_dir: &Path, first: u64, crash_at: Option<&str>) -> Self {
        let this = std::env::current_exe().expect("this test");
        let mut command = Command::new(this);
        let test = test.split_once("::").expect("a crate").1;
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(DATA_DIR, data_dir).env(FIRST, first.to_string());
        command.env_remove("WHEREABOUTS_CRASH_AT");
        command.envs(crash_at.map(|point| ("WHEREABOUTS_CRASH_AT", point)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let input = child.stdin.take().expect("its input");
        Self { child, input, lines, kept: first }
    }

    /// Lets a process append the batches of a range, or until it dies; says by which signal it ended, if by one, and how
    /// many batches are kept.
    pub fn append_all(
        test: &str,
        data_dir: &Path,
        batches: Range<u64>,
        crash_at: Option<&str>,
    ) -> (Option<i32>, u64) {
        let mut appender = Self::start(test, data_dir, batches.start, crash_at);
        appender.give(batches.end - batches.start);
        appender.end()
    }

    /// Kills processes a little later each time, behind or within what comes after a batch. `check` is told how many batches
    /// were said to be kept, and says how many are; so does this at the end.
    pub fn kill_at_any_time(test: &str, data_dir: &Path, check: impl Fn(u64) -> u64) -> u64 {
        let mut kept = 0;
        for round in 0..10 {
            let mut appender = Self::start(test, data_dir, kept, None);
            appender.give(5);
            appender.until(kept + 3);
            for _ in 0..round * 10_000 {
                std::hint::spin_loop();
            }
            appender.child.kill().expect("killed");
            let (signal, answered) = appender.end();
            assert_eq!(signal, Some(SIGKILL));
            kept = check(answered);
        }
        kept
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

/// In the other process: the data folder, and the number of the first batch. `None` if the test runs with all others.
pub fn appending() -> Option<(PathBuf, u64)> {
    let data_dir = std::env::var_os(DATA_DIR)?;
    let first = std::env::var(FIRST).ok()?.parse().expect("a number");
    Some((data_dir.into(), first))
}

/// In the other process: waits until it may append the next batch.
pub fn wait_for_turn() {
    std::io::stdin().read_exact(&mut [0]).expect("a byte");
}

/// In the other process: says that the batch of this number is kept.
pub fn kept(batch: u64) {
    println!("kept {batch}");
}
