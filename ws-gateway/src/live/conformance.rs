//! One list of cases that every bus with its position store must pass, whatever it is made of.
//!
//! A case is a function over a [`Backend`]. The embedded adapter passes them here, those that need servers in `e2e`.

mod bus;
mod in_process;
mod limits;
mod positions;

pub use in_process::InProcess;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{Clock, DeviceId, Fix, ManualClock, Moment, Position, Timestamp, UserId, Version};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::live::{Channel, Live, Sink, Written};
use crate::session::circle::CircleChange;
use crate::session::record::{Presence, Record, Sighting};

/// How long a delivery may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a case runs against.
pub trait Backend: Send + Sync {
    /// One more gateway on the same bus and store, which start empty with the first, and limit fixes as is usual
    /// ([`crate::live::FixLimit`]).
    fn attach(&self, sink: Arc<dyn Sink>) -> BoxFuture<'_, Arc<dyn Live>>;

    /// The clock that the adapters read, if they read one of ours.
    fn clock(&self) -> Arc<ManualClock>;

    /// Lets time pass for TTLs: by moving the clock, or by waiting where a server has its own.
    fn pass_ms(&self, ms: u64) -> BoxFuture<'_, ()>;
}

/// Remembers what it is given.
#[derive(Default)]
pub struct RecordingSink {
    heard: Mutex<Vec<(Channel, Sighting)>>,
    gaps: Mutex<Vec<Channel>>,
    news: Notify,
}

impl Sink for RecordingSink {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        let heard = (channel.clone(), sighting);
        self.heard.lock().push(heard);
        self.news.notify_waiters();
    }

    fn changed(&self, _: &[CircleChange]) {}

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, channels: &[Channel]) {
        self.gaps.lock().extend_from_slice(channels);
        self.news.notify_waiters();
    }
}

impl RecordingSink {
    /// The `seq`s heard so far, in order.
    fn seqs(&self) -> Vec<u64> {
        let heard = self.heard.lock();
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
    sinks: Vec<Arc<RecordingSink>>,
    lives: Vec<Arc<dyn Live>>,
}

impl<'a> Rig<'a> {
    async fn new(backend: &'a dyn Backend, gateways: usize) -> Self {
        let mut rig = Self { backend, sinks: Vec::new(), lives: Vec::new() };
        for _ in 0..gateways {
            let sink = Arc::new(RecordingSink::default());
            rig.lives.push(backend.attach(sink.clone()).await);
            rig.sinks.push(sink);
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
        self.lives[gateway].announce(sighting, 0).await.expect("written")
    }

    async fn announce_fixes(
        &self,
        gateway: usize,
        sighting: (Channel, Sighting),
        fixes: u32,
    ) -> Written {
        self.lives[gateway].announce(sighting, fixes).await.expect("announced")
    }

    async fn read(&self, gateway: usize, user: &str) -> Option<Sighting> {
        self.lives[gateway].read(vec![channel(user)]).await.expect("read").remove(0)
    }

    async fn read_seq(&self, gateway: usize, user: &str) -> Option<u64> {
        self.read(gateway, user).await.map(|sighting| sighting.record.version.seq)
    }
}

/// A clock for backends that read none: it shows the time of the calendar and is never moved.
pub fn standing_clock() -> Arc<ManualClock> {
    let now = model::SystemClock::start().now();
    Arc::new(ManualClock::at(Timestamp(now.wall.0)))
}

/// One of the cases, for whoever wants to run them all and tell how each went.
pub struct Case {
    /// What holds, as a name.
    pub name: &'static str,
    /// Panics if it doesn't.
    pub run: for<'a> fn(&'a dyn Backend) -> BoxFuture<'a, ()>,
}

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        /// The one list.
        pub const CASES: &[Case] = &[$($(Case {
            name: stringify!($case),
            run: |backend| Box::pin($module::$case(backend)),
        }),+),+];

        #[cfg(test)]
        mod embedded {
            $($(
                #[tokio::test]
                async fn $case() {
                    super::$module::$case(&super::InProcess::new()).await;
                }
            )+)+
        }
    };
}

cases! {
    positions:
        what_is_written_is_read_everywhere
        who_never_wrote_is_absent_and_answers_keep_the_order_of_the_questions
        an_older_version_changes_nothing
        versions_of_one_millisecond_are_ordered_by_device_then_seq
        writing_the_same_again_is_harmless
        a_position_is_forgotten_at_its_ttl
        the_same_version_can_hold_longer_but_not_shorter
        after_the_ttl_even_an_older_version_is_news
        a_version_far_ahead_of_the_clock_is_not_trusted
        a_sign_off_keeps_older_fixes_out;
    limits:
        fixes_are_limited_over_all_gateways
        what_is_no_news_and_what_is_written_again_cost_nothing
        a_limit_is_left_in_force_by_positions_that_hold_for_a_moment;
    bus:
        a_subscriber_hears_its_channels_in_order
        a_gateway_is_not_told_its_own
        only_news_is_published
        subscribing_twice_is_once_and_ends_with_one_unsubscribe
        subscribe_and_unsubscribe_take_effect_in_the_order_of_the_calls
        nothing_falls_between_subscribing_and_reading
        the_epoch_is_the_same_everywhere_and_not_empty;
}
