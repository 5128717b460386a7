//! Bad and odd amounts: whole numbers of 64 bits count exactly, whatever else there is doesn't.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::json;

use super::world::{add, event_text, make, send_text, standing, sums};

const MAX: &str = "9223372036854775807";
const MIN: &str = "-9223372036854775808";

#[tokio::test]
async fn whole_numbers_count_exactly_up_to_the_ends_of_64_bits() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    make(&world, "latest", json!({ "wins": "low", "operator": "latest" })).await;
    for (n, (written, score)) in [
        ("0", "0"),
        ("-0.0", "0"),
        ("-1", "-1"),
        ("1e3", "1000"),
        ("7.0", "7"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", "9007199254740993"),
        (MAX, MAX),
        ("9223372036854775807.0", MAX),
        (MIN, MIN),
        ("-9223372036854775808e0", MIN),
    ]
    .into_iter()
    .enumerate()
    {
        let body = event_text(&n.to_string(), "latest", &format!("\"score\":{written}"));
        let answer = send_text(&world, &body).await;
        assert_eq!(answer.status, 200, "{written}: {answer:?}");
        assert!(answer.text.contains(&format!("\"score\":{score},")), "{written}: {}", answer.text);
        let told = world.as_service("GET", "/v1/scores/alice?board=latest", None).await.text;
        assert!(told.contains(&format!("\"score\":{score},")), "{written}: {told}");
    }
    // Sums are kept within the range, whichever way they would leave it; nothing is counted then.
    for (key, delta, expected) in [
        ("a", MAX, Some(MAX)),
        ("b", "1", None),
        ("c", MIN, Some("-1")),
        ("d", MIN, None),
        ("e", MAX, Some("9223372036854775806")),
    ] {
        let answer =
            send_text(&world, &event_text(key, "sum", &format!("\"delta\":{delta}"))).await;
        match expected {
            Some(score) => assert!(answer.text.contains(&format!(":{score},")), "{answer:?}"),
            None => assert_problem(key, &answer, (409, "score_out_of_range", MIN)),
        }
    }
}

#[tokio::test]
async fn other_amounts_are_refused_for_what_they_are() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    for (amount, code, words) in [
        ("\"delta\":1.5", "invalid_number", "delta must be a whole number"),
        ("\"delta\":1e-320", "invalid_number", "must be a whole number"),
        ("\"delta\":9223372036854775808", "invalid_number", "to 9223372036854775807"),
        ("\"delta\":-9223372036854775809", "invalid_number", "from -9223372036854775808"),
        ("\"delta\":18446744073709551616", "invalid_number", "to 9223372036854775807"),
        ("\"delta\":1e400", "invalid_number", "to 9223372036854775807"),
        ("\"score\":1e99999999999999999999", "invalid_number", "score must be from"),
        ("\"delta\":\"5\"", "invalid_number", "must be a number"),
        ("\"delta\":true", "invalid_number", "must be a number"),
        ("\"delta\":[1]", "invalid_number", "must be a number"),
        ("\"delta\":null", "invalid_event", "one of delta and score"),
        ("\"delta\":1,\"score\":1", "invalid_event", "one of delta and score"),
        ("\"changes\":[]", "invalid_event", "not both"),
        ("\"delta\":NaN", "invalid_json", "expected value"),
        ("\"delta\":Infinity", "invalid_json", "expected value"),
        ("\"delta\":+1", "invalid_json", "expected value"),
        ("\"delta\":01", "invalid_json", "number"),
        ("\"delta\":1,\"delta\":1", "invalid_json", "duplicate field `delta`"),
        ("\"delta\":1,\"rank\":1", "invalid_json", "unknown field `rank`"),
    ] {
        let answer = send_text(&world, &event_text("k", "sum", amount)).await;
        assert_problem(amount, &answer, (400, code, words));
    }
    assert_eq!(standing(&world, "sum", "alice").await["as_of"], "b1.0");
    // None of them has used the key up.
    assert_eq!(add(&world, "sum", "alice", "k", 1).await["score"], 1);
}
