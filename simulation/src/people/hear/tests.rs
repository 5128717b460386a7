use std::sync::Arc;
use std::time::Duration;

use model::{ManualClock, Timestamp, UserId};

use super::*;
use crate::Graph;

mod acknowledgements;

const START_MS: i64 = 1_700_000_000_000;

struct Bench {
    crowd: Crowd,
    now: Instant,
}

/// Ann (0) and ben (1), both welcomed, both with an empty snapshot.
fn bench() -> Bench {
    let names = ["ann", "ben"].map(|id| UserId::parse(id).expect("an id")).to_vec();
    let graph = Arc::new(Graph::new(names, [(0, 1)]));
    let clock = Arc::new(ManualClock::at(Timestamp(START_MS)));
    let bench = Bench { crowd: Crowd::new(graph, clock), now: Instant::now() };
    for person in [0, 1] {
        assert_eq!(bench.hear(person, &welcome("e1")), Next::RunErrands);
        bench.hear(person, &snapshot("e1", "", false));
    }
    bench
}

fn welcome(epoch: &str) -> String {
    format!(
        r#"{{"type":"welcome","user":"ann","session":"s","epoch":"{epoch}","time_ms":{START_MS},"ttl_ms":60000,
        "radius_m":1000,"tick_ms":50,"ping_interval_ms":20000,"token_expires_ms":{},
        "limits":{{"fixes_per_s":10,"message_bytes":1}},"hint":{{}}}}"#,
        START_MS + 100_000
    )
}

fn snapshot(epoch: &str, friends: &str, more: bool) -> String {
    format!(
        r#"{{"type":"snapshot","epoch":"{epoch}","time_ms":1,"located":true,"friends":[{friends}],"more":{more}}}"#
    )
}

fn friend(id: &str, time_ms: i64) -> String {
    format!(
        r#"{{"id":"{id}","class":"precise","latitude":1.5,"longitude":2,"distance_m":10.5,"time_ms":{time_ms},
        "age_ms":3,"version":"v"}}"#
    )
}

