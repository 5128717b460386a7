//! One list of cases that every bus with its position store must pass, whatever it is made of.
//!
//! A case is a function over a [`Backend`]; [`conformance_tests!`](crate::conformance_tests) stamps all of them out as
//! tests, named like `embedded::an_older_version_changes_nothing`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, DeviceId, Fix, ManualClock, Moment, Position, Timestamp, UserId, Version};
use tokio::sync::Notify;

use crate::port::{Async, Channel, Live, Sink, Written};
use crate::record::{Presence, Record, Sighting};

/// How long a delivery may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a case runs against.
pub trait Backend: Send + Sync {
    /// One more gateway on the same bus and store, which start empty with the first.
    fn attach(&self, sink: Arc<dyn Sink>) -> Async<'_, Arc<dyn Live>>;

    /// The clock that the adapters read, if they read one of ours.
    fn clock(&self) -> Arc<ManualClock>;

    /// Lets time pass for TTLs: by moving the clock, or by waiting where a server has its own.
    fn pass_ms(&self, ms: u64) -> Async<'_, ()>;
}

/// Remembers what it is given.
#[derive(Default)]
pub struct Ear {
    heard: Mutex<Vec<(Channel, Sighting)>>,
    gaps: Mutex<usize>,
    news: Notify,
}

impl Sink for Ear {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        let heard = (channel.clone(), sighting);
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        self.news.notify_waiters();
    }

    fn gap(&self) {
        *self.gaps.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.news.notify_waiters();
    }
}

impl Ear {
    /// The `seq`s heard so far, in order.
    fn seqs(&self) -> Vec<u64> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().map(|(_, sighting)| sighting.record.version.seq).collect()
    }

    async fn await_seq(&self, seq: u64) {
        let found = async {
            loop {
                let news = self.news.notified();
                if self.seqs().contains(&seq) {
                    return;
                }
                news.await;
            }
        };
        let heard = tokio::time::timeout(DEADLINE, found).await;
        assert!(heard.is_ok(), "{seq} never came; heard {:?}", self.seqs());
    }
}

fn channel(user: &str) -> Channel {
    Channel::precise(UserId::parse(user).expect("a valid id"))
}

fn sighting(now: Moment, user: &str, offset_ms: i64, seq: u64, ttl_ms: u64) -> (Channel, Sighting) {
    let device = DeviceId::parse("phone").expect("a valid id");
    let version = Version { effective: now.wall.plus_ms(offset_ms), device, seq };
    let position = Position::new(12.5, -7.25).expect("on Earth");
    let fix = Fix { accuracy_m: Some(4.5), ..Fix::at(position) };
    let channel = channel(user);
    let record = Record::new(channel.user.clone(), version, Presence::Here(fix), now.monotonic);
    let expires = now.monotonic.plus_ms(ttl_ms);
    (channel, Sighting { record: Arc::new(record), expires })
}

struct Rig<'a> {
    backend: &'a dyn Backend,
    ears: Vec<Arc<Ear>>,
    lives: Vec<Arc<dyn Live>>,
}

impl<'a> Rig<'a> {
    async fn new(backend: &'a dyn Backend, gateways: usize) -> Self {
        let mut rig = Self { backend, ears: Vec::new(), lives: Vec::new() };
        for _ in 0..gateways {
            let ear = Arc::new(Ear::default());
            rig.lives.push(backend.attach(ear.clone()).await);
            rig.ears.push(ear);
        }
        rig
    }

    fn now(&self) -> Moment {
        self.backend.clock().now()
    }

    fn sighting(&self, user: &str, offset_ms: i64, seq: u64) -> (Channel, Sighting) {
        sighting(self.now(), user, offset_ms, seq, 60_000)
    }

    async fn write(&self, gateway: usize, sighting: (Channel, Sighting)) -> Written {
        self.lives[gateway].write(vec![sighting]).await.expect("written")[0]
    }

    async fn read(&self, gateway: usize, user: &str) -> Option<Sighting> {
        self.lives[gateway].read(vec![channel(user)]).await.expect("read").remove(0)
    }

    async fn read_seq(&self, gateway: usize, user: &str) -> Option<u64> {
        self.read(gateway, user).await.map(|sighting| sighting.record.version.seq)
    }
}

/// What one gateway writes, every gateway reads, to the last digit.
pub async fn what_is_written_is_read_everywhere(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    let written = rig.sighting("alice", 0, 7);
    assert_eq!(rig.write(0, written.clone()).await, Written::Newest);
    for gateway in 0..2 {
        let read = rig.read(gateway, "alice").await.expect("cached");
        assert_eq!(read.record.version, written.1.record.version);
        assert_eq!(read.record.presence, written.1.record.presence);
        assert_eq!(read.record.user, written.1.record.user);
    }
}

