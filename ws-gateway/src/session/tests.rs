//! A session by itself: what it answers to one input, and when it ends.

mod fixes;
mod history;

use super::*;
use model::{FeedPosition, ReadToken, Role, Timestamp};

use crate::{Config, protocol};
use circle::Circle;
use messages::{ErrorWord, Rejection, Reply};
use record::Written;
use signals::Signals;

const START: Moment = Moment { wall: Timestamp(1_800_000_000_000), monotonic: Monotonic(0) };

struct Alone {
    session: Session,
    now: Moment,
    fixes_used: u64,
}

/// A message as the client reads it.
fn text(message: &Reply) -> String {
    let mut text = Vec::new();
    protocol::reply::encode(message, &mut text);
    String::from_utf8(text).expect("text")
}

impl Alone {
    fn anonymous(config: &Config) -> Self {
        let session =
            Session::new(Arc::new(config.into()), "s".to_owned(), "e".to_owned(), 0, START);
        Self { session, now: START, fixes_used: 0 }
    }

    /// Alice, without friends, with a token for an hour, her snapshot read.
    fn live(config: &Config) -> Self {
        let mut alone = Self::anonymous(config);
        alone.step(Input::Admitted(caller("alice", 3_600_000)));
        assert_eq!(alone.session.next_read(alone.now), Some(Read::Positions));
        assert_eq!(alone.session.take_unwatched().len(), 1, "herself");
        alone.step(Input::Positions(Ok(())));
        assert_eq!(alone.session.next_read(alone.now), Some(Read::Circle));
        let as_of = ReadToken { timeline: 1, position: FeedPosition(0) };
        let circle = Circle { as_of, friends: Vec::new(), radius: Metres(1_000.0) };
        alone.step(Input::Circle(Ok(circle)));
        while alone.next_message().is_some() {}
        alone
    }

    fn step(&mut self, input: Input<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.session.step(self.now, input, &mut effects);
        effects
    }

    fn say(&mut self, text: &str) -> Vec<Effect> {
        let request = protocol::request::parse(text, self.session.limits.batch_fixes_max);
        let mut fixes_used = std::mem::take(&mut self.fixes_used);
        let bytes = text.len();
        let effects = self.step(Input::Text { bytes, request, fixes_used: &mut fixes_used });
        self.fixes_used = fixes_used;
        effects
    }

    fn next_message(&mut self) -> Option<Reply> {
        self.session.next_message(self.now, &|_| true)
    }

    fn pass_ms(&mut self, ms: u64) -> Vec<Effect> {
        self.now.wall = self.now.wall.plus_ms(ms as i64);
        self.now.monotonic = self.now.monotonic.plus_ms(ms);
        self.step(Input::Signals(Signals { timer: true, ..Signals::default() }, 0))
    }
}

fn caller(user: &str, ttl_ms: i64) -> Caller {
    let user = UserId::parse(user).expect("a valid id");
    Caller { user, role: Role::User, expires: START.wall.plus_ms(ttl_ms) }
}

fn closed(effects: &[Effect]) -> Option<CloseCode> {
    effects.iter().find_map(|effect| match effect {
        Effect::Close(code, _) => Some(*code),
        _ => None,
    })
}

fn error(effects: &[Effect]) -> Option<&'static str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Reply::Error(rejection)) => Some(rejection.word.as_str()),
        _ => None,
    })
}

#[test]
fn who_does_not_authenticate_in_time_is_closed() {
    let mut alone = Alone::anonymous(&Config::default());
    let deadline = alone.session.deadline(alone.now);
    assert_eq!(deadline, Some(Monotonic(10_000)));
    assert_eq!(closed(&alone.pass_ms(9_999)), None);
    assert_eq!(closed(&alone.pass_ms(1)), Some(CloseCode::AuthTimeout));
}