fn push(what: &str, items: &str) -> String {
    format!(r#"{{"type":"push","time_ms":1,"{what}":[{items}]}}"#)
}

fn ack(seq: u64, shown: bool, reason: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(r#","reason":"{reason}""#) };
    format!(
        r#"{{"type":"ack","device":"simulated","seq":{seq},"kept":"memory","shown":{shown}{reason}}}"#
    )
}

impl Bench {
    fn hear(&self, me: u32, text: &str) -> Next {
        self.crowd.hear(me, text, self.now)
    }

    fn hear_after(&self, ms: u64, me: u32, text: &str) {
        self.crowd.hear(me, text, self.now + Duration::from_millis(ms));
    }

    /// Somebody sends a fix `ms` after the start; its `seq` and `time_ms`.
    fn send(&self, who: u32, ms: u64) -> (u64, i64) {
        let person = self.crowd.person(who);
        let position = Position::new(1.5, 2.0).expect("on Earth");
        person.order(|orders| orders.report = Some((position, START_MS + ms as i64)));
        let errands = person.errands(self.now + Duration::from_millis(ms));
        assert!(errands.fix.is_some());
        let (report, _) = person.state().last_sent.expect("sent");
        (report.seq, report.time_ms)
    }

    fn sees(&self, me: u32) -> Vec<(u32, i64)> {
        let state = self.crowd.person(me).state();
        state.view.friends.iter().map(|(number, seen)| (*number, seen.time_ms)).collect()
    }

    fn faults(&self) -> usize {
        self.crowd.faults().len()
    }
}

#[test]
fn pushes_keep_the_map_as_the_protocol_says() {
    let bench = bench();
    bench.hear(0, &push("came", &friend("ben", 5)));
    assert_eq!(bench.sees(0), [(1, 5)]);
    bench.hear(0, &push("moved", &friend("ben", 6)));
    assert_eq!(bench.sees(0), [(1, 6)]);
    bench.hear(0, &push("distances", r#"{"id":"ben","distance_m":77.7}"#));
    assert_eq!(bench.crowd.person(0).state().view.friends[&1].distance_m.to_string(), "77.7");
    bench.hear(0, &push("left", r#"{"id":"ben","reason":"gone"}"#));
    assert_eq!(bench.sees(0), []);
    let comings = bench.crowd.take_comings().told;
    assert_eq!(comings.iter().map(|c| c.what).collect::<Vec<_>>(), [Change::Came, Change::Gone]);
    assert_eq!(bench.crowd.tally.read().changes, 3);
    assert_eq!(bench.faults(), 0);
}

#[test]
fn a_snapshot_in_parts_replaces_the_map_with_its_first_part() {
    let bench = bench();
    bench.hear(0, &push("came", &friend("ben", 5)));
    bench.hear(0, r#"{"type":"gap"}"#);
    assert!(!bench.crowd.person(0).state().view.complete);
    bench.hear(0, &snapshot("e1", "", true));
    assert_eq!(bench.sees(0), []);
    bench.hear(0, &push("came", &friend("ben", 6)));
    bench.hear(0, &snapshot("e1", "", false));
    assert_eq!(bench.sees(0), [(1, 6)]);
    assert!(bench.crowd.person(0).state().view.complete);
    assert_eq!(bench.crowd.tally.read().gaps, 1);
}

#[test]
fn another_epoch_drops_the_map() {
    let bench = bench();
    bench.hear(0, &push("came", &friend("ben", 5)));
    bench.hear(0, &welcome("e2"));
    assert_eq!(bench.sees(0), []);
}

#[test]
fn whoever_is_unlocated_sees_nobody() {
    let bench = bench();
    bench.hear(0, &push("came", &friend("ben", 5)));
    bench.hear(0, r#"{"type":"unlocated"}"#);
    assert_eq!(bench.sees(0), []);
}

#[test]
fn people_the_simulation_does_not_know_are_counted_as_such() {
    let mut bench = bench();
    bench.crowd.guests.insert((0, "friend-of-before".into()));
    bench.hear(0, &push("came", &friend("friend-of-before", 5)));
    assert_eq!(bench.crowd.person(0).state().view.outsiders.len(), 0);
    bench.hear(0, &push("came", &friend("guest", 5)));
    assert_eq!(bench.crowd.person(0).state().view.outsiders.len(), 1);
    bench.hear(0, &push("left", r#"{"id":"guest","reason":"far"}"#));
    assert_eq!(bench.crowd.person(0).state().view.outsiders.len(), 0);
}

#[test]
fn latency_is_from_the_friends_fix_to_the_push_that_shows_it() {
    let bench = bench();
    let (_, first) = bench.send(1, 100);
    bench.hear_after(104, 0, &push("came", &friend("ben", first)));
    let (_, second) = bench.send(1, 200);
    bench.hear_after(208, 0, &push("moved", &friend("ben", second)));
    let told = bench.crowd.latency.quantiles();
    assert_eq!(told.count, 2);
    assert!((told.max_ms - 8.0).abs() < 0.1 && (told.p50_ms - 4.0).abs() < 0.1, "{told:?}");
}

#[test]
fn who_came_because_i_moved_tells_no_latency_and_nobody_is_counted_twice() {
    let bench = bench();
    let (_, theirs) = bench.send(1, 100);
    bench.send(0, 5_000);
    bench.hear_after(5_003, 0, &push("came", &friend("ben", theirs)));
    bench.hear_after(5_004, 0, &push("moved", &friend("ben", theirs)));
    bench.hear_after(5_005, 0, &push("moved", &friend("ben", 12_345)));
    assert_eq!(bench.crowd.latency.quantiles().count, 0);
}

#[test]
fn who_came_because_i_see_farther_or_was_moved_from_elsewhere_tells_no_latency() {
    let bench = bench();
    let (_, theirs) = bench.send(1, 100);
    bench.hear_after(5_000, 0, r#"{"type":"radius","radius_m":5000}"#);
    bench.hear_after(5_001, 0, &push("came", &friend("ben", theirs)));
    let (_, theirs) = bench.send(1, 6_000);
    let elsewhere = r#"{"type":"position","id":"ann","class":"precise","latitude":48,"longitude":11,"time_ms":5}"#;
    bench.hear_after(7_000, 0, elsewhere);
    bench.hear_after(7_001, 0, &push("came", &friend("ben", theirs)));
    assert_eq!(bench.crowd.latency.quantiles().count, 0);
    let (_, theirs) = bench.send(1, 8_000);
    bench.hear_after(8_003, 0, &push("came", &friend("ben", theirs)));
    assert_eq!(bench.crowd.latency.quantiles().count, 1);
}

#[test]
fn two_fixes_of_one_millisecond_get_times_of_their_own() {
    let bench = bench();
    let (first, second) = (bench.send(0, 7), bench.send(0, 7));
    assert!(second.0 > first.0 && second.1 > first.1);
}

#[test]
fn a_new_radius_and_a_pong_are_remembered() {
    let bench = bench();
    bench.hear(0, r#"{"type":"radius","radius_m":250}"#);
    bench.hear(0, r#"{"type":"pong","id":17,"time_ms":1}"#);
    let state = bench.crowd.person(0).state();
    assert_eq!((state.radius_m.to_string().as_str(), state.pings.answered), ("250", 17));
}

#[test]
fn a_token_is_to_be_renewed_when_four_fifths_of_its_time_are_over() {
    let bench = bench();
    let renew_at = |bench: &Bench| bench.crowd.person(0).state().welcomed?.renew_at_ms;
    assert_eq!(renew_at(&bench), Some(START_MS + 80_000));
    let answer = format!(r#"{{"type":"renewed","token_expires_ms":{}}}"#, START_MS + 200_000);
    bench.hear(0, &answer);
    assert_eq!(renew_at(&bench), Some(START_MS + 160_000));
}

#[test]
fn faults_quote_no_message() {
    let bench = bench();
    bench.hear(0, r#"{"type":"push","came":[{"id":"ben","latitude":"36.1234"}]}"#);
    bench.hear(0, "{\"type\":\"surprise\",\"latitude\":36.1234}");
    bench.hear(0, &push("came", &friend("ben", 1).replace("1.5", "136.1234")));
    assert_eq!(bench.faults(), 3);
    assert!(bench.crowd.faults().iter().all(|fault| !fault.contains("36.1")));
}

#[test]
fn who_was_left_somewhere_by_an_earlier_run_is_there_until_they_send_something_themselves() {
    let bench = bench();
    let position = r#"{"type":"position","id":"ann","class":"precise","latitude":48,"longitude":11,"time_ms":5}"#;
    bench.hear(0, position);
    let shown = bench.crowd.person(0).state().shown.expect("known");
    assert_eq!((shown.position.latitude(), shown.time_ms), (48.0, 5));
    assert_eq!(bench.faults(), 0);
}

#[test]
fn whoever_is_told_of_a_former_friends_new_fix_says_so_and_not_where_it_was() {
    let bench = bench();
    let random = model::SeededRandom::new(1);
    let step = bench.crowd.bonds.lock().choose(&random, bench.now).remove(0);
    bench.hear(0, &push("came", &friend("ben", START_MS + 60_000)));
    assert_eq!(bench.faults(), 0, "nobody has answered yet");
    bench.crowd.bonds.lock().answered(step, bench.now, START_MS);
    bench.hear(0, &push("moved", &friend("ben", START_MS + FOLLOWS_WITHIN_MS)));
    assert_eq!(bench.faults(), 0, "changes may take so long to act");
    let late = friend("ben", START_MS + FOLLOWS_WITHIN_MS + 1);
    for message in [push("came", &late), push("moved", &late), snapshot("e1", &late, false)] {
        bench.hear(0, &message);
    }
    let what = "ann: told of a fix of ben of 1001 ms after the end of their friendship";
    assert_eq!(bench.crowd.faults(), [what, what, what]);
}
