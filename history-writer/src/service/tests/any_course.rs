//! Whatever happens to processes, store, log and clock, a track has what was kept, each point once, without what was erased.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::*;
use super::faulty::Incident;
use super::world::{NOW, World, user};

const NAMES: [&str; 2] = ["ann", "ben"];
const HOUR_MS: i64 = 3_600_000;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody sends points of these seconds, perhaps again, late, or in disorder.
    Keep(usize, Vec<i64>),
    /// Somebody erases these seconds, or everything.
    Erase(usize, Option<(i64, i64)>),
    /// Somebody turns their history off or on.
    Turn(usize, bool),
    /// So many milliseconds pass.
    Pass(u64),
    /// The clock is set by so many hours.
    SetClock(i64),
    /// The writer does what there is to do; before, this happens to the store's next call.
    Write(Happening),
    /// The process ends, and another goes on.
    Crash,
    /// The log is copied.
    CopyLog,
    /// All is stored; then a process starts with the log as it was copied last.
    OldLog,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Nothing,
    Away,
    Lost,
}

fn any_step() -> impl Strategy<Value = Step> {
    let who = || 0..NAMES.len();
    let seconds = prop::collection::vec(-400..400i64, 1..70);
    let run = (-400..400i64, 1..150i64).prop_map(|(from, count)| (from..from + count).collect());
    let range = (-450..450i64, 1..300i64).prop_map(|(from, count)| (from, from + count));
    let happening = prop_oneof![4 => Just(Happening::Nothing), 1 => Just(Happening::Away), 1 => Just(Happening::Lost)];
    prop_oneof![
        8 => (who(), prop_oneof![seconds, run]).prop_map(|(who, seconds)| Step::Keep(who, seconds)),
        3 => (who(), prop::option::weighted(0.7, range)).prop_map(|(who, range)| Step::Erase(who, range)),
        2 => (who(), any::<bool>()).prop_map(|(who, is_off)| Step::Turn(who, is_off)),
        2 => prop_oneof![0..3u64, 0..3_000_000u64].prop_map(Step::Pass),
        2 => (-5..6i64).prop_map(Step::SetClock),
        6 => happening.prop_map(Step::Write),
        2 => Just(Step::Crash),
        1 => Just(Step::CopyLog),
        1 => Just(Step::OldLog),
    ]
}

/// What happened, and what must be in the tracks.
struct Course {
    world: World,
    copy: Option<TempDir>,
    expected: BTreeMap<usize, BTreeSet<i64>>,
    off: BTreeSet<usize>,
}

impl Course {
    async fn step(mut self, step: &Step) -> Self {
        match step {
            Step::Keep(who, seconds) => {
                let kept = self.world.keep(&user(NAMES[*who]), seconds.iter().copied()).await;
                let is_off = self.off.contains(who);
                assert_eq!(kept, if is_off { Kept::Nothing } else { Kept::Log });
                if !is_off {
                    self.expected.entry(*who).or_default().extend(seconds);
                }
            }
            Step::Erase(who, range) => {
                let at = |second: i64| Timestamp(NOW + second * 1_000);
                let times = range
                    .map_or(TimeRange::ALL, |(from, to)| TimeRange { from: at(from), to: at(to) });
                let erased = self.world.history.erase(&user(NAMES[*who]), times).await;
                erased.expect("the register is there").expect("few are erased");
                let left =
                    |second: &i64| range.is_some_and(|(from, to)| !(from..to).contains(second));
                self.expected.entry(*who).or_default().retain(left);
            }
            Step::Turn(who, is_off) => {
                let turned = self.world.history.set_off(&user(NAMES[*who]), *is_off).await;
                turned.expect("the register is there");
                if *is_off {
                    self.off.insert(*who)
                } else {
                    self.off.remove(who)
                };
            }
            Step::Pass(ms) => self.world.clock.advance_ms(*ms),
            Step::SetClock(hours) => self.world.clock.step_wall_ms(hours * HOUR_MS),
            Step::Write(happening) => self.write(*happening).await,
            Step::Crash => self.world = self.world.reopen().await,
            Step::CopyLog => self.copy = Some(self.world.copy_log()),
            Step::OldLog => {
                let Some(copy) = &self.copy else { return self };
                self.world.store_all().await.expect("the store is there");
                assert_eq!(self.world.waits(), 0, "all of it is stored");
                self.world = self.world.reopen_with_log(copy).await;
            }
        }
        self
    }

    async fn write(&mut self, happening: Happening) {
        let incident = match happening {
            Happening::Nothing => None,
            Happening::Away => Some(Incident::Away),
            Happening::Lost => Some(Incident::Lost),
        };
        self.world.store.incidents.lock().extend(incident);
        while self.world.writer.turn().await.is_ok_and(|has_more| has_more) {}
        // What a store lost is read again at once.
        if matches!(happening, Happening::Lost) {
            while self.world.writer.turn().await.expect("the store is there") {}
        }
        self.world.store.incidents.lock().clear();
    }

    async fn check(&self, when: &str) {
        for (who, name) in NAMES.iter().enumerate() {
            let expected = self.expected.get(&who).into_iter().flatten().copied();
            let expected: Vec<_> = expected.collect();
            assert_eq!(self.world.seconds(&user(name)).await, expected, "{name} {when}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_track_is_what_was_kept_and_not_erased(steps in prop::collection::vec(any_step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let world = World::new().await;
            let (expected, off) = (BTreeMap::new(), BTreeSet::new());
            let mut course = Course { world, copy: None, expected, off };
            for (at, step) in steps.iter().enumerate() {
                course = course.step(step).await;
                course.check(&format!("after step {at}, {step:?}")).await;
            }
            course.world.store_all().await.expect("the store is there");
            course.check("at the end").await;
            let mut course = Course { world: course.world.reopen().await, ..course };
            course.check("after a restart").await;
            course.world.store_all().await.expect("the store is there");
            course.check("after storing it again").await;
        });
    }
}
