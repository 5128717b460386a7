//! How fast what waits is stored once a database goes on that was paused, while more comes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, interval, sleep};

use super::world::{World, config, migrated, node, until, user};

/// Users who move in turn.
const USERS: u64 = 500;
/// Points that are handed in together, of one user.
const POINTS: u64 = 60;
const TICK: Duration = Duration::from_millis(20);
/// How long it is paused.
const PAUSE: Duration = Duration::from_mins(1);
/// How long the greatest rate is measured.
const PEAK: Duration = Duration::from_secs(15);

/// Hands in so many users' minutes, from the given one on.
async fn keep(world: &World, minutes: std::ops::Range<u64>) {
    let kept = minutes.map(|n| {
        let user = user(&format!("user-{}", n % USERS));
        async move { world.keep(&user, (n / USERS) as i64).await }
    });
    futures_util::future::join_all(kept).await;
}

/// Points a second that are stored while as many come as are taken; answers too how many minutes came.
async fn peak(world: &World) -> (f64, u64) {
    let (mut next, mut measured) = (0, None);
    let began = Instant::now();
    while began.elapsed() < PEAK {
        // There is always something that waits, and not ever more.
        if world.waiting() < 100_000 {
            keep(world, next..next + 100).await;
            next += 100;
        } else {
            measured.get_or_insert_with(|| (Instant::now(), world.stored_points()));
            sleep(Duration::from_millis(1)).await;
        }
    }
    let (since, before) = measured.expect("more comes than is stored");
    let stored = world.stored_points() - before;
    (stored as f64 / since.elapsed().as_secs_f64(), next)
}

/// Takes some minutes: only with `WHEREABOUTS_LONG=1`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_drains_at_twice_the_rate_at_which_more_comes() {
    if std::env::var_os("WHEREABOUTS_LONG").is_none_or(|long| long != "1") {
        return;
    }
    let node = node().await.write().await;
    let world = World::start(&migrated(config(&node)).await).await;
    let (peak, first) = peak(&world).await;
    until("all is stored", async || world.waiting() == 0).await;
    let arrivals = peak / 4.0;
    let a_tick = (arrivals * TICK.as_secs_f64() / POINTS as f64).round().max(1.0) as u64;
    let stop = AtomicBool::new(false);
    let arriving = async {
        let (mut ticks, mut next) = (interval(TICK), first);
        while !stop.load(Ordering::SeqCst) {
            ticks.tick().await;
            world.pass(TICK);
            keep(&world, next..next + a_tick).await;
            next += a_tick;
        }
    };
    let pausing = async {
        sleep(Duration::from_secs(5)).await;
        node.stall();
        sleep(PAUSE).await;
        let waited = world.waiting();
        let (since, before) = (Instant::now(), world.stored_points());
        node.go_on();
        let a_second = arrivals as u64;
        while world.waiting() > a_second {
            assert!(since.elapsed() < 5 * PAUSE, "{} points wait still", world.waiting());
            sleep(Duration::from_millis(20)).await;
        }
        let took = since.elapsed();
        stop.store(true, Ordering::SeqCst);
        (waited, took, world.stored_points() - before)
    };
    let ((), (waited, took, stored)) = tokio::join!(arriving, pausing);
    let drained = stored as f64 / took.as_secs_f64();
    println!(
        "peak {peak:.0} points/s; arrivals {arrivals:.0} points/s; {waited} points waited after a pause of {PAUSE:?}; \
         drained in {took:.1?} at {drained:.0} points/s, {:.1} times the arrivals",
        drained / arrivals
    );
    assert!(drained >= 2.0 * arrivals, "{drained:.0} points/s of {arrivals:.0}");
}
