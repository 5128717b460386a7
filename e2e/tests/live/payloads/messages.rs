use e2e::{Person, Sandbox};

/// A right fix, field by field.
const FIX: [(&str, &str); 5] = [
    ("type", r#""fix""#),
    ("device", r#""phone""#),
    ("seq", "10"),
    ("latitude", "38.73"),
    ("longitude", "-9.14"),
];

/// The text of a right fix with some fields added or replaced, or left out where they are empty.
pub(super) fn fix(changes: &[(&str, &str)]) -> String {
    let kept = FIX.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let fields = kept.chain(changes).filter(|(_, value)| !value.is_empty());
    let fields: Vec<_> = fields.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// The text of a batch of a right fix and one with these changes.
pub(super) fn fixes(changes: &[(&str, &str)]) -> String {
    let inner =
        |changes: &[(&str, &str)]| fix(&[changes, &[("type", ""), ("device", "")]].concat());
    let (first, second) = (inner(&[("seq", "9")]), inner(changes));
    format!(r#"{{"type":"fixes","device":"phone","fixes":[{first},{second}]}}"#)
}

/// A node on which one session may make any number of errors.
pub(super) async fn patient_world() -> Sandbox {
    Sandbox::with(|c| {
        c.gateway.errors_max = 1_000_000;
        c.gateway.fixes_burst = 1_000_000;
        c.gateway.messages_burst = 1_000_000;
        c.gateway.bytes_burst = 100_000_000;
    })
    .await
}

pub(super) async fn expect_error(
    person: &mut Person,
    case: &str,
    text: &str,
    (word, words): (&str, &str),
) {
    person.send_text(text).await;
    let answer = person.hear(|m| m["type"] == "error" || m["type"] == "ack").await;
    assert_eq!(answer["error"], word, "{case}: {answer}");
    assert!(answer["detail"].as_str().is_some_and(|d| d.contains(words)), "{case}: {answer}");
}
