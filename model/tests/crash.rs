//! `cargo test -p model --features crash-points`
#![cfg(feature = "crash-points")]

use std::process::{Command, Stdio};

use model::crash;

/// Run by the other test in a process of its own.
#[test]
fn a_point_is_passed() {
    crash::point("here");
}

#[test]
fn a_process_ends_at_the_point_that_is_named_and_at_no_other() {
    let exe = std::env::current_exe().expect("this test");
    let passes = |named: Option<&str>| {
        let mut child = Command::new(&exe);
        child.args(["--exact", "a_point_is_passed"]).stdout(Stdio::null()).stderr(Stdio::null());
        child.env_remove("WHEREABOUTS_CRASH_AT");
        child.envs(named.map(|name| ("WHEREABOUTS_CRASH_AT", name)));
        child.status().expect("a process").success()
    };
    assert!(passes(None) && passes(Some("there")) && passes(Some("")));
    assert!(!passes(Some("here")));
}