/// Nobody is a position of (0, 0).
pub async fn who_never_wrote_is_absent_and_answers_keep_the_order_of_the_questions(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("bob", 0, 2)).await;
    rig.write(0, rig.sighting("carol", 0, 3)).await;
    let asked = ["carol", "nobody", "bob", "carol"].map(channel).to_vec();
    let read = rig.lives[0].read(asked).await.expect("read");
    let seqs: Vec<_> = read.iter().map(|s| s.as_ref().map(|s| s.record.version.seq)).collect();
    assert_eq!(seqs, [Some(3), None, Some(2), Some(3)]);
}

/// Whichever gateway writes when.
pub async fn an_older_version_changes_nothing(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    assert_eq!(rig.write(0, rig.sighting("alice", 0, 5)).await, Written::Newest);
    assert_eq!(rig.write(1, rig.sighting("alice", -1_000, 9)).await, Written::Older);
    assert_eq!(rig.write(1, rig.sighting("alice", 0, 4)).await, Written::Older);
    assert_eq!(rig.read_seq(0, "alice").await, Some(5));
    assert_eq!(rig.write(1, rig.sighting("alice", 0, 6)).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(6));
}

/// So that a call whose answer was lost can be repeated.
pub async fn writing_the_same_again_is_harmless(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    let same = rig.sighting("alice", 0, 5);
    for _ in 0..3 {
        assert_eq!(rig.write(0, same.clone()).await, Written::Newest);
    }
    assert_eq!(rig.read_seq(0, "alice").await, Some(5));
}

/// The TTL counts from what the sighting says.
pub async fn a_position_is_forgotten_at_its_ttl(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, sighting(rig.now(), "alice", 0, 1, 1_000)).await;
    rig.write(0, sighting(rig.now(), "bob", 0, 1, 60_000)).await;
    assert_eq!(rig.read_seq(0, "alice").await, Some(1));
    backend.pass_ms(1_100).await;
    assert_eq!(rig.read_seq(0, "alice").await, None);
    assert_eq!(rig.read_seq(0, "bob").await, Some(1));
}

/// As a `keep` does.
pub async fn the_same_version_can_hold_longer_but_not_shorter(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    let at = rig.now();
    for ttl_ms in [1_000, 5_000, 500] {
        rig.write(0, sighting(at, "alice", 0, 1, ttl_ms)).await;
    }
    backend.pass_ms(1_500).await;
    assert_eq!(rig.read_seq(0, "alice").await, Some(1));
    backend.pass_ms(4_000).await;
    assert_eq!(rig.read_seq(0, "alice").await, None);
}

/// Whatever is left after its TTL must not stand in the way of anything.
pub async fn after_the_ttl_even_an_older_version_is_news(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, sighting(rig.now(), "alice", 0, 5, 1_000)).await;
    let older = sighting(rig.now(), "alice", -2_000, 4, 60_000);
    backend.pass_ms(1_100).await;
    assert_eq!(rig.write(0, older).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(4));
}

/// Else everybody would freeze until the clock has caught up.
pub async fn a_version_far_ahead_of_the_clock_is_not_trusted(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("alice", 3_600_000, 5)).await;
    assert_eq!(rig.write(0, rig.sighting("alice", 0, 6)).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(6));
}

/// Gone is a record like any other: it is ordered, and it is read.
pub async fn a_sign_off_keeps_older_fixes_out(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("alice", -500, 1)).await;
    let (channel, here) = rig.sighting("alice", 0, 0);
    let version = here.record.version.clone();
    let gone = Record::new(channel.user.clone(), version, Presence::Gone, rig.now().monotonic);
    let gone = Sighting { record: Arc::new(gone), expires: here.expires };
    assert_eq!(rig.write(0, (channel, gone)).await, Written::Newest);
    assert_eq!(rig.write(0, rig.sighting("alice", -100, 2)).await, Written::Older);
    let read = rig.read(0, "alice").await.expect("remembered");
    assert_eq!(read.record.presence, Presence::Gone);
}

/// And hears nothing of others.
pub async fn a_subscriber_hears_its_channels_in_order(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    rig.lives[1].subscribe(vec![channel("alice")]).await.expect("subscribed");
    for seq in 1..=200 {
        rig.lives[0].announce(rig.sighting("alice", seq as i64, seq)).await.expect("announced");
        rig.lives[0]
            .announce(rig.sighting("bob", seq as i64, 1_000 + seq))
            .await
            .expect("announced");
    }
    rig.ears[1].await_seq(200).await;
    assert_eq!(rig.ears[1].seqs(), (1..=200).collect::<Vec<_>>());
}

/// Its own friends were served before the bus was asked.
pub async fn a_gateway_is_not_told_its_own(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for live in &rig.lives {
        live.subscribe(vec![channel("alice")]).await.expect("subscribed");
    }
    rig.lives[0].announce(rig.sighting("alice", 0, 1)).await.expect("announced");
    rig.lives[1].announce(rig.sighting("alice", 1, 2)).await.expect("announced");
    rig.ears[0].await_seq(2).await;
    rig.ears[1].await_seq(1).await;
    assert_eq!((rig.ears[0].seqs(), rig.ears[1].seqs()), (vec![2], vec![1]));
}

