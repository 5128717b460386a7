mod streams;

use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::future::poll_immediate;
use model::{ErrorKind, ManualClock, RetryAfterMs, SeededRandom, Timestamp};

use super::*;
use crate::{Limits, RateLimit, Verifier, VerifyingKey};

/// What a light request may cost, and a heavy one that is a little more.
const LIGHT: u64 = 100;
const HEAVY: u64 = 150;

const LIMITS: WorkLimits = WorkLimits {
    user: RateLimit { per_second: 1_000, burst: 1_000 },
    service: RateLimit { per_second: 10_000, burst: 10_000 },
    light_cost_max: LIGHT,
    heavy_max: 1,
    heavy_waiting_max: 2,
    deadline_ms: 3_000,
};

struct World {
    context: Context,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        let key = VerifyingKey::hs256("k", &[7; 32]).expect("long enough");
        let verifier = Verifier::new(vec![key], "us", "them", 0).expect("one key");
        let clock = Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)));
        let limits = Limits { work: LIMITS, ..Limits::default() };
        let random = Arc::new(SeededRandom::new(1));
        let context = Context::new(Arc::new(verifier), clock.clone(), random, limits);
        Self { context, clock }
    }

    fn begin(&self, name: &str, role: Role) -> Result<Work, Overspent> {
        let user = UserId::parse(name).expect("an id");
        Work::begin(self.context.clone(), Payer { user, is_service: role == Role::Service })
    }

    fn work(&self, name: &str) -> Work {
        self.begin(name, Role::User).expect("no debt")
    }

    /// A request that is heavy and has its turn.
    async fn heavy(&self, name: &str) -> Work {
        let mut work = self.work(name);
        work.spend(HEAVY).await.expect("a turn");
        assert_eq!(work.light_left(), None);
        work
    }
}

/// Sees that there is nothing to do for it but to wait.
async fn waits(spending: Pin<&mut impl Future<Output = Result<(), Overspent>>>) {
    assert_eq!(poll_immediate(spending).await, None);
}

#[tokio::test]
async fn light_requests_never_wait() {
    let world = World::new();
    let _heavy = world.heavy("alice").await;
    for _ in 0..10 {
        let mut light = world.work("bob");
        light.spend(LIGHT).await.expect("light");
        assert_eq!(light.light_left(), Some(0));
    }
}

#[tokio::test]
async fn what_was_spent_beyond_the_burst_is_a_debt_that_the_next_requests_wait_for() {
    let world = World::new();
    world.work("alice").spend(LIGHT).await.expect("light");
    world.work("alice").spend(2_900).await.expect("in its turn");
    let refused = world.begin("alice", Role::User).err();
    assert_eq!(refused, Some(Overspent::InDebt(RetryAfterMs(2_000))));
    // Everybody else, and a service of the same name, has a budget of their own.
    world.work("bob");
    world.begin("alice", Role::Service).expect("a larger budget").spend(2_900).await.expect("ok");
    assert!(world.begin("alice", Role::Service).is_ok());
    world.clock.advance_ms(2_000);
    assert!(world.begin("alice", Role::User).is_ok());
}

#[tokio::test]
async fn one_caller_has_one_heavy_request_at_a_time_and_few_that_wait() {
    let world = World::new();
    let first = world.heavy("alice").await;
    let (mut second, mut third, mut fourth) =
        (world.work("alice"), world.work("alice"), world.work("alice"));
    let mut second = pin!(second.spend(HEAVY));
    let mut third = pin!(third.spend(HEAVY));
    waits(second.as_mut()).await;
    waits(third.as_mut()).await;
    assert_eq!(fourth.spend(HEAVY).await, Err(Overspent::Crowded));
    drop(first);
    second.await.expect("its turn");
    waits(third.as_mut()).await;
}

