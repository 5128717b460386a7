//! A look at everybody's view while the world stands still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::judge::oracle::{Standing, Verdict, World, judge};
use crate::people::crowd::Crowd;
use crate::people::person::Person;
use crate::world::friendships::{FOLLOWS_WITHIN_MS, Friendships};

/// How often everybody is asked whether they are done.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a change may take to act.
const FOLLOWS_WITHIN: Duration = Duration::from_millis(FOLLOWS_WITHIN_MS as u64);

/// What a checkpoint found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The oracle's.
    pub verdict: Verdict,
    /// Views that were judged.
    pub judged: u64,
    /// People whose ping nobody answered though they were connected all the time, and nothing excused it.
    pub unanswered: u64,
    /// People whose ping nobody answered, which was excused; they weren't judged.
    pub excused: u64,
    /// Fixes that nobody acknowledged though the connection stood.
    pub lost: u64,
    /// By which friendships views were judged: the possible ones besides the steady ones are those of which nobody knows.
    pub friendships: Friendships,
}

/// A checkpoint, with a ping of that number, greater than any before. The caller sends nothing meanwhile.
///
/// Keeps friendships as they are, and waits until the last change has acted. Then waits for all acknowledgements, for two ticks, and for the answer to a ping of everybody, which comes after
/// everything the service had to tell. Then each one's view is compared with the truth. Whoever was not connected all
/// the time isn't judged.
pub(crate) async fn look(crowd: &Arc<Crowd>, number: u64, settle_within: Duration) -> Finding {
    // Requests under way have deadlines, and aren't repeated while somebody waits.
    let _friendships_stay = crowd.changing.write().await;
    let began = Instant::now();
    let there = |person: &Person| {
        let state = person.state();
        state.welcomed.is_some_and(|welcomed| welcomed.since <= began)
    };
    let everybody = |done: fn(&Person, u64) -> bool| {
        crowd.people.iter().all(|person| !there(person) || done(person, number))
    };

    until(settle_within, || everybody(|person, _| person.state().is_settled())).await;
    let lost = crowd.people.iter().filter(|person| there(person)).map(give_up_waiting).sum();

    let last_change = crowd.bonds.lock().last_answer();
    if let Some(changed) = last_change {
        tokio::time::sleep_until((changed + FOLLOWS_WITHIN).into()).await;
    }
    let tick_ms = welcomed_of(crowd, |welcomed| welcomed.tick_ms).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(2 * tick_ms)).await;

    let asked_ms = crowd.now_ms();
    for person in crowd.people.iter().filter(|person| there(person)) {
        person.order(|orders| orders.ping = Some(number));
    }
    until(settle_within, || everybody(has_answered)).await;

    let standings: Vec<Standing> =
        crowd.people.iter().map(|p| standing(p, began, number)).collect();
    let silent = crowd.people.iter().filter(|who| there(who) && !has_answered(who, number));
    let (excused, unanswered): (Vec<_>, Vec<_>) =
        silent.partition(|person| person.state().pings.forgiven);
    let judged = standings.iter().filter(|standing| standing.view.is_some()).count();
    let friendships = crowd.bonds.lock().since(Instant::now());
    let world = World {
        graph: Arc::clone(&friendships.steady),
        possible: Arc::clone(&friendships.possible),
        people: standings,
        asked_ms,
        now_ms: crowd.now_ms(),
        ttl_ms: welcomed_of(crowd, |welcomed| welcomed.ttl_ms as u64).unwrap_or(0) as i64,
    };
    let verdict = tokio::task::spawn_blocking(move || judge(&world)).await;
    Finding {
        verdict: verdict.expect("judging neither panics nor is cancelled"),
        judged: judged as u64,
        unanswered: unanswered.len() as u64,
        excused: excused.len() as u64,
        lost,
        friendships,
    }
}

/// Waits until it is so, or the deadline is over.
async fn until(within: Duration, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + within;
    while !is_so() && Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// How many acknowledgements are still missing. What is unknown now stays so until the next fix.
fn give_up_waiting(person: &Person) -> u64 {
    let mut state = person.state();
    let missing = state.outstanding.len();
    if missing > 0 {
        state.outstanding.clear();
        state.disputed = true;
    }
    missing as u64
}

fn has_answered(person: &Person, number: u64) -> bool {
    let state = person.state();
    state.pings.answered == number && state.view.complete
}

fn standing(person: &Person, began: Instant, number: u64) -> Standing {
    let state = person.state();
    let there = state.welcomed.is_some_and(|welcomed| welcomed.since <= began);
    let answered = state.pings.answered == number && state.view.complete;
    Standing {
        shown: state.shown,
        certain: there && !state.disputed && state.is_settled(),
        radius_m: state.radius_m,
        view: (there && answered)
            .then(|| state.view.friends.iter().map(|(number, seen)| (*number, *seen)).collect()),
        outsiders: state.view.outsiders.len(),
    }
}

fn welcomed_of(crowd: &Crowd, what: fn(&crate::people::person::Welcomed) -> u64) -> Option<u64> {
    crowd.people.iter().find_map(|person| person.state().welcomed.as_ref().map(what))
}
