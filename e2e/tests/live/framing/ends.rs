//! How a connection ends, or goes on, when a client closes, floods, breaks off or never reads.

use e2e::raw::{Bystanders, Length, OFFENDER, Raw, RawFrame, opcode};
use e2e::{Frame, LISBON, Sandbox, north_of};

use super::{expect_closes, fix_elsewhere};

#[tokio::test]
async fn a_close_is_answered_and_nothing_behind_it_counts() {
    let world = Sandbox::start().await;
    let close = |code| RawFrame::close(code, "bye — até já".as_bytes()).encode();
    let cases = vec![
        ("normal", close(1000), (1000, "")),
        ("going away", close(1001), (1001, "")),
        ("of an application", close(4999), (4999, "")),
        ("reason of 123 bytes", RawFrame::close(1000, &[b'x'; 123]).encode(), (1000, "")),
        ("twice", [close(1000), close(1001)].concat(), (1000, "")),
        ("then rubbish", [close(1000), vec![0xff; 1_000]].concat(), (1000, "")),
    ];
    expect_closes(&world, cases).await;

    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let mut raw = Raw::session(world.address(), &token).await;
    raw.send_frame(RawFrame::new(opcode::CLOSE, "")).await;
    assert_eq!(raw.next().await, Frame::Closed(1005, String::new()));
    raw.expect_hung_up().await;
    bystanders.carry_on("a close without a code").await;
}

#[tokio::test]
async fn ten_thousand_pings_at_once_close_with_4003() {
    let world = Sandbox::start().await;
    let cases = [opcode::PING, opcode::PONG].map(|opcode| {
        let flood = RawFrame::new(opcode, "x").encode().repeat(10_000);
        ("a flood of control frames", flood, (4003, "rate_limited"))
    });
    expect_closes(&world, cases.into()).await;
}

#[tokio::test]
async fn a_reset_or_an_end_amid_a_frame_is_the_end_of_that_session_only() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let whole = fix_elsewhere();
    let fragment = RawFrame::text("{\"type\":").unfinished().encode();
    // More rounds than one user may have connections: each gives its place back.
    for round in 0..20 {
        for part in [&whole[..1], &whole[..5], &whole[..whole.len() - 1], &fragment] {
            let mut raw = session_when_free(&world, &token).await;
            raw.send(part).await;
            if round % 2 == 0 {
                raw.reset();
            } else {
                raw.finish().await;
                raw.expect_hung_up().await;
            }
        }
        bystanders.carry_on("a broken frame").await;
    }
}

/// A session, once the node has noticed that enough others have ended.
async fn session_when_free(world: &Sandbox, token: &str) -> Raw {
    loop {
        let mut raw = Raw::upgrade(world.address(), Some(token)).await;
        match raw.next().await {
            Frame::Message(welcome) => {
                assert_eq!(welcome["type"], "welcome");
                raw.send_text(r#"{"type":"ping","id":0}"#).await;
                raw.hear(|m| m["type"] == "pong").await;
                return raw;
            }
            Frame::Closed(4004, _) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_frame_that_never_ends_is_closed_as_unresponsive() {
    let world = Sandbox::with(|c| {
        c.gateway.ping_interval_ms = 1_000;
        c.gateway.ping_grace_ms = 1_000;
        c.gateway.fixes_burst = 1_000_000;
        c.gateway.messages_burst = 1_000_000;
    })
    .await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let mut raw = Raw::session(world.address(), &token).await;
    raw.send_frame(RawFrame { length: Length::Announced(60_000), ..RawFrame::text("{") }).await;
    let ended = tokio::spawn(async move { raw.end().await });
    while !ended.is_finished() {
        bystanders.carry_on("a frame that never ends").await;
    }
    let Frame::Closed(code, reason) = ended.await.expect("no panic") else { panic!("dropped") };
    assert_eq!((code, reason.starts_with("unresponsive")), (4001, true), "{reason}");
}

#[tokio::test]
async fn a_client_that_never_reads_holds_up_nobody() {
    let world = Sandbox::with(|c| {
        c.gateway.fixes_burst = 1_000_000;
        c.gateway.messages_burst = 1_000_000;
    })
    .await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let mut deaf = Raw::upgrade(world.address(), Some(&token)).await;
    for step in 0..300 {
        let ack = bystanders.ann.at(north_of(LISBON, -f64::from(step % 100))).await;
        assert_eq!(ack["shown"], true);
        // Whoever writes and never reads isn't read either, sooner or later.
        deaf.send_text(r#"{"type":"keep","device":"phone"}"#).await;
        if step % 10 == 0 {
            bystanders.note().await;
            bystanders.carry_on("a client that never reads").await;
        }
    }
    deaf.reset();
    bystanders.note().await;
    bystanders.carry_on("its end").await;
}
