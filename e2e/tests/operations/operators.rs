//! Operators' mistakes, and machines that are too small: the program says what is wrong and what to do.
//!
//! A clock that is stepped by an hour is tested where clocks can be set: in the gateway's own tests (`record`,
//! `intake`).

use std::net::TcpListener;

use e2e::process::{Ended, Home, Process, run};
use e2e::{LISBON, Person};
use model::Role;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::mounts::{in_namespace, namespace};

/// Exit codes: of what can't be done, and of a command line that can't be understood.
const FAILED: Option<i32> = Some(1);
const USAGE: Option<i32> = Some(64);

/// It ended with this code, nothing on standard output, and all of these words in what it says.
fn assert_says(ended: &Ended, code: Option<i32>, words: &[&str]) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert_eq!(ended.output, "", "errors go to standard error");
    for word in words {
        assert!(ended.log.contains(word), "{word:?} is missing: {}", ended.log);
    }
    assert!(!ended.log.contains("panicked"), "{}", ended.log);
}

#[tokio::test]
async fn an_unknown_setting_is_named_with_its_place() {
    let home = Home::new("[gateway]\nttl_ms = 60000\ntick_msec = 5\n");
    let ended = home.fail().await;
    assert_says(&ended, FAILED, &["settings.toml", "line 3", "tick_msec", "tick_ms"]);
}

#[tokio::test]
async fn a_setting_out_of_range_is_named_with_its_range() {
    let ended = Home::new("[gateway]\nttl_ms = 5\n").fail().await;
    assert_says(&ended, FAILED, &["gateway.ttl_ms must be from 1000 to 86400000"]);
    let ended = Home::new("[http]\nlisten = \"everywhere\"\n").fail().await;
    assert_says(&ended, FAILED, &["settings.toml", "line 2", "listen"]);
    let ended = Home::new("[log]\nfilter = \"=,=\"\n").fail().await;
    assert_says(&ended, FAILED, &["log.filter"]);
}

#[tokio::test]
async fn a_missing_settings_file_is_named() {
    let ended = run(&["serve", "--config", "/nowhere/settings.toml"]).await;
    assert_says(&ended, FAILED, &["can't read /nowhere/settings.toml"]);
}

#[tokio::test]
async fn a_command_line_that_can_not_be_understood_exits_with_64() {
    let cases: [(&[&str], &str); 6] = [
        (&["serve", "--prot", "80"], "--prot"),
        (&["dance"], "dance"),
        (&[], "Usage"),
        (&["serve", "--listen", "8080"], "--listen"),
        (&["token"], "--user"),
        (&["token", "--user", "alice", "--role", "king"], "king"),
    ];
    for (arguments, word) in cases {
        assert_says(&run(arguments).await, USAGE, &[word]);
    }
    let help = run(&["--help"]).await;
    assert_eq!((help.code, help.log.as_str()), (Some(0), ""));
    assert!(help.output.contains("whereabouts serve"), "{}", help.output);
}

#[tokio::test]
async fn development_mode_does_not_leave_the_machine() {
    let ended = run(&["serve", "--dev", "--listen", "0.0.0.0:0"]).await;
    assert_says(&ended, FAILED, &["dev", "http.listen", "loopback"]);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = other.local_addr().expect("an address").to_string();
    let home = Home::new("");
    let mut arguments = home.serve();
    arguments[2].clone_from(&address);
    let ended = run(&arguments).await;
    assert_says(&ended, FAILED, &["can't listen on", &address, "--listen"]);
    // Nothing stands in the way of the next attempt.
    home.start().await.request("GET", "/ready").await;
}

#[tokio::test]
async fn a_data_folder_that_can_not_be_made_is_named() {
    // Also root can't make a folder there.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let below = file.path().join("data").to_str().expect("a readable path").to_owned();
    for path in [below.as_str(), "/proc/whereabouts"] {
        let ended = run(&["serve", "--listen", "127.0.0.1:0", "--data", path]).await;
        assert_says(&ended, FAILED, &["can't make the data folder", path, "--data"]);
    }
}

#[tokio::test]
async fn a_data_folder_that_is_read_only_is_named() {
    let home = Home::new("");
    home.start().await.kill().await;
    // Root may write everywhere but to a file system that is mounted read-only.
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    let Some(ended) = in_namespace(&home, mount).await else { return };
    assert_says(&ended, FAILED, &["can't write to the data folder", "--data"]);
}

#[tokio::test]
async fn a_full_disk_at_the_start_is_named() {
    let home = Home::new("");
    let mount = "mount -t tmpfs -o size=16k tmpfs \"$0\" && exec \"$@\"";
    let Some(ended) = in_namespace(&home, mount).await else { return };
    assert_says(&ended, FAILED, &["directory.sqlite", "has room", "--data"]);
}