/// What is older than what is cached isn't worth telling.
pub async fn only_news_is_published(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    rig.lives[1].subscribe(vec![channel("alice")]).await.expect("subscribed");
    let outcomes = [(5, 5_000), (4, 4_000), (6, 6_000)];
    for (seq, offset_ms) in outcomes {
        rig.lives[0]
            .announce(rig.sighting("alice", offset_ms - 6_000, seq))
            .await
            .expect("announced");
    }
    rig.ears[1].await_seq(6).await;
    assert_eq!(rig.ears[1].seqs(), [5, 6]);
}

/// A set, not a counter.
pub async fn subscribing_twice_is_once_and_ends_with_one_unsubscribe(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for _ in 0..2 {
        rig.lives[1].subscribe(vec![channel("alice"), channel("end")]).await.expect("subscribed");
    }
    rig.lives[0].announce(rig.sighting("alice", 0, 1)).await.expect("announced");
    rig.ears[1].await_seq(1).await;
    rig.lives[1].unsubscribe(vec![channel("alice")]);
    // Subscribing to anything else confirms that the end was taken in before.
    rig.lives[1].subscribe(vec![channel("another")]).await.expect("subscribed");
    rig.lives[0].announce(rig.sighting("alice", 1, 2)).await.expect("announced");
    rig.lives[0].announce(rig.sighting("end", 0, 3)).await.expect("announced");
    rig.ears[1].await_seq(3).await;
    assert_eq!(rig.ears[1].seqs(), [1, 3]);
}

/// In the order in which they were called, though nobody has waited yet.
pub async fn subscribe_and_unsubscribe_take_effect_in_the_order_of_the_calls(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 2).await;
    let first = rig.lives[1].subscribe(vec![channel("alice")]);
    rig.lives[1].unsubscribe(vec![channel("alice")]);
    let second = rig.lives[1].subscribe(vec![channel("alice")]);
    second.await.expect("subscribed");
    first.await.expect("subscribed");
    rig.lives[0].announce(rig.sighting("alice", 0, 1)).await.expect("announced");
    rig.ears[1].await_seq(1).await;
}

/// Whoever subscribes, then reads, has it from the one or hears it from the other.
pub async fn nothing_falls_between_subscribing_and_reading(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for round in 1..=50_u64 {
        let user = format!("user{round}");
        let announced = rig.lives[0].announce(rig.sighting(&user, 0, round));
        let watched = async {
            rig.lives[1].subscribe(vec![channel(&user)]).await.expect("subscribed");
            rig.read_seq(1, &user).await
        };
        let (announced, read) = futures_util::future::join(announced, watched).await;
        announced.expect("announced");
        if read != Some(round) {
            rig.ears[1].await_seq(round).await;
        }
    }
}

/// Gateways of one bus agree on it; clients compare it.
pub async fn the_epoch_is_the_same_everywhere_and_not_empty(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    let epochs = [rig.lives[0].epoch(), rig.lives[1].epoch()];
    assert!(!epochs[0].is_empty() && epochs[0] == epochs[1], "{epochs:?}");
}

/// A clock for backends that read none: it shows the time of the calendar and is never moved.
pub fn standing_clock() -> Arc<ManualClock> {
    let now = model::SystemClock::start().now();
    Arc::new(ManualClock::at(Timestamp(now.wall.0)))
}

/// Stamps out all cases as tests of a module, for a [`Backend`] that the expression makes anew for each.
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident, $backend:expr) => {
        $crate::conformance_tests!($name, $backend,
            what_is_written_is_read_everywhere
            who_never_wrote_is_absent_and_answers_keep_the_order_of_the_questions
            an_older_version_changes_nothing
            writing_the_same_again_is_harmless
            a_position_is_forgotten_at_its_ttl
            the_same_version_can_hold_longer_but_not_shorter
            after_the_ttl_even_an_older_version_is_news
            a_version_far_ahead_of_the_clock_is_not_trusted
            a_sign_off_keeps_older_fixes_out
            a_subscriber_hears_its_channels_in_order
            a_gateway_is_not_told_its_own
            only_news_is_published
            subscribing_twice_is_once_and_ends_with_one_unsubscribe
            subscribe_and_unsubscribe_take_effect_in_the_order_of_the_calls
            nothing_falls_between_subscribing_and_reading
            the_epoch_is_the_same_everywhere_and_not_empty
        );
    };
    ($name:ident, $backend:expr, $($case:ident)+) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test]
                async fn $case() {
                    $crate::conformance::$case(&$backend).await;
                }
            )+
        }
    };
}