#[test]
fn who_says_anything_before_auth_is_told_and_closed() {
    let mut alone = Alone::anonymous(&Config::default());
    let effects = alone.say(r#"{"type":"ping","id":1}"#);
    assert_eq!(
        (error(&effects), closed(&effects)),
        (Some("not_authenticated"), Some(CloseCode::Unauthenticated))
    );
}

#[test]
fn a_second_auth_is_refused_and_the_session_goes_on() {
    let mut alone = Alone::live(&Config::default());
    let effects = alone.say(r#"{"type":"auth","token":"t"}"#);
    assert_eq!((error(&effects), closed(&effects)), (Some("already_authenticated"), None));
}

#[test]
fn a_session_ends_with_its_token_unless_that_is_renewed() {
    let mut alone = Alone::live(&Config::default());
    let renewed = alone.step(Input::Renewed(Ok(caller("alice", 7_200_000))));
    assert!(matches!(renewed[..], [Effect::Send(_)]));
    alone.session.last_read = Monotonic(3_600_000);
    assert_eq!(closed(&alone.pass_ms(3_600_000)), None);
    alone.session.last_read = Monotonic(7_200_000);
    assert_eq!(closed(&alone.pass_ms(3_600_000)), Some(CloseCode::TokenExpired));
}

#[test]
fn a_session_ends_when_its_key_was_removed_unless_a_token_of_another_key_renews_it() {
    let removed = || Input::Signals(Signals { keys: true, ..Signals::default() }, 4_000);
    let mut alone = Alone::live(&Config::default());
    alone.step(removed());
    assert_eq!(closed(&alone.pass_ms(3_999)), None);
    assert_eq!(closed(&alone.pass_ms(1)), Some(CloseCode::TokenExpired));
    let mut alone = Alone::live(&Config::default());
    alone.step(removed());
    alone.step(Input::Renewed(Ok(caller("alice", 7_200_000))));
    assert_eq!(closed(&alone.pass_ms(5_000)), None);
}

#[test]
fn a_token_of_somebody_else_renews_nothing() {
    let mut alone = Alone::live(&Config::default());
    let effects = alone.step(Input::Renewed(Ok(caller("mallory", 7_200_000))));
    assert_eq!(error(&effects), Some("invalid_token"));
    let effects =
        alone.step(Input::Renewed(Err(Rejection::new(ErrorWord::InvalidToken, "expired"))));
    assert_eq!(error(&effects), Some("invalid_token"));
    assert_eq!(alone.session.caller, Some(caller("alice", 3_600_000)));
}

#[test]
fn who_says_nothing_is_pinged_and_then_closed() {
    let mut alone = Alone::live(&Config::default());
    assert!(matches!(alone.pass_ms(25_000)[..], [Effect::Ping]));
    assert!(alone.pass_ms(9_000).is_empty(), "one ping is enough");
    alone.step(Input::Control(0));
    assert!(matches!(alone.pass_ms(25_000)[..], [Effect::Ping]));
    assert_eq!(closed(&alone.pass_ms(10_000)), Some(CloseCode::Unresponsive));
}

#[test]
fn control_frames_count_as_messages() {
    let mut alone = Alone::live(&Config::default());
    let burst = alone.session.limits.messages_burst + 1_000;
    let ends = (0..=burst).map(|_| closed(&alone.step(Input::Control(0)))).collect::<Vec<_>>();
    let first = ends.iter().position(Option::is_some);
    assert_eq!((first, ends.last()), (Some(burst as usize), Some(&Some(CloseCode::RateLimited))));
}

#[test]
fn too_many_bytes_close_the_session() {
    let config = Config { bytes_burst: 65_536, ..Config::default() };
    let mut alone = Alone::live(&config);
    assert_eq!(closed(&alone.step(Input::Control(65_536))), None);
    let ends = (0..100).find_map(|_| closed(&alone.step(Input::Control(65_536))));
    assert_eq!(ends, Some(CloseCode::RateLimited));
}

#[test]
fn binary_messages_close_the_session() {
    let mut alone = Alone::live(&Config::default());
    assert_eq!(closed(&alone.step(Input::Binary(3))), Some(CloseCode::UnsupportedData));
}

#[test]
fn who_keeps_sending_nonsense_is_closed() {
    let config = Config { errors_max: 3, messages_burst: 100, ..Config::default() };
    let mut alone = Alone::live(&config);
    for _ in 0..3 {
        let effects = alone.say("nonsense");
        assert_eq!((error(&effects), closed(&effects)), (Some("invalid_json"), None));
    }
    assert_eq!(closed(&alone.say("nonsense")), Some(CloseCode::BadMessages));
}

#[test]
fn a_drain_is_announced_and_then_closes() {
    let mut alone = Alone::live(&Config::default());
    alone.step(Input::Signals(Signals { drain: true, ..Signals::default() }, 4_000));
    let told = text(&alone.next_message().expect("a warning"));
    assert_eq!(told, r#"{"type":"drain","closes_in_ms":4000}"#);
    assert!(alone.next_message().is_none(), "once");
    assert_eq!(closed(&alone.pass_ms(4_000)), Some(CloseCode::Restarting));
}

#[test]
fn a_friend_list_that_can_not_be_read_at_first_asks_the_client_to_come_back() {
    let mut alone = Alone::anonymous(&Config::default());
    alone.step(Input::Admitted(caller("alice", 3_600_000)));
    assert_eq!(alone.session.next_read(alone.now), Some(Read::Positions));
    alone.step(Input::Positions(Ok(())));
    assert_eq!(
        closed(&alone.step(Input::Circle(Err(Unavailable)))),
        Some(CloseCode::TryAgainLater)
    );
}

#[test]
fn a_gap_is_told_before_its_snapshot_also_while_an_answer_is_owed() {
    let mut alone = Alone::live(&Config::default());
    let fix = r#"{"type":"fix","device":"phone","seq":1,"latitude":1,"longitude":2}"#;
    let effects = alone.say(fix);
    assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "under way from now on");
    alone.step(Input::Signals(Signals { gap: true, ..Signals::default() }, 0));
    let told: Vec<_> = std::iter::from_fn(|| alone.next_message()).collect();
    assert!(text(&told[0]).contains(r#""type":"gap""#), "{:?}", told[0]);
    assert!(matches!(told[1], Reply::Snapshot(_)), "{:?}", told[1]);
}
