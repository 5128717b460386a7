use std::ffi::OsStr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::servers::server_dir::ServerDir;

/// Where Debian puts each version's programs.
const VERSIONS: &str = "/usr/lib/postgresql";
/// What to do where they are missing.
const REMEDY: &str = "install Debian's package postgresql (apt-get install postgresql)";

/// `PostgreSQL`'s programs, and who runs them.
pub(super) struct Programs {
    folder: PathBuf,
    /// User and group, if it mustn't be us.
    runner: Option<(u32, u32)>,
}

impl Programs {
    /// Those of the newest version that is installed.
    pub(super) fn find() -> Self {
        let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
        let newest = versions
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|version| programs_of(*version).join("postgres").exists())
            .max();
        let newest = newest.unwrap_or_else(|| panic!("PostgreSQL is missing: {REMEDY}"));
        let is_root = rustix::process::geteuid().is_root();
        let runner = is_root.then(|| (number("-u"), number("-g")));
        Self { folder: programs_of(newest), runner }
    }

    /// Gives the folder to whoever runs the programs.
    pub(super) fn give(&self, folder: &Path) {
        if let Some((user, group)) = self.runner {
            chown(folder, Some(user), Some(group)).expect("root may");
        }
    }

    /// A program to be run in the folder.
    pub(super) fn command(&self, program: &str, dir: &ServerDir) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.current_dir(dir.path());
        if let Some((user, group)) = self.runner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs a program to its end.
    pub(super) async fn run(&self, program: &str, dir: &ServerDir, words: &[impl AsRef<OsStr>]) {
        if let Err(said) = self.try_run(program, dir, words).await {
            panic!("{program} failed: {said}");
        }
    }

    /// The same; errs with what it said if it failed.
    pub(super) async fn try_run(
        &self,
        program: &str,
        dir: &ServerDir,
        words: &[impl AsRef<OsStr>],
    ) -> Result<(), String> {
        let mut command = tokio::process::Command::from(self.command(program, dir));
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.expect("a program that can be run");
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn programs_of(version: u32) -> PathBuf {
    Path::new(VERSIONS).join(version.to_string()).join("bin")
}

/// The number of the user `postgres`, or of its group.
fn number(which: &str) -> u32 {
    let output =
        Command::new("id").args([which, "postgres"]).output().expect("a program of Debian");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("there is no user postgres: {REMEDY}"))
}
