//! The README's quick start, run as it stands there: with bash, curl and Python's `websockets`.
//!
//! Only what would collide on a busy machine is changed: the port, and the folder that it runs in.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use e2e::process::binary;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const README: &str = include_str!("../../../README.md");

/// How long each step may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The code block that follows the marker of this name.
fn block(name: &str) -> &'static str {
    let marker = format!("<!-- quick-start: {name} -->\n");
    let (_, after) = README.split_once(&marker).unwrap_or_else(|| panic!("no {marker}"));
    let (_, code) = after.split_once('\n').expect("a fence");
    code.split_once("\n```").expect("the end of the block").0
}

/// A bash that has the program on its path and finds the service on its port.
fn bash(folder: &Path, address: &str, script: &str) -> Command {
    let programs = binary();
    let programs = programs.parent().expect("a folder").display();
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command
        .args(["-euc", &script.replace("localhost:8080", address)])
        .current_dir(folder)
        .env("PATH", format!("{programs}:{path}"))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn output(mut command: Command) -> String {
    let done = tokio::time::timeout(DEADLINE, command.output()).await;
    let done = done.expect("it ends in time").expect("bash runs");
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).expect("text")
}

/// Waits until both phones have told of the other.
async fn both_see_each_other(phones: &mut Child) {
    let mut lines = BufReader::new(phones.stdout.take().expect("piped")).lines();
    let mut seen = [false; 2];
    while seen != [true; 2] {
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let line = line.expect("a message in time").expect("text").expect(
            "the phones went away. Is Python's package websockets there? ./test installs it",
        );
        let came = line.contains(r#""came":["#) || line.contains(r#""type":"snapshot""#);
        seen[0] |= came && line.contains(r#""id":"bob""#);
        seen[1] |= came && line.contains(r#""id":"alice""#);
    }
}

#[tokio::test]
async fn the_quick_start_works_as_written() {
    // The rest of the quick start finds the key in the folder where the service was started.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let serve = block("serve").lines().last().expect("a command");
    assert_eq!(serve, "whereabouts serve --dev");
    let mut command = Command::new(binary());
    command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]).current_dir(folder);
    let mut service =
        command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the program runs");
    let mut lines = BufReader::new(service.stdout.take().expect("piped")).lines();
    let first = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("in time");
    let first = first.expect("text").expect("a line");
    let address = first.rsplit("http://").next().expect("an address").to_owned();

    output(bash(folder, &address, block("friends"))).await;
    let phone = block("phone.py").replace("localhost:8080", &address);
    std::fs::write(folder.join("phone.py"), phone).expect("written");
    let script = format!("{}\nwait", block("phones"));
    let mut phones = bash(folder, &address, &script).spawn().expect("bash runs");
    both_see_each_other(&mut phones).await;

    let nearby = output(bash(folder, &address, block("nearby"))).await;
    let nearby: serde_json::Value = serde_json::from_str(&nearby).expect("JSON");
    assert_eq!(nearby["friends"][0]["id"], "bob", "{nearby}");
}
