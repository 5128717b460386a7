//! Too much at once.

use e2e::raw::{Bystanders, OFFENDER};
use e2e::{Frame, Sandbox};
use serde_json::json;

use super::messages::{expect_error, fix};

/// A batch of fixes with these `seq`.
fn batch(seqs: std::ops::Range<u64>) -> String {
    let one = |seq| format!(r#"{{"seq":{seq},"latitude":38.73,"longitude":-9.14}}"#);
    let all: Vec<_> = seqs.map(one).collect();
    format!(r#"{{"type":"fixes","device":"phone","fixes":[{}]}}"#, all.join(","))
}

#[tokio::test]
async fn a_thousand_fixes_in_one_batch_are_too_many_and_a_hundred_are_not() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    for seqs in [0..1_000, 0..101] {
        let expected = ("too_many_fixes", "at most 100");
        expect_error(&mut person, "a great batch", &batch(seqs), expected).await;
        bystanders.carry_on("a great batch").await;
    }
    person.send_text(&batch(0..100)).await;
    let ack = person.hear(|m| m["type"] == "ack").await;
    assert_eq!((&ack["seq"], &ack["shown"]), (&json!(99), &json!(true)), "{ack}");
    bystanders.note().await;
    bystanders.carry_on("a batch of 100").await;
}

#[tokio::test]
async fn a_thousand_fixes_in_a_second_are_limited() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;

    let mut person = world.connect(OFFENDER).await;
    let mut taken = 0;
    for hundred in 0..10 {
        person.send_text(&batch(hundred * 100..hundred * 100 + 100)).await;
        let answer = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
        if answer["type"] == "ack" {
            taken += 1;
        } else {
            assert_eq!(answer["error"], "rate_limited", "{answer}");
            assert!(answer["detail"].as_str().is_some_and(|d| d.contains("20 fixes per second")));
            assert!(answer["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{answer}");
            assert_eq!(
                (&answer["device"], &answer["seq"]),
                (&json!("phone"), &json!(hundred * 100 + 99))
            );
        }
    }
    // The burst of 200, less what an earlier connection of theirs sent, and no more than what grew back meanwhile.
    assert!((1..=4).contains(&taken), "{taken}");
    person.settle().await;
    bystanders.note().await;
    bystanders.carry_on("ten batches").await;

    // What a phone collected in an hour, each by itself: it is told when to send again, and isn't closed.
    let mut limited = 0;
    let mut last_retry_ms = 0;
    for seq in 2_000..5_600 {
        person.send_text(&fix(&[("device", r#""tablet""#), ("seq", &format!("{seq}"))])).await;
    }
    for _ in 2_000..5_600 {
        let answer = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
        if answer["type"] == "error" {
            assert_eq!(answer["error"], "rate_limited", "{answer}");
            last_retry_ms = answer["retry_after_ms"].as_u64().expect("a time");
            limited += 1;
        }
    }
    assert!(limited > 3_000, "{limited}");
    // All that was refused has had its turn by then.
    assert!(last_retry_ms > 10_000, "{last_retry_ms}");
    bystanders.note().await;
    bystanders.carry_on("an hour of fixes").await;
}

#[tokio::test]
async fn more_than_a_hundred_errors_end_the_session() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    for n in 0..101 {
        person.send_text("{}").await;
        let answer = person.next().await;
        let Frame::Message(message) = &answer else { panic!("{n}: {answer:?}") };
        let kind = message["type"].as_str().unwrap_or_default();
        assert!(["error", "hint", "names"].contains(&kind), "{n}: {message}");
    }
    let Frame::Closed(code, reason) = person.end().await else { panic!("dropped") };
    assert_eq!((code, reason.starts_with("bad_messages")), (4501, true), "{reason}");
    bystanders.carry_on("101 errors").await;
}
