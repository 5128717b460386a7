//! What is no right WebSocket (RFC 6455): closed with the code that says so, and nothing of it counts.
//!
//! The heavy case of a client that never reads, with its memory measured, has a test of its own elsewhere.

mod ends;

use e2e::raw::{Bystanders, Length, OFFENDER, Raw, RawFrame, opcode};
use e2e::{Frame, Sandbox};

/// What the node takes in one message.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

type Case = (&'static str, Vec<u8>, (u16, &'static str));

/// A right fix elsewhere, sent behind what is wrong: if it counted, Ann would see it.
fn fix_elsewhere() -> Vec<u8> {
    let text = r#"{"type":"fix","device":"phone","seq":100,"latitude":38.7,"longitude":-9.1}"#;
    RawFrame::text(text).encode()
}

async fn expect_closes(world: &Sandbox, cases: Vec<Case>) {
    let mut bystanders = Bystanders::on(world).await;
    let token = world.token(OFFENDER, model::Role::User);
    for (case, bytes, (code, words)) in cases {
        let mut raw = Raw::session(world.address(), &token).await;
        raw.send(&[bytes, fix_elsewhere()].concat()).await;
        let heard = raw.next().await;
        let Frame::Closed(closed, reason) = &heard else { panic!("{case}: {heard:?}") };
        assert_eq!(*closed, code, "{case}: {reason}");
        assert!(reason.contains(words), "{case}: {reason}");
        raw.expect_hung_up().await;
        bystanders.carry_on(case).await;
    }
}

fn frames(frames: &[RawFrame]) -> Vec<u8> {
    frames.iter().flat_map(RawFrame::encode).collect()
}

#[tokio::test]
async fn frames_that_break_the_protocol_close_with_1002() {
    let world = Sandbox::start().await;
    let ping = r#"{"type":"ping","id":1}"#;
    let text = || RawFrame::text(ping);
    let control = |opcode| RawFrame::new(opcode, "x");
    let broken = |words| (1002, words);
    let minimal = "minimal";
    let mut cases = vec![
        ("unmasked", RawFrame { mask: None, ..text() }.encode(), broken("mask")),
        (
            "unmasked ping",
            RawFrame { mask: None, ..control(opcode::PING) }.encode(),
            broken("mask"),
        ),
        ("fragmented ping", control(opcode::PING).unfinished().encode(), broken("ragmented")),
        ("fragmented close", RawFrame::close(1000, b"").unfinished().encode(), broken("ragmented")),
        ("ping of 126 bytes", RawFrame::new(opcode::PING, [b'x'; 126]).encode(), broken("too big")),
        ("pong of 60 KB", RawFrame::new(opcode::PONG, [b'x'; 60_000]).encode(), broken("too big")),
        (
            "continuation first",
            RawFrame::new(opcode::CONTINUATION, ping).encode(),
            broken("ontinu"),
        ),
        ("text inside fragments", frames(&[text().unfinished(), text()]), broken("fragment")),
        (
            "binary inside fragments",
            frames(&[text().unfinished(), RawFrame::new(opcode::BINARY, "x")]),
            broken("fragment"),
        ),
        ("close of one byte", RawFrame::new(opcode::CLOSE, "x").encode(), broken("protocol_error")),
        (
            "close reason of 124 bytes",
            RawFrame::close(1000, &[b'x'; 124]).encode(),
            broken("too big"),
        ),
        (
            "22 bytes with a length of 16 bits",
            RawFrame { length: Length::In16Bits, ..text() }.encode(),
            broken(minimal),
        ),
        (
            "22 bytes with a length of 64 bits",
            RawFrame { length: Length::In64Bits, ..text() }.encode(),
            broken(minimal),
        ),
        (
            "300 bytes with a length of 64 bits",
            RawFrame { length: Length::In64Bits, ..RawFrame::text(&" ".repeat(300)) }.encode(),
            broken(minimal),
        ),
        (
            "a ping with a length of 16 bits",
            RawFrame { length: Length::In16Bits, ..control(opcode::PING) }.encode(),
            broken(minimal),
        ),
        (
            "a late fragment with a length of 64 bits",
            frames(&[
                text().unfinished(),
                RawFrame { length: Length::In64Bits, ..RawFrame::new(opcode::CONTINUATION, " ") },
            ]),
            broken(minimal),
        ),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: node\r\n\r\n".to_vec(), broken("protocol_error")),
    ];
    for rsv in [1, 2, 4, 7] {
        cases.push(("reserved bits", RawFrame { rsv, ..text() }.encode(), broken("eserved bits")));
    }
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        cases.push(("reserved opcode", RawFrame { opcode, ..text() }.encode(), broken("opcode")));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        cases.push((
            "reserved close code",
            RawFrame::close(code, b"bye").encode(),
            (1002, "rotocol"),
        ));
    }
    expect_closes(&world, cases).await;
}

