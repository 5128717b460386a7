use e2e::raw::{Bystanders, Raw, Request, assert_problem};
use e2e::{Frame, Sandbox};

/// What is asked, and with which status, code and words it is refused.
pub(super) type Refused = (&'static str, Request, (u16, &'static str, &'static str));

pub(super) async fn expect_refusals(world: &Sandbox, cases: Vec<Refused>) {
    let mut bystanders = Bystanders::on(world).await;
    for (case, request, expected) in cases {
        let mut raw = Raw::connect(world.address()).await;
        raw.send(&request.encode()).await;
        let answer = raw.response().await.unwrap_or_else(|| panic!("{case}: no answer"));
        assert_problem(case, &answer, expected);
        let header = |name: &str| answer.headers.get(name).and_then(|v| v.to_str().ok());
        match answer.status {
            401 => assert_eq!(header("www-authenticate"), Some("Bearer"), "{case}"),
            405 => assert!(header("allow").is_some_and(|v| v.starts_with("GET")), "{case}"),
            426 => assert_eq!(header("sec-websocket-version"), Some("13"), "{case}"),
            _ => {}
        }
        bystanders.carry_on(case).await;
    }
}

pub(super) fn expect_close(case: &str, end: Frame, code: u16, words: &str) {
    match end {
        Frame::Closed(closed, reason) if closed == code && reason.contains(words) => {}
        other => panic!("{case}: {other:?} instead of {code} with {words:?}"),
    }
}