#[tokio::test]
async fn who_has_a_heavy_request_under_way_has_small_ones_beside_it_and_no_larger_ones() {
    let world = World::new();
    let heavy = world.heavy("alice").await;
    let mut small = world.work("alice");
    assert_eq!(small.light_left(), Some(LIGHT / SMALL));
    small.spend(LIGHT / SMALL).await.expect("small");
    let mut larger = pin!(small.spend(1));
    waits(larger.as_mut()).await;
    assert_eq!(world.work("bob").light_left(), Some(LIGHT));
    drop(heavy);
    larger.await.expect("its turn");
}

#[tokio::test]
async fn many_requests_at_a_time_share_what_few_may_cost() {
    let world = World::new();
    let mut all: Vec<_> = (0..4).map(|_| world.work("alice")).collect();
    assert!(all.iter().all(|work| work.light_left() == Some(LIGHT)));
    all.extend((0..4).map(|_| world.work("alice")));
    assert!(all.iter().all(|work| work.light_left() == Some(LIGHT / 2)));
    all.extend((0..100).map(|_| world.work("alice")));
    assert!(all.iter().all(|work| work.light_left() == Some(LIGHT / SMALL)));
    drop(all);
    assert_eq!(world.work("alice").light_left(), Some(LIGHT));
}

#[tokio::test]
async fn callers_take_turns_however_many_requests_each_has() {
    let world = World::new();
    let mut alice = world.heavy("alice").await;
    let mut another = world.work("alice");
    let mut another = pin!(another.spend(HEAVY));
    waits(another.as_mut()).await;
    let mut bob = world.work("bob");
    let mut bobs = Box::pin(bob.spend(HEAVY));
    waits(bobs.as_mut()).await;
    // Alice goes on with hers: bob first, then she.
    let mut alices = pin!(alice.spend(1));
    waits(alices.as_mut()).await;
    bobs.await.expect("his turn");
    waits(alices.as_mut()).await;
    let mut bobs = pin!(bob.spend(1));
    waits(bobs.as_mut()).await;
    alices.await.expect("her turn");
    waits(another.as_mut()).await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_by_itself_is_too_expensive() {
    let world = World::new();
    let mut work = world.heavy("alice").await;
    world.clock.advance_ms(2_999);
    work.spend(1).await.expect("in time");
    world.clock.advance_ms(1);
    let refused = work.spend(1).await.expect_err("late");
    assert_eq!(refused, Overspent::TooExpensive { deadline_ms: 3_000 });
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_no_turn_in_time_is_told_whose_fault_that_is() {
    let world = World::new();
    let _alice = world.heavy("alice").await;
    assert_eq!(world.work("bob").spend(HEAVY).await, Err(Overspent::Busy));
    assert_eq!(world.work("alice").spend(HEAVY).await, Err(Overspent::Crowded));
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_line_behind() {
    let world = World::new();
    let first = world.heavy("alice").await;
    {
        let mut second = world.work("alice");
        let mut second = pin!(second.spend(HEAVY));
        waits(second.as_mut()).await;
    }
    drop(first);
    assert!(world.context.deps().gate.is_idle());
    world.heavy("alice").await;
    world.heavy("bob").await;
}

#[tokio::test]
async fn a_debt_of_the_request_before_counts_for_those_that_waited() {
    let world = World::new();
    let mut first = world.heavy("alice").await;
    let mut second = world.work("alice");
    let mut second = pin!(second.spend(HEAVY));
    waits(second.as_mut()).await;
    first.spend(5_000).await.expect("its turn");
    drop(first);
    assert!(matches!(second.await, Err(Overspent::InDebt(_))));
}

#[tokio::test]
async fn who_knows_before_that_it_will_be_much_waits_before() {
    let world = World::new();
    let mut alice = world.work("alice");
    alice.take_turn().await.expect("nobody else");
    let mut bob = world.work("bob");
    let mut bobs = pin!(bob.take_turn());
    waits(bobs.as_mut()).await;
    drop(alice);
    bobs.await.expect("his turn");
    let mut own = Work::unlimited();
    assert_eq!(own.light_left(), None);
    own.take_turn().await.expect("nobody's turn");
    own.spend(u64::MAX).await.expect("nobody pays");
}
