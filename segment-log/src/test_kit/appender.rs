use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The signal of a process that aborts, as it does at a crash point.
pub const SIGABRT: i32 = 6;
/// The signal of a process that is killed.
pub const SIGKILL: i32 = 9;

/// Another process that appends batches to a log, one for each turn that it is given, and says which of them are kept. It
/// runs a test of the same program as this one, which uses [`wait_for_turn`] and [`kept`].
#[derive(Debug)]
pub struct Appender {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    kept: u64,
}

impl Appender {
    /// Starts the test of this name (`module_path!()` and the function) with an environment. The first batch has the number
    /// `first`; at the crash point `crash_at` the process dies.
    pub fn start(test: &str, env: &[(&str, &OsStr)], first: u64, crash_at: Option<&str>) -> Self {
        let this = std::env::current_exe().expect("this test");
        let mut command = Command::new(this);
        let test = test.split_once("::").expect("a crate").1;
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.envs(env.iter().copied()).env_remove("WHEREABOUTS_CRASH_AT");
        command.envs(crash_at.map(|point| ("WHEREABOUTS_CRASH_AT", point)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let input = child.stdin.take().expect("its input");
        Self { child, input, lines, kept: first }
    }

    /// Lets it append so many batches more.
    pub fn give(&mut self, batches: u64) {
        // It may be gone.
        let _ = self.input.write_all(&vec![0; batches as usize]);
    }

    /// Reads what it says until it has kept so many batches, or is gone.
    pub fn until(&mut self, kept: u64) {
        while self.kept < kept {
            let Some(Ok(line)) = self.lines.next() else { return };
            if let Some((_, n)) = line.split_once("kept ") {
                self.kept = n.parse::<u64>().expect("a number") + 1;
            }
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
    }

    /// By which signal it ends, if by one, and how many batches it said were kept.
    pub fn end(mut self) -> (Option<i32>, u64) {
        self.until(u64::MAX);
        (self.child.wait().expect("it ends").signal(), self.kept)
    }
}

/// In the other process: waits until it may append the next batch.
pub fn wait_for_turn() {
    std::io::stdin().read_exact(&mut [0]).expect("a byte");
}

/// In the other process: says that the batch of this number is kept.
pub fn kept(batch: u64) {
    println!("kept {batch}");
}
