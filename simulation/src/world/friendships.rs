//! Who is whose friend while that changes, as far as the service has answered. Pure.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use model::Random;

use crate::Graph;
use crate::world::chance::below;

/// How long after the answer a change of a friendship may take to act on all open sessions, milliseconds.
pub(crate) const FOLLOWS_WITHIN_MS: i64 = 1_000;

/// Half of all changes are of the pairs that were changed last: what is hard is a change on the heels of another.
const RECENT_MAX: usize = 64;

/// How often somebody else is looked for who fits, before a change is left out.
const TRIES_MAX: usize = 8;

/// One change in so many is of two who most likely never were friends.
const NEW_ONE_IN: usize = 8;

/// How two people stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bond {
    Friends,
    Apart,
    /// A change is under way, or what became of the last one is unknown.
    Open,
}

#[derive(Debug)]
struct Pair {
    people: (u32, u32),
    bond: Bond,
    /// A request about them is under way.
    busy: bool,
    /// Who may be blocking the other.
    blocker: Option<u32>,
    /// When a request about them was last made or answered.
    touched: Option<Instant>,
}

/// A change of one friendship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A service ends it.
    End(u32, u32),
    /// The first one blocks the second.
    Block(u32, u32),
    /// A service makes it.
    Make {
        pair: (u32, u32),
        /// One of the two has to lift a block first.
        lift: Option<u32>,
    },
}

impl Step {
    /// Whose friendship it is.
    pub(crate) fn people(self) -> (u32, u32) {
        match self {
            Self::End(a, b) | Self::Block(a, b) | Self::Make { pair: (a, b), .. } => (a, b),
        }
    }

    fn ends(self) -> bool {
        !matches!(self, Self::Make { .. })
    }
}

/// The friendships of some time, up to now.
#[derive(Debug, Clone)]
pub struct Friendships {
    /// Those that stood all the time.
    pub steady: Arc<Graph>,
    /// Those that stood at any moment of it, or may have.
    pub possible: Arc<Graph>,
}

/// All that ever were friends, and how they stand.
#[derive(Debug)]
pub(crate) struct Bonds {
    first: Arc<Graph>,
    pairs: Vec<Pair>,
    index: HashMap<(u32, u32), usize>,
    /// Of those who are surely no friends any more: when the end was answered, Unix milliseconds.
    ended: HashMap<(u32, u32), i64>,
    recent: VecDeque<usize>,
    open: VecDeque<usize>,
    /// People who had friends at first: nobody else gets any.
    members: Vec<u32>,
    last_answer: Option<Instant>,
}

