//! File systems of one's own: too small, or read-only.

use std::process::Stdio;

use e2e::process::{Ended, Home};
use tokio::process::Command;

/// Runs `serve` to its end, by a script in which `$0` is the data folder and `"$@"` the command, with mounts of its own.
pub(crate) async fn in_namespace(home: &Home, script: &str) -> Option<Ended> {
    let mut command = namespace(home, script).await?;
    let output = tokio::time::timeout(e2e::DEADLINE, command.output()).await;
    let output = output.expect("it ends in time").expect("a program that can be run");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some(Ended {
        code: output.status.code(),
        output: text(&output.stdout),
        log: text(&output.stderr),
    })
}

/// The command for it; none where this user may not have mounts of their own, as in many containers. The store's own
/// tests fill its disk everywhere.
pub(crate) async fn namespace(home: &Home, script: &str) -> Option<Command> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]).kill_on_drop(true);
        command
    };
    let mut trial = unshare();
    trial.args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]).stdin(Stdio::null());
    if !trial.output().await.is_ok_and(|output| output.status.success()) {
        println!("no mounts of one's own here: not tested");
        return None;
    }
    std::fs::create_dir_all(home.data()).expect("a folder");
    let mut command = unshare();
    command.args(["sh", "-c", script]).arg(home.data()).arg(e2e::process::binary());
    command.args(home.serve());
    Some(command)
}
