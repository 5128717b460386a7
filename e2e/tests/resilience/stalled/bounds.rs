use e2e::process::Home;
use e2e::{Frame, LISBON};

use super::movers::{STEP, Scale, step, watcher};
use super::watchers::{READERS, assert_sees_truth, watch_walk};
use crate::resilience::machine;

/// What each stalled socket would have been sent, at least.
const BYTES_MIN: usize = 8 * 1024 * 1024;

/// What a stalled socket may cost the process: what is put together for one write (32 KiB, and a message begun at its
/// end, here up to 50 KiB), a mark and the last told position of each friend, and as much again for the allocator.
const BYTES_PER_STALLED_MAX: u64 = 256 * 1024;

/// Nobody is closed for being stuck or silent while this test looks at them. What is kept of those who move takes memory that has
/// nothing to do with who reads.
const PATIENT: &str = "
[gateway]
stuck_close_ms = 600000
ping_interval_ms = 600000
degraded_interval_ms = 100
fixes_per_s = 1000
messages_per_s = 1000
bytes_per_s = 1000000
sessions_max = 5000
[history]
enabled = false
[log]
filter = \"warn\"
";

fn scale() -> Scale {
    if std::env::var_os("WHEREABOUTS_LONG").is_some_and(|long| long == "1") {
        Scale { movers: 80, stalled: 200, steps: 2_400, steps_without: 2_400 }
    } else {
        Scale { movers: 50, stalled: 20, steps: 640, steps_without: 240 }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_readers_cost_little_and_concern_nobody_else() {
    let _machine = machine::alone().await;
    let scale = scale();
    let home = Home::new(PATIENT);
    let process = home.start().await;
    let without = watch_walk(&process, scale, 0, scale.steps_without).await;
    let (p50_ms, p99_ms) = (without.p50_ms, without.p99_ms);
    println!("without stalled readers: fix to friend p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms");
    drop(without);
    process.kill().await;

    let home = Home::new(PATIENT);
    let process = home.start().await;
    let with = watch_walk(&process, scale, scale.stalled, scale.steps).await;
    let each = with.grown_bytes / scale.stalled as u64;
    println!(
        "with {} stalled readers: fix to friend p50 {:.1} ms, p99 {:.1} ms; {:.1} MiB unsent to each, which cost \
         {} KiB of memory each",
        scale.stalled,
        with.p50_ms,
        with.p99_ms,
        with.bytes as f64 / 1_048_576.0,
        each / 1_024,
    );
    assert!(with.bytes >= BYTES_MIN, "only {} bytes would have been sent", with.bytes);
    assert!(each < BYTES_PER_STALLED_MAX, "{each} bytes for each stalled reader");

    let mut narrow = Vec::new();
    for mut person in with.stalled {
        let before = person.heard.len();
        person.hear(|m| m["type"] == "degraded").await;
        person.settle().await;
        assert_sees_truth(&person, &with.sent);
        let bytes: usize = person.heard[before..].iter().map(|m| m.to_string().len()).sum();
        assert!(bytes < with.bytes / 10, "{bytes} bytes had piled up");
        narrow.push(person);
    }
    // Who reads again and keeps up is told so.
    let (mut movers, mut person) = (with.movers, narrow.swap_remove(0));
    let recovered = async { person.hear(|m| m["type"] == "recovered").await };
    let walking = async {
        for at in scale.steps.. {
            step(&mut movers[0], 0, at as u64, at).await;
            tokio::time::sleep(STEP).await;
        }
    };
    tokio::select! {
        _ = recovered => {}
        () = walking => unreachable!("walks for ever"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stays_stalled_is_let_go() {
    let _machine = machine::alone().await;
    let settings = "[gateway]\nstuck_degrade_ms = 1000\nstuck_close_ms = 1500\n\
                    fixes_per_s = 1000\nmessages_per_s = 1000\nbytes_per_s = 1000000\n";
    let home = Home::new(settings);
    let process = home.start().await;
    let scale = Scale { movers: 30, stalled: 3, steps: 160, steps_without: 0 };
    let outcome = watch_walk(&process, scale, scale.stalled, scale.steps).await;
    let sessions = async {
        loop {
            let metrics = process.metrics().await;
            let open =
                metrics.lines().find_map(|line| line.strip_prefix("whereabouts_ws_sessions "));
            // The movers are left; those who read have gone by themselves.
            if open.and_then(|n| n.parse::<usize>().ok()) == Some(scale.movers) {
                return;
            }
            tokio::time::sleep(STEP).await;
        }
    };
    tokio::time::timeout(e2e::DEADLINE, sessions).await.expect("the stalled are let go");
    for mut person in outcome.stalled {
        let end = person.end().await;
        // What was in the kernel comes first; the close may not have found room.
        assert!(matches!(&end, Frame::Dropped | Frame::Closed(4000, _)), "{end:?}");
    }
    // They can come back, and are told how things are now.
    let mut again = process.connect(&watcher(READERS)).await;
    again.at(LISBON).await;
    again.settle().await;
    assert_sees_truth(&again, &outcome.sent);
}