fn key(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

impl Bonds {
    /// As the graph has it, until the first change.
    pub(crate) fn new(first: Arc<Graph>) -> Self {
        let pair = |people| Pair {
            people,
            bond: Bond::Friends,
            busy: false,
            blocker: None,
            touched: None,
        };
        let pairs: Vec<_> = first.pairs().map(pair).collect();
        let count = first.people().len() as u32;
        Self {
            index: pairs.iter().map(|pair| pair.people).zip(0..).collect(),
            members: (0..count).filter(|person| !first.friends(*person).is_empty()).collect(),
            pairs,
            first,
            ended: HashMap::new(),
            recent: VecDeque::new(),
            open: VecDeque::new(),
            last_answer: None,
        }
    }

    /// Who stood how to each other from then on.
    pub(crate) fn since(&self, since: Instant) -> Friendships {
        if self.pairs.iter().all(|pair| pair.touched.is_none()) {
            return Friendships { steady: self.first.clone(), possible: self.first.clone() };
        }
        let touched = |pair: &Pair| pair.touched.is_some_and(|at| at >= since);
        let of = |holds: &dyn Fn(&Pair) -> bool| {
            let pairs = self.pairs.iter().filter(|pair| holds(pair)).map(|pair| pair.people);
            Arc::new(self.first.with_pairs(pairs))
        };
        Friendships {
            steady: of(&|pair| pair.bond == Bond::Friends && !touched(pair)),
            possible: of(&|pair| pair.bond != Bond::Apart || touched(pair)),
        }
    }

    /// When a change was last answered.
    pub(crate) fn last_answer(&self) -> Option<Instant> {
        self.last_answer
    }

    /// How long after the answered end of their friendship a fix of this time was made, milliseconds. None if they may be
    /// friends, or may have been then.
    pub(crate) fn after_end_ms(&self, a: u32, b: u32, time_ms: i64) -> Option<i64> {
        if self.ended.is_empty() {
            return None;
        }
        let ended_ms = self.ended.get(&key(a, b))?;
        Some(time_ms - ended_ms).filter(|after| *after > 0)
    }

    /// The next change, or two of one person's friends at once. All of them count as under way from now on.
    pub(crate) fn choose(&mut self, random: &dyn Random, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        steps.extend(self.pick(random).map(|at| self.begin(at, random, now)));
        if let Some(first) = steps.first().copied()
            && first.ends()
            && below(random, 2) == 0
        {
            let (one, other) = first.people();
            let who = [one, other][below(random, 2)];
            steps.extend(self.stranger(who, random).map(|at| self.begin(at, random, now)));
        }
        steps
    }

    /// The change of these two was answered, at this moment.
    pub(crate) fn answered(&mut self, step: Step, now: Instant, now_ms: i64) {
        let (a, b) = step.people();
        let pair = self.pair(a, b);
        pair.busy = false;
        pair.touched = Some(now);
        if step.ends() {
            pair.bond = Bond::Apart;
            self.ended.insert(key(a, b), now_ms);
        } else {
            pair.bond = Bond::Friends;
        }
        self.last_answer = Some(now);
    }

    /// The block that stood before a friendship is lifted.
    pub(crate) fn lifted(&mut self, step: Step) {
        let (a, b) = step.people();
        self.pair(a, b).blocker = None;
    }

    /// What became of the change isn't known.
    pub(crate) fn unknown(&mut self, step: Step) {
        let (a, b) = step.people();
        self.pair(a, b).busy = false;
        self.open.extend(self.index.get(&key(a, b)).copied());
    }

    fn pair(&mut self, a: u32, b: u32) -> &mut Pair {
        let at = self.index[&key(a, b)];
        &mut self.pairs[at]
    }

    /// Some pair about which no request is under way.
    fn pick(&mut self, random: &dyn Random) -> Option<usize> {
        if below(random, 2) == 0
            && let Some(open) = self.open.pop_front()
        {
            let pair = &self.pairs[open];
            if pair.bond == Bond::Open && !pair.busy {
                return Some(open);
            }
        }
        for _ in 0..TRIES_MAX {
            let recent = self.recent.get(below(random, RECENT_MAX)).copied();
            let at = match recent.filter(|_| below(random, 2) == 0) {
                Some(recent) => recent,
                None if below(random, NEW_ONE_IN) == 0 => self.strangers(random)?,
                None => below(random, self.pairs.len()),
            };
            if self.pairs.get(at).is_some_and(|pair| !pair.busy) {
                return Some(at);
            }
        }
        None
    }

    /// Somebody who is surely no friend of theirs, with whom they may become friends.
    fn stranger(&mut self, who: u32, random: &dyn Random) -> Option<usize> {
        for _ in 0..TRIES_MAX {
            let other = self.members[below(random, self.members.len())];
            let at = self.entry(who, other)?;
            let pair = &self.pairs[at];
            if !pair.busy && pair.bond == Bond::Apart {
                return Some(at);
            }
        }
        None
    }

    fn strangers(&mut self, random: &dyn Random) -> Option<usize> {
        let who = *self.members.get(below(random, self.members.len()))?;
        self.stranger(who, random)
    }

    /// Where two people are; strangers get a place. None for somebody with themselves.
    fn entry(&mut self, a: u32, b: u32) -> Option<usize> {
        if a == b {
            return None;
        }
        let next = self.pairs.len();
        let at = *self.index.entry(key(a, b)).or_insert(next);
        if at == next {
            let (people, bond) = (key(a, b), Bond::Apart);
            self.pairs.push(Pair { people, bond, busy: false, blocker: None, touched: None });
        }
        Some(at)
    }

    fn begin(&mut self, at: usize, random: &dyn Random, now: Instant) -> Step {
        let pair = &mut self.pairs[at];
        let (a, b) = pair.people;
        let makes = match pair.bond {
            Bond::Friends => false,
            Bond::Apart => true,
            Bond::Open => below(random, 2) == 0,
        };
        let step = if makes {
            // From here on they may be friends again.
            self.ended.remove(&pair.people);
            Step::Make { pair: (a, b), lift: pair.blocker }
        } else {
            match below(random, 4) {
                0 => Step::Block(a, b),
                1 => Step::Block(b, a),
                _ => Step::End(a, b),
            }
        };
        // Who blocks already goes on doing so; a block of the other one would be a second.
        let step = match (step, pair.blocker) {
            (Step::Block(..), Some(_)) => Step::End(a, b),
            (step, _) => step,
        };
        if let Step::Block(by, _) = step {
            pair.blocker = Some(by);
        }
        (pair.bond, pair.busy, pair.touched) = (Bond::Open, true, Some(now));
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(at);
        step
    }
}

#[cfg(test)]
mod tests;
