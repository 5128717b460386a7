use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::BodyExt as _;

use super::*;
use crate::Problem;

fn part(text: &str, cost: u64) -> BodyPart {
    BodyPart { bytes: text.as_bytes().to_vec(), cost }
}

/// A stream of parts that are there.
fn parts<const N: usize>(parts: [BodyPart; N]) -> impl Stream<Item = Result<BodyPart, Problem>> {
    stream::iter(parts.map(Ok))
}

/// The next bytes of a body; `None` at its end.
async fn frame(body: &mut axum::body::Body) -> Option<String> {
    let frame = body.frame().await?.expect("goes on");
    Some(String::from_utf8(frame.into_data().expect("data").to_vec()).expect("UTF-8"))
}

#[tokio::test]
async fn a_part_is_made_when_the_one_before_was_taken() {
    let (world, made) = (World::new(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&made);
    let parts = parts(["a", "", "b"].map(|text| part(text, 1))).inspect(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut body = streamed(world.work("alice"), parts).expect("a stream");
    let made = || made.load(Ordering::Relaxed);
    assert_eq!(made(), 0);
    assert_eq!((frame(&mut body).await.as_deref(), made()), (Some("a"), 1));
    assert_eq!((frame(&mut body).await.as_deref(), made()), (Some("b"), 3));
    assert_eq!(frame(&mut body).await, None);
}

#[tokio::test]
async fn what_fails_on_the_way_breaks_the_answer_off() {
    let world = World::new();
    let failed = Problem::new(ErrorKind::Unavailable, "unavailable", "away");
    let parts = stream::iter([Ok(part("a", 1)), Err(failed), Ok(part("b", 1))]);
    let mut body = streamed(world.work("alice"), parts).expect("a stream");
    assert_eq!(frame(&mut body).await.as_deref(), Some("a"));
    assert!(body.frame().await.expect("not the end").is_err());
}

#[tokio::test(start_paused = true)]
async fn who_is_in_debt_waits_for_the_next_part() {
    let world = World::new();
    let parts = parts([part("a", 2_000), part("b", 1)]);
    let mut body = streamed(world.work("alice"), parts).expect("a stream");
    assert_eq!(frame(&mut body).await.as_deref(), Some("a"));
    {
        let mut next = pin!(frame(&mut body));
        let longest = std::time::Duration::from_mins(1);
        assert!(tokio::time::timeout(longest, next.as_mut()).await.is_err(), "in debt");
        world.clock.advance_ms(2_000);
        assert_eq!(next.await.as_deref(), Some("b"));
    }
    assert_eq!(frame(&mut body).await, None);
}

#[tokio::test]
async fn others_have_their_turns_while_a_client_is_waited_for() {
    let world = World::new();
    let parts = parts([part("a", HEAVY), part("b", HEAVY)]);
    let mut body = streamed(world.work("alice"), parts).expect("a stream");
    assert_eq!(frame(&mut body).await.as_deref(), Some("a"));
    let bob = world.heavy("bob").await;
    {
        let mut next = pin!(frame(&mut body));
        assert_eq!(poll_immediate(next.as_mut()).await, None);
        drop(bob);
        assert_eq!(next.await.as_deref(), Some("b"));
    }
    // Time that a client takes isn't time of the work.
    world.clock.advance_ms(LIMITS.deadline_ms * 2);
    assert_eq!(frame(&mut body).await, None);
}

#[tokio::test]
async fn a_caller_has_so_many_streams_and_no_more() {
    let world = World::new();
    let open = |name| streamed(world.work(name), parts([part("a", 1)]));
    let mut streams: Vec<_> =
        (0..STREAMS_PER_CALLER_MAX).map(|_| open("alice").expect("room")).collect();
    assert_eq!(open("alice").err(), Some(Overspent::Crowded));
    streams.push(open("bob").expect("a place of their own"));
    streams.pop();
    streams.pop();
    streams.push(open("alice").expect("room again"));
    streams.clear();
    assert!(world.context.deps().gate.is_idle());
}
