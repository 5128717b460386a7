//! The judge of what people were shown: brute force over all pairs of friends, with Karney's geodesic and none of the
//! product's own geometry.
//!
//! Whatever the world's state leaves open is allowed either way: a friend between the radius and the exit radius,
//! somebody whose position is about to expire or just did, somebody whose last fix nobody confirmed, two of whom nobody knows
//! whether they are friends.

use std::sync::Arc;

use geographiclib_rs::{Geodesic, InverseGeodesic};
use model::Position;

use super::geometry::{on_sphere, same_place};
use crate::Graph;

/// Around the TTL, the present and the gone are both right: expiry is noticed at ticks, and messages travel.
const TTL_EDGE_MS: i64 = 500;

/// On either side of the radius and the exit radius, metres: the product's formula may err by less than this.
const RIM_M: f64 = 0.01;

/// Half of the 0.1 m to which distances are rounded, and a little for the formula.
const DISTANCE_ERROR_M: f64 = 0.06;

/// What the formula may err by beyond that, relative to the distance.
const DISTANCE_ERROR_SHARE: f64 = 1e-6;

/// How many complaints are put into words.
const EXAMPLES_MAX: usize = 10;

/// A position that the service acknowledged as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Where.
    pub position: Position,
    /// Effective time, Unix milliseconds.
    pub time_ms: i64,
}

/// A friend as somebody's client holds them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Where.
    pub position: Position,
    /// Effective time of the fix, Unix milliseconds.
    pub time_ms: i64,
    /// How far, as the service said, metres.
    pub distance_m: f64,
}

/// One person at a checkpoint.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Their newest position that was acknowledged as shown.
    pub shown: Option<Shown>,
    /// Whether `shown` is surely what the service holds. Not so after a lost acknowledgement, while they are being
    /// moved by somebody else, or while they reconnect.
    pub certain: bool,
    /// Their radius, metres.
    pub radius_m: f64,
    /// Whom their client holds, by number. None: not to be judged.
    pub view: Option<Vec<(u32, Seen)>>,
    /// How many in their view are none of the simulated people.
    pub outsiders: usize,
}

/// Everything that a verdict depends on.
#[derive(Debug)]
pub struct World {
    /// Who there is, and who is whose friend.
    pub graph: Arc<Graph>,
    /// Besides those, who may be: the same people.
    pub possible: Arc<Graph>,
    /// By number.
    pub people: Vec<Standing>,
    /// The views are at least as new as this, Unix milliseconds.
    pub asked_ms: i64,
    /// The views are at most as new as this, Unix milliseconds.
    pub now_ms: i64,
    /// How long a position is shown, milliseconds.
    pub ttl_ms: i64,
}

/// What one look at the world found.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Verdict {
    /// Pairs (watcher, friend) of which something definite could be said.
    pub pairs: u64,
    /// Friends who had to be seen and weren't.
    pub missed: u64,
    /// Entries that must not be there, or not like this.
    pub wrong: u64,
    /// The first few complaints, without coordinates.
    pub examples: Vec<String>,
}

/// Compares every judged person's view with the truth.
pub fn judge(world: &World) -> Verdict {
    let mut judge = Judge { world, earth: Geodesic::wgs84(), verdict: Verdict::default() };
    for (number, standing) in (0..).zip(&world.people) {
        if let Some(view) = &standing.view {
            judge.view(number, standing, view);
        }
    }
    judge.verdict
}

/// The farthest a friend in the list may be, metres.
fn exit_radius(radius_m: f64) -> f64 {
    radius_m + (radius_m * 0.1).max(20.0)
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Present,
    AtTheEdge,
    Absent,
}

#[derive(Clone, Copy, PartialEq)]
enum Ring {
    Within,
    Between,
    Beyond,
}

struct Judge<'a> {
    world: &'a World,
    earth: Geodesic,
    verdict: Verdict,
}