#[tokio::test]
async fn a_disk_that_becomes_full_refuses_writes_and_goes_on_serving() {
    let home = Home::new("");
    // The key lies where the test can read it to make tokens: made before, copied into the small disk.
    home.start().await.kill().await;
    let script = "cp \"$0/token.key\" \"$0/../key\" && mount -t tmpfs -o size=512k tmpfs \"$0\" \
                  && mv \"$0/../key\" \"$0/token.key\" && exec \"$@\"";
    let Some(command) = namespace(&home, script).await else { return };
    let process = home.start_as(command).await;
    process.user("alice").await;
    process.user("bob").await;
    process.befriend("alice", "bob").await;
    let mut full = None;
    for n in 0..20_000 {
        let user = format!("{n:0128}");
        let name = json!({ "display_name": "n".repeat(100) });
        let answer = process.as_service("PUT", &format!("/v1/users/{user}"), Some(name)).await;
        if answer.status >= 300 {
            full = Some(answer);
            break;
        }
    }
    let refused = full.expect("half a megabyte doesn't hold 20,000 users");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    // A change that needs no more room may go well; none is answered with anything else.
    for n in 0..3 {
        let path = format!("/v1/users/late-{n}");
        let name = json!({ "display_name": "n".repeat(100) });
        let answer = process.as_service("PUT", &path, Some(name)).await;
        assert!([200, 201, 503].contains(&answer.status), "{answer:?}");
    }
    let friends = process.as_service("GET", "/v1/users/alice/friends", None).await;
    assert_eq!(friends.json["friends"][0]["id"], "bob");
    let (mut alice, mut bob) = (process.connect("alice").await, process.connect("bob").await);
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    assert!(process.log().contains("full"), "{}", process.log());
}

#[tokio::test]
async fn a_data_folder_in_use_is_left_alone() {
    let home = Home::new("");
    let process = home.start().await;
    let ended = home.fail().await;
    assert_says(&ended, FAILED, &["another process uses the data folder", "--data"]);
    // Who only makes a token doesn't need it for themself.
    let data = home.data();
    let data = data.to_str().expect("a readable path");
    let made = run(&["token", "--user", "alice", "--data", data]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut alice = Person::connect(process.address(), made.output.trim()).await;
    alice.at(LISBON).await;
}

#[tokio::test]
async fn data_of_a_newer_version_is_left_alone() {
    let home = Home::new("");
    home.start().await.kill().await;
    let file = home.data().join("directory.sqlite");
    let mut database: SqliteConnection =
        SqliteConnectOptions::new().filename(&file).connect().await.expect("a database");
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut database).await.expect("set");
    database.close().await.expect("closed");
    let ended = home.fail().await;
    assert_says(&ended, FAILED, &["schema 99", "newer version", "--data"]);
}

#[tokio::test]
async fn data_that_is_damaged_is_named() {
    let home = Home::new("");
    home.start().await.kill().await;
    let file = home.data().join("directory.sqlite");
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(home.data().join(format!("directory.sqlite{beside}")));
    }
    std::fs::write(&file, "this is no database, however long it may go on, ".repeat(200))
        .expect("written");
    let ended = home.fail().await;
    assert_says(&ended, FAILED, &["directory.sqlite", "not a SQLite file", "--data"]);
    std::fs::remove_file(&file).expect("removed");
    std::fs::write(home.data().join("token.key"), "short").expect("written");
    let ended = home.fail().await;
    assert_says(&ended, FAILED, &["token.key", "Remove it to have a new one made"]);
}

#[tokio::test]
async fn with_256_open_files_as_many_as_fit_are_served() {
    let home = Home::new("");
    let process = home.start_in_shell("ulimit -n 256; exec \"$@\"").await;
    let log = process.says("sessions_max=").await;
    let fit = log.split_once("sessions_max=").and_then(|(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
    });
    let fit = fit.unwrap_or_else(|| panic!("it doesn't say how many fit: {log}"));
    assert!((80..256).contains(&fit) && log.contains("ulimit -n"), "{log}");
    let mut inside = Vec::new();
    for n in 0..fit {
        inside.push(process.connect(&format!("person-{n}")).await);
    }
    for n in 0..20 {
        let token = process.token(&format!("late-{n}"), Role::User);
        let refused = Person::try_connect(process.address(), Some(&token)).await;
        assert_eq!(refused.err().expect("a refusal").status(), 503);
    }
    assert_eq!(process.request("GET", "/ready").await.status, 200);
    still_works(&process, &mut inside).await;
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_use_up_256_open_files() {
    let home = Home::new("[http]\nhead_timeout_ms = 1000\n");
    let process = home.start_in_shell("ulimit -n 256; exec \"$@\"").await;
    let mut inside = vec![process.connect("person-0").await, process.connect("person-1").await];
    let mut silent = Vec::new();
    for _ in 0..400 {
        let stream = tokio::net::TcpStream::connect(process.address()).await;
        silent.push(stream.expect("the kernel takes it"));
    }
    // Whoever is inside goes on; whoever comes is served once the silent ones have had their time.
    still_works(&process, &mut inside).await;
    process.connect("carol").await;
    assert!(!process.log().contains("panicked"), "{}", process.log());
}

/// Two who are connected become friends and see each other.
async fn still_works(process: &Process, inside: &mut [Person]) {
    process.befriend("person-0", "person-1").await;
    inside[0].at(LISBON).await;
    inside[1].at(LISBON).await;
    inside[0].expect_near("person-1").await;
}
