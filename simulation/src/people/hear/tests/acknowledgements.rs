//! What becomes of a fix, as acknowledgements and refusals say.

use super::*;

#[test]
fn an_acknowledged_fix_becomes_the_truth() {
    let bench = bench();
    let (seq, time_ms) = bench.send(0, 1);
    assert!(!bench.crowd.person(0).state().is_settled());
    bench.hear(0, &ack(seq, true, ""));
    let state = bench.crowd.person(0).state();
    assert!(state.is_settled());
    assert_eq!(state.shown.expect("shown").time_ms, time_ms);
}

#[test]
fn a_fix_older_than_another_devices_disputes_the_truth_until_the_next() {
    let bench = bench();
    let (seq, _) = bench.send(0, 1);
    bench.hear(0, &ack(seq, false, "older"));
    assert!(bench.crowd.person(0).state().disputed);
    let (seq, _) = bench.send(0, 2);
    bench.hear(0, &ack(seq, true, ""));
    assert!(!bench.crowd.person(0).state().disputed);
    assert_eq!(bench.faults(), 0);
}

#[test]
fn acknowledgements_that_make_no_sense_are_faults() {
    let bench = bench();
    bench.hear(0, &ack(9, true, ""));
    assert_eq!(bench.faults(), 1);
    let (seq, _) = bench.send(0, 1);
    bench.hear(0, &ack(seq, false, "repeated"));
    assert_eq!(bench.faults(), 2);
}

#[test]
fn a_refused_fix_is_a_fault_and_not_outstanding() {
    let bench = bench();
    let (seq, _) = bench.send(0, 1);
    let refusal = format!(r#"{{"type":"error","error":"rate_limited","detail":"d","seq":{seq}}}"#);
    bench.hear(0, &refusal);
    assert!(bench.crowd.person(0).state().is_settled());
    assert_eq!(bench.crowd.faults(), ["ann: the service answers rate_limited"]);
}

/// The fix of that number can't be stored now; a second later it may be.
fn unavailable(seq: u64) -> String {
    format!(
        r#"{{"type":"error","error":"unavailable","detail":"d","device":"simulated","seq":{seq},"retry_after_ms":1000}}"#
    )
}

#[test]
fn a_fix_that_can_not_be_stored_now_is_sent_again_when_the_service_says() {
    let bench = bench();
    let (seq, time_ms) = bench.send(0, 1);
    bench.hear(0, &unavailable(seq));
    let person = bench.crowd.person(0);
    let early = bench.now + Duration::from_millis(999);
    let again_at = bench.now + Duration::from_secs(1);
    assert_eq!(person.state().next_errand(), Some(again_at));
    assert!(!person.state().is_settled());
    assert!(person.errands(early).fix.is_none(), "too early");
    let again = person.errands(again_at).fix.expect("sent again");
    assert!(again.contains(&format!(r#""seq":{seq},"#)), "the same fix");
    assert!(person.errands(again_at).fix.is_none(), "once");
    // It had been taken note of the first time.
    bench.hear(0, &ack(seq, false, "repeated"));
    let state = person.state();
    assert!(state.is_settled() && !state.disputed);
    assert_eq!(state.shown.expect("shown").time_ms, time_ms);
    let counts = bench.crowd.tally.read();
    assert_eq!((counts.unavailable, counts.errors, counts.acks), (1, 0, 1));
}

#[test]
fn a_newer_fix_takes_the_place_of_one_that_can_not_be_stored_now() {
    let bench = bench();
    let person = bench.crowd.person(0);
    let later = bench.now + Duration::from_secs(5);
    let (first, _) = bench.send(0, 1);
    bench.hear(0, &unavailable(first));
    let (second, _) = bench.send(0, 2);
    assert!(person.errands(later).fix.is_none(), "the second one said more");
    // Both were under way.
    let (third, _) = bench.send(0, 3);
    bench.hear(0, &unavailable(second));
    assert!(person.errands(later).fix.is_none(), "the third one is under way");
    bench.hear(0, &ack(third, true, ""));
    assert!(person.state().is_settled());
}
