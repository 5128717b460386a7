//! Movement history as operators meet it: without it, with a full disk, with a key that is missing.

use e2e::process::{Ended, Home, run};
use e2e::{LISBON, Person, Sandbox, north_of};
use serde_json::{Value, json};

use super::mounts::namespace;

/// Fixes of one message.
const BATCH: u64 = 100;

/// As many fixes a second as a test likes.
pub(super) const UNHURRIED: &str = "[gateway]\nfixes_per_s = 1000000\nfixes_burst = 1000000\n\
                         messages_per_s = 1000000\nmessages_burst = 1000000\n\
                         bytes_per_s = 1000000000\nbytes_burst = 1000000000\n";

/// Sends a full message of fixes, the first of which has this number; answers with the acknowledgement.
pub(super) async fn send_batch(person: &mut Person, first: u64) -> Value {
    // Within 100 m, and such that nothing repeats: a log would pack that together.
    let fix = |seq: u64| {
        let scattered = |times: u64| (seq.wrapping_mul(times) >> 40) as f64 / f64::from(1 << 24);
        let (latitude, longitude) = north_of(LISBON, 100.0 * scattered(0x9e37_79b9_7f4a_7c15));
        let altitude_m = 1_000.0 * scattered(0xc2b2_ae3d_27d4_eb4f);
        let heading_deg = 360.0 * scattered(0x1656_67b1_9e37_79f9);
        json!({
            "seq": seq, "latitude": latitude, "longitude": longitude, "altitude_m": altitude_m,
            "heading_deg": heading_deg, "speed_mps": scattered(0x27d4_eb2f_1656_67c5),
        })
    };
    let fixes: Vec<_> = (first..first + BATCH).map(fix).collect();
    person.send(&json!({ "type": "fixes", "device": "phone", "fixes": fixes })).await;
    person.hear(|m| m["type"] == "ack" && m["seq"] == first + BATCH - 1).await
}

/// Sends until history takes no more; answers with the last number sent.
async fn send_until_refused(person: &mut Person) -> u64 {
    for batch in 0..2_000 {
        let ack = send_batch(person, batch * BATCH).await;
        assert_eq!(ack["shown"], true, "{ack}");
        if ack["kept"] != "disk" {
            assert_eq!(ack["kept"], "memory", "{ack}");
            return batch * BATCH + BATCH - 1;
        }
    }
    panic!("200,000 fixes were kept in a log that has no room for them");
}

async fn says(ready: impl AsyncFn() -> Value, degraded: &Value) {
    let seen = async {
        while ready().await["degraded"] != *degraded {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(e2e::DEADLINE, seen).await;
    assert!(in_time.is_ok(), "{:?}", ready().await);
}

#[tokio::test]
async fn without_history_acknowledgements_say_what_the_position_store_holds() {
    let world = Sandbox::with(|config| config.history.enabled = false).await;
    let mut ann = world.connect("ann").await;
    assert_eq!(ann.at(LISBON).await["kept"], "memory");
    let late = json!({
        "type": "fix", "device": "tablet", "seq": 1, "latitude": 38.7, "longitude": -9.1,
        "time_ms": 1_000_000_000_000_i64,
    });
    ann.send(&late).await;
    let ack = ann.hear(|m| m["type"] == "ack" && m["device"] == "tablet").await;
    assert_eq!((&ack["shown"], &ack["kept"]), (&json!(false), &json!("none")));
    for file in ["history-log", "history.sqlite", "history-register.sqlite", "history.key"] {
        assert!(!world.data_dir().join(file).exists(), "{file}");
    }
    let ready = world.request("GET", "/ready", None).await.json;
    assert_eq!(ready["parts"].get("history"), None, "{ready}");
}

#[tokio::test]
async fn a_full_log_keeps_nothing_more_and_live_positions_go_on() {
    let home = Home::new(&format!("[history]\nlog_bytes_max = 1048576\n{UNHURRIED}"));
    let process = home.start().await;
    process.user("ann").await;
    process.user("bob").await;
    process.befriend("ann", "bob").await;
    let (mut ann, mut bob) = (process.connect("ann").await, process.connect("bob").await);
    bob.at(LISBON).await;
    let last = send_until_refused(&mut ann).await;
    bob.expect_near("ann").await;
    let ready = async || process.request("GET", "/ready").await;
    says(async || ready().await.json, &json!(["history"])).await;
    assert_eq!(ready().await.status, 200, "positions go on");
    assert_eq!(send_batch(&mut ann, last + 1).await["kept"], "memory");
    assert!(process.log().contains("the log of movement history is full"), "{}", process.log());
}

#[tokio::test]
async fn a_full_disk_keeps_nothing_more_and_live_positions_go_on() {
    let home = Home::new(UNHURRIED);
    // The key lies where the test can read it to make tokens: made before, copied into the small disk.
    home.start().await.kill().await;
    let script = "cp \"$0/token.key\" \"$0/../key\" && mount -t tmpfs -o size=1m tmpfs \"$0\" \
                  && mv \"$0/../key\" \"$0/token.key\" && exec \"$@\"";
    let Some(command) = namespace(&home, script).await else { return };
    let process = home.start_as(command).await;
    let (mut ann, mut ben) = (process.connect("ann").await, process.connect("ben").await);
    send_until_refused(&mut ann).await;
    let ready = async || process.request("GET", "/ready").await.json;
    says(ready, &json!(["history"])).await;
    let kept = ben.at(LISBON).await["kept"].clone();
    assert!(kept == "memory" || kept == "disk", "{kept}");
    assert!(process.log().contains("the disk is full"), "{}", process.log());
}

#[tokio::test]
async fn a_key_that_was_used_and_is_missing_is_never_replaced() {
    let home = Home::new("[history]\nchunk_age_ms = 1000\n");
    let process = home.start().await;
    let mut ann = process.connect("ann").await;
    assert_eq!(ann.at(LISBON).await["kept"], "disk");
    // Stored, and so sealed by a key that is wrapped.
    let stored = async {
        let chunk = "whereabouts_history_stored_chunks_total 1";
        while !process.metrics().await.lines().any(|line| line == chunk) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(e2e::DEADLINE, stored).await.expect("stored in time");
    process.kill().await;
    let key = home.data().join("history.key");
    let copy = std::fs::read(&key).expect("a key");
    std::fs::remove_file(&key).expect("removed");
    let Ended { code, log, .. } = home.fail().await;
    assert_eq!(code, Some(1));
    for words in ["history.key", "Put it back", "ops/history.md"] {
        assert!(log.contains(words), "{words:?} is missing: {log}");
    }
    assert!(!key.exists());
    std::fs::write(&key, copy).expect("put back");
    home.start().await.kill().await;
}

#[tokio::test]
async fn the_keys_of_the_settings_are_looked_at_before_the_service_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = async |name: &str| {
        let home = Home::new(&format!("[history]\nkey_files = [{:?}]\n", folder.path().join(name)));
        let settings = home.settings();
        run(&["check-config", "--config", settings.to_str().expect("a path")]).await
    };
    std::fs::write(folder.path().join("right.key"), [7; 32]).expect("written");
    std::fs::write(folder.path().join("short.key"), [7; 31]).expect("written");
    let right = check("right.key").await;
    assert!(right.code == Some(0) && right.output.contains("history keys"), "{right:?}");
    for (name, words) in [("short.key", "31 bytes"), ("none.key", "can't read the key")] {
        let wrong = check(name).await;
        assert!(wrong.code == Some(1) && wrong.output.contains(words), "{wrong:?}");
    }
}