#[tokio::test]
async fn what_is_no_text_in_utf_8_closes_with_1003_or_1007() {
    let world = Sandbox::start().await;
    let text = |payload: &[u8]| RawFrame::new(opcode::TEXT, payload);
    let rest = |payload: &[u8]| RawFrame::new(opcode::CONTINUATION, payload);
    let invalid = (1007, "invalid_utf8");
    let binary = (1003, "unsupported_data");
    let ping = br#"{"type":"ping","id":1}"#;
    let cases = vec![
        ("a stray byte", text(b"{\"type\":\"\xff\"}").encode(), invalid),
        ("a surrogate", text(b"{\"type\":\"\xed\xa0\x80\"}").encode(), invalid),
        ("overlong", text(b"{\"type\":\"\xc0\xaf\"}").encode(), invalid),
        ("beyond Unicode", text(b"{\"type\":\"\xf4\x90\x80\x80\"}").encode(), invalid),
        ("cut at the end", text(b"{\"type\":\"\xe2\x82").encode(), invalid),
        (
            "split over frames",
            frames(&[text(b"{\"\xe2\x82").unfinished(), rest(b"\xff\"}")]),
            invalid,
        ),
        (
            "cut at the end of fragments",
            frames(&[text(b"{\"\xe2").unfinished(), rest(b"\x82")]),
            invalid,
        ),
        ("in a first fragment of many", text(b"\xff").unfinished().encode(), invalid),
        ("in a close reason", RawFrame::close(1000, b"\xff").encode(), invalid),
        ("binary", RawFrame::new(opcode::BINARY, ping).encode(), binary),
        ("empty binary", RawFrame::new(opcode::BINARY, "").encode(), binary),
        (
            "fragmented binary",
            frames(&[RawFrame::new(opcode::BINARY, "{").unfinished(), rest(b"}")]),
            binary,
        ),
    ];
    expect_closes(&world, cases).await;
}

#[tokio::test]
async fn what_is_too_big_closes_with_1009_before_it_is_read() {
    let world = Sandbox::start().await;
    let big = (1009, "message_too_big");
    let announced =
        |length| RawFrame { length: Length::Announced(length), ..RawFrame::text("{") }.encode();
    let byte = |opcode| RawFrame::new(opcode, " ").unfinished();
    let mut drops = byte(opcode::TEXT).encode();
    drops.extend(byte(opcode::CONTINUATION).encode().repeat(100_000));
    let half = " ".repeat(MESSAGE_BYTES_MAX / 2);
    let cases = vec![
        ("one byte over", RawFrame::text(&" ".repeat(MESSAGE_BYTES_MAX + 1)).encode(), big),
        (
            "one byte over in fragments",
            frames(&[
                RawFrame::text(&half).unfinished(),
                RawFrame::new(opcode::CONTINUATION, half.clone() + " "),
            ]),
            big,
        ),
        ("64 MiB announced", announced(64 << 20), big),
        ("2^63", announced(1 << 63), big),
        ("2^64 - 1", announced(u64::MAX), big),
        ("10^5 fragments of one byte", drops, big),
    ];
    expect_closes(&world, cases).await;
}

#[tokio::test]
async fn whoever_is_still_sending_what_is_refused_hears_why() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let mut raw = Raw::session(world.address(), &token).await;
    let sent = raw.send(&RawFrame::text(&" ".repeat(4 << 20)).encode()).await;
    assert!(sent, "a reset may lose the close frame on its way");
    assert!(matches!(raw.next().await, Frame::Closed(1009, _)));
    bystanders.carry_on("4 MiB").await;
}

#[tokio::test]
async fn the_greatest_message_and_odd_but_right_frames_are_taken() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = world.token(OFFENDER, model::Role::User);
    let mut raw = Raw::session(world.address(), &token).await;
    let padded = |id: u32, bytes: usize| {
        let ping = format!("{{\"type\":\"ping\",\"id\":{id}}}");
        ping.clone() + &" ".repeat(bytes - ping.len())
    };
    let split = |text: &str, parts: usize| {
        let mut fragments: Vec<_> = text
            .as_bytes()
            .chunks(text.len().div_ceil(parts))
            .map(|part| RawFrame::new(opcode::CONTINUATION, part).unfinished())
            .collect();
        fragments.first_mut().expect("a fragment").opcode = opcode::TEXT;
        fragments.last_mut().expect("a fragment").fin = true;
        fragments
    };
    let mut around_ping = split(&padded(3, 40), 2);
    around_ping.insert(1, RawFrame::new(opcode::PING, [b'x'; 125]));
    let mut with_empty = split(&padded(4, 30), 2);
    with_empty.insert(1, RawFrame::new(opcode::CONTINUATION, "").unfinished());
    with_empty.push(RawFrame { mask: Some([0; 4]), ..RawFrame::new(opcode::PONG, "unasked") });
    let cases = [
        ("the greatest message", vec![RawFrame::text(&padded(1, MESSAGE_BYTES_MAX))]),
        ("one byte a fragment", split(&padded(2, 25), 25)),
        ("a ping between fragments", around_ping),
        ("an empty fragment and an unasked pong", with_empty),
        (
            "125 and 126 bytes",
            vec![RawFrame::text(&padded(5, 125)), RawFrame::text(&padded(6, 126))],
        ),
    ];
    let mut id = 0;
    for (case, sent) in cases {
        let messages = 1 + usize::from(case.starts_with("125"));
        raw.send(&frames(&sent)).await;
        for _ in 0..messages {
            id += 1;
            raw.hear(|m| m["type"] == "pong" && m["id"] == id).await;
        }
        bystanders.carry_on(case).await;
    }
    assert_eq!(raw.pongs, 1);
}
