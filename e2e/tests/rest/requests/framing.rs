//! Where a request ends.

use e2e::raw::{Raw, assert_problem};
use tokio::time::{Duration, Instant, interval_at};

use super::world::World;

#[tokio::test]
async fn bodies_of_another_length_than_announced_are_refused() {
    let mut world = World::start().await;
    let body = r#"{"display_name":"X"}"#;
    let long = format!(r#"{{"display_name":"{}"}}"#, "x".repeat(64 * 1024));
    let rename = world.rename().json(body);
    let length = |value: &str| rename.clone().instead("Content-Length", value);
    let chunked = |bytes: &str| {
        let request =
            world.rename().json("").without("Content-Length").with("Transfer-Encoding", "chunked");
        request.body(bytes.as_bytes())
    };
    let chunk = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let too_large = (413, "body_too_large", "65536");
    let cases = vec![
        (
            "without a length",
            world.rename().json(body).without("Content-Length"),
            (400, "invalid_json", "empty"),
        ),
        ("shorter than it is", length("10"), (400, "invalid_json", "breaks off")),
        ("64 KiB and more", world.rename().json(&long), too_large),
        ("2^63 announced", length("9223372036854775808"), too_large),
        ("64 KiB and more in chunks", chunked(&chunk), too_large),
        ("no chunk", chunked("hello"), (400, "incomplete_body", "framed")),
        (
            "a chunk of a wrong length",
            chunked("5\r\n{}\r\n0\r\n\r\n"),
            (400, "incomplete_body", "framed"),
        ),
        (
            "a chunk over 2^64",
            chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            (400, "incomplete_body", "framed"),
        ),
    ];
    world.expect_problems(cases).await;

    // The client ends its side before the announced end.
    let mut raw = Raw::connect(world.sandbox.address()).await;
    raw.send(&length("100").encode()).await;
    raw.finish().await;
    if let Some(answer) = raw.response().await {
        assert_problem("longer than it is", &answer, (400, "incomplete_body", "broke off"));
    }
    world.is_the_same("longer than it is").await;
}

#[tokio::test]
async fn requests_that_http_can_not_frame_end_the_connection() {
    let mut world = World::start().await;
    let body = r#"{"display_name":"X"}"#;
    let length = |value: &str| world.rename().json(body).instead("Content-Length", value);
    let cases = [
        ("no number", length("abc").encode()),
        ("negative", length("-1").encode()),
        ("with a plus", length("+20").encode()),
        ("over 2^64", length("18446744073709551616").encode()),
        ("two lengths", length("20").with("Content-Length", "21").encode()),
        ("another transfer encoding", length("20").with("Transfer-Encoding", "gzip").encode()),
        ("chunked not last", length("20").with("Transfer-Encoding", "chunked, gzip").encode()),
        (
            "chunked in HTTP/1.0",
            length("20").with("Transfer-Encoding", "chunked").version("HTTP/1.0").encode(),
        ),
        ("HTTP/2.0", world.rename().json(body).version("HTTP/2.0").encode()),
        ("no HTTP", b"hello\r\n\r\n".to_vec()),
        ("a space before the colon", world.rename().with("X-Odd ", "1").encode()),
        ("a header's line folded", b"GET /live HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n".to_vec()),
        ("a bare CR in a header", b"GET /live HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n".to_vec()),
        ("U+0000 in the path", b"GET /live\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
    ];
    for (case, bytes) in cases {
        let mut raw = Raw::connect(world.sandbox.address()).await;
        // Behind what is broken stands a right request, which must not be read as one.
        raw.send(&[bytes, world.rename().json(body).encode()].concat()).await;
        let answer = raw.response().await.unwrap_or_else(|| panic!("{case}: no answer"));
        assert_eq!(answer.status, 400, "{case}: {answer:?}");
        raw.expect_hung_up().await;
        world.is_the_same(case).await;
    }
}

#[tokio::test]
async fn of_two_lengths_of_a_body_the_chunks_count_and_the_connection_ends() {
    let mut world = World::start().await;
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    let smuggled = world.rename().json(r#"{"display_name":"X"}"#).encode();
    let all = [chunks.as_bytes(), &smuggled].concat();
    let length = all.len().to_string();
    let (content_length, transfer_encoding) =
        (("Content-Length", length.as_str()), ("Transfer-Encoding", "chunked"));
    for [first, second] in
        [[content_length, transfer_encoding], [transfer_encoding, content_length]]
    {
        let request = world.rename().with("Content-Type", "application/json");
        let request = request.with(first.0, first.1).with(second.0, second.1).body(&all);
        let mut raw = Raw::connect(world.sandbox.address()).await;
        raw.send(&request.encode()).await;
        let answer = raw.response().await.expect("an answer");
        assert_problem("both", &answer, (400, "invalid_json", "missing field `display_name`"));
        raw.expect_hung_up().await;
        world.is_the_same("both").await;
    }
}

#[tokio::test]
async fn a_body_of_one_byte_a_second_is_given_up_in_time() {
    let mut world = World::start().await;
    let mut raw = Raw::connect(world.sandbox.address()).await;
    let started = Instant::now();
    raw.send(&world.rename().json("").instead("Content-Length", "1000").encode()).await;
    let second = Duration::from_secs(1);
    let mut seconds = interval_at(started + second, second);
    let answer = loop {
        tokio::select! {
            answer = raw.response() => break answer.expect("an answer"),
            _ = seconds.tick() => {}
        }
        raw.send(b" ").await;
    };
    assert_problem("one byte a second", &answer, (408, "slow_body", "10s"));
    assert!(started.elapsed() < api::BODY_ARRIVAL_MAX + 5 * second);
    world.is_the_same("one byte a second").await;
}
