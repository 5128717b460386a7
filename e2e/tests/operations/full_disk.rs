//! A disk that is full, for the log of movement history and for its store, until somebody makes room.

use std::collections::BTreeSet;
use std::path::PathBuf;

use e2e::process::{Home, Process};
use e2e::{DEADLINE, Person};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::history::{UNHURRIED, send_batch};
use super::mounts::namespace;

/// Fixes of one message.
const BATCH: u64 = 100;
/// As many messages as the disk hasn't room for, at most.
const BATCHES_MAX: u64 = 2_000;

/// Sends messages until so many in a row were kept as `kept` says; adds the numbers of those that are on the disk.
async fn send_until(person: &mut Person, next: &mut u64, kept: &str, durable: &mut BTreeSet<u64>) {
    let mut in_a_row = 0;
    for _ in 0..BATCHES_MAX {
        let ack = send_batch(person, *next).await;
        if ack["kept"] == "disk" {
            durable.extend(*next..*next + BATCH);
        }
        *next += BATCH;
        in_a_row = if ack["kept"] == kept { in_a_row + 1 } else { 0 };
        if in_a_row == 3 {
            return;
        }
        person.heard.clear();
    }
    panic!("it never comes to {kept}");
}

/// The numbers in a track, each once; and why it may lack some.
async fn track(process: &Process) -> (BTreeSet<u64>, String) {
    let (mut all, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/v1/users/ann/track?limit=10000{cursor}");
        let page = process.as_service("GET", &path, None).await.json;
        for point in page["points"].as_array().expect("points") {
            assert!(all.insert(point["seq"].as_u64().expect("a number")), "{point} is there twice");
        }
        let Some(next) = page["next_cursor"].as_str() else {
            return (all, page["incomplete_because"].to_string());
        };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_disk_was_full_and_after_it_has_room_again_is_there() {
    let settings = "[rest]\nservice_cost_per_s = 1000000000\nservice_cost_burst = 1000000000\n\
                    [history]\nchunk_age_ms = 1000\n";
    let home = Home::new(&format!("{UNHURRIED}{settings}"));
    // The key lies where the test can read it to make tokens: made before, copied into the small disk.
    home.start().await.kill().await;
    let script = "cp \"$0/token.key\" \"$0/../key\" && mount -t tmpfs -o size=6m tmpfs \"$0\" \
                  && mv \"$0/../key\" \"$0/token.key\" && head -c 4M /dev/zero > \"$0/ballast\" && exec \"$@\"";
    let Some(command) = namespace(&home, script).await else { return };
    let process = home.start_as(command).await;
    let mut ann = process.connect("ann").await;
    let (mut next, mut durable) = (1, BTreeSet::new());
    send_until(&mut ann, &mut next, "memory", &mut durable).await;

    // The disk is seen by those only who see what the process sees.
    let data = home.data().canonicalize().expect("a folder");
    let seen = PathBuf::from(format!("/proc/{}/root{}", process.id(), data.display()));
    std::fs::remove_file(seen.join("ballast")).expect("removed");
    send_until(&mut ann, &mut next, "disk", &mut durable).await;
    let deadline = Instant::now() + DEADLINE;
    while process.request("GET", "/ready").await.json["degraded"] != json!([]) {
        assert!(Instant::now() < deadline, "there is room: {}", process.log());
        sleep(std::time::Duration::from_millis(50)).await;
    }
    let (there, why) = track(&process).await;
    let lost: Vec<_> = durable.difference(&there).collect();
    assert!(lost.is_empty(), "{lost:?} were acknowledged, and aren't there");
    assert!(there.iter().all(|seq| *seq < next), "nobody sent it");
    assert!(why.contains("refused"), "others weren't kept, and nobody says so: {why}");
}