impl Judge<'_> {
    fn view(&mut self, me: u32, standing: &Standing, view: &[(u32, Seen)]) {
        for _ in 0..standing.outsiders {
            self.wrong(|| format!("{} sees somebody who is nobody's friend", name(self.world, me)));
        }
        let friends = self.world.graph.friends(me);
        let possible = self.world.possible.friends(me);
        for (other, _) in view {
            if possible.binary_search(other).is_err() {
                self.pair_wrong(me, *other, "not a friend, sees");
            }
        }
        if !standing.certain {
            return;
        }
        for &friend in friends {
            let theirs = &self.world.people[friend as usize];
            if !theirs.certain {
                continue;
            }
            self.verdict.pairs += 1;
            let seen = view.iter().find(|(other, _)| *other == friend).map(|(_, seen)| seen);
            self.friend(me, standing, friend, theirs, seen);
        }
    }

    fn friend(
        &mut self,
        me: u32,
        mine: &Standing,
        friend: u32,
        theirs: &Standing,
        seen: Option<&Seen>,
    ) {
        let (here, there) = (self.presence(mine), self.presence(theirs));
        let (Some(from), Some(to)) = (mine.shown, theirs.shown) else {
            if seen.is_some() {
                self.pair_wrong(me, friend, "without a position of both, sees");
            }
            return;
        };
        if here == Presence::Absent || there == Presence::Absent {
            if seen.is_some() {
                let whose = if here == Presence::Absent { "their own" } else { "the friend's" };
                self.pair_wrong(me, friend, &format!("though {whose} position is too old, sees"));
            }
            return;
        }
        let Some(seen) = seen else {
            let both = here == Presence::Present && there == Presence::Present;
            if both && self.ring(from.position, to.position, mine.radius_m) == Ring::Within {
                let metres = self.karney(from.position, to.position);
                self.missed(me, friend, metres, mine.radius_m);
            }
            return;
        };
        let metres = self.karney(from.position, to.position);
        if metres >= exit_radius(mine.radius_m) + RIM_M {
            self.pair_wrong(
                me,
                friend,
                &format!("at {metres:.2} m and a radius of {} m, sees", mine.radius_m),
            );
        } else if seen.time_ms != to.time_ms || !same_place(seen.position, to.position) {
            let late_ms = to.time_ms - seen.time_ms;
            self.pair_wrong(me, friend, &format!("{late_ms} ms behind the newest position, sees"));
        } else if (seen.distance_m - metres).abs()
            > DISTANCE_ERROR_M + DISTANCE_ERROR_SHARE * metres
        {
            let told = seen.distance_m;
            self.pair_wrong(me, friend, &format!("at {metres:.2} m but told {told} m, sees"));
        }
    }

    fn presence(&self, person: &Standing) -> Presence {
        let Some(shown) = person.shown else { return Presence::Absent };
        if self.world.now_ms - shown.time_ms < self.world.ttl_ms - TTL_EDGE_MS {
            Presence::Present
        } else if self.world.asked_ms - shown.time_ms > self.world.ttl_ms + TTL_EDGE_MS {
            Presence::Absent
        } else {
            Presence::AtTheEdge
        }
    }

    /// Where `to` lies seen from `from`, with as little geometry as decides it.
    ///
    /// Two bounds spare most pairs Karney's series. No way between two parallels is shorter than the meridian between
    /// them, and a degree of a meridian is nowhere shorter than 110,574 m. And a sphere of the mean radius errs by
    /// less than 0.6 %, so it is believed when it is 2 % clear of both thresholds.
    fn ring(&self, from: Position, to: Position, radius_m: f64) -> Ring {
        let within = radius_m - RIM_M;
        let beyond = exit_radius(radius_m) + RIM_M;
        if (from.latitude() - to.latitude()).abs() * 110_500.0 > beyond {
            return Ring::Beyond;
        }
        let roughly = on_sphere(from, to);
        if roughly > beyond * 1.02 {
            return Ring::Beyond;
        }
        if roughly < within * 0.98 {
            return Ring::Within;
        }
        let metres = self.karney(from, to);
        if metres <= within {
            Ring::Within
        } else if metres >= beyond {
            Ring::Beyond
        } else {
            Ring::Between
        }
    }

    fn karney(&self, from: Position, to: Position) -> f64 {
        self.earth.inverse(from.latitude(), from.longitude(), to.latitude(), to.longitude())
    }

    fn missed(&mut self, me: u32, friend: u32, metres: f64, radius_m: f64) {
        self.verdict.missed += 1;
        let (me, friend) = (name(self.world, me), name(self.world, friend));
        self.complain(|| {
            format!("{me} misses {friend} at {metres:.2} m and a radius of {radius_m} m")
        });
    }

    fn pair_wrong(&mut self, me: u32, other: u32, how: &str) {
        let (me, other) = (name(self.world, me), name(self.world, other));
        self.wrong(|| format!("{me}, {how} {other}"));
    }

    fn wrong(&mut self, text: impl FnOnce() -> String) {
        self.verdict.wrong += 1;
        self.complain(text);
    }

    fn complain(&mut self, text: impl FnOnce() -> String) {
        if self.verdict.examples.len() < EXAMPLES_MAX {
            self.verdict.examples.push(text());
        }
    }
}

fn name(world: &World, number: u32) -> &str {
    world.graph.people()[number as usize].as_str()
}

#[cfg(test)]
mod tests;
