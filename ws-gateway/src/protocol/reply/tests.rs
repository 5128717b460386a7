use std::sync::Arc;

use model::{
    BoardId, Caller, DeviceId, Fix, Metres, Monotonic, Position, Role, Timestamp, UserId, Version,
};

use super::lists::head;
use super::*;
use crate::session::boards::{BoardView, Difference};
use crate::session::fixes::history::Kept;
use crate::session::friends::people::{RelationState, ShownRelation};
use crate::session::messages::{
    BoardChange, BoardEnd, Changes, ErrorWord, Push, Rejection, Snapshot,
};
use crate::session::record::{Presence, Record};

fn text(reply: &Reply) -> String {
    let mut out = Vec::new();
    encode(reply, &mut out);
    String::from_utf8(out).expect("text")
}

fn record() -> Record {
    let device = DeviceId::parse("phone").expect("device");
    let version = Version { effective: Timestamp(1_000), device, seq: 1 };
    let fix = Fix::at(Position::new(36.5, -115.25).expect("position"));
    let user = UserId::parse("bob").expect("user");
    Record::new(user, version, Presence::Here(fix), Monotonic(0))
}

/// Without a wildcard: a new reply doesn't compile until its name stands here, and so in the list.
fn name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Welcome(_) => "welcome",
        Reply::Snapshot(_) => "snapshot",
        Reply::Position(_) => "position",
        Reply::Push(_) => "push",
        Reply::Ack { .. } => "ack",
        Reply::Kept { .. } => "kept",
        Reply::SignedOff { .. } => "signed_off",
        Reply::Pong { .. } => "pong",
        Reply::Renewed { .. } => "renewed",
        Reply::Names(_) => "names",
        Reply::Radius(_) => "radius",
        Reply::Relation(_) => "relation",
        Reply::RelationsUnknown => "relations_unknown",
        Reply::ReportingHint(_) => "hint",
        Reply::Gap => "gap",
        Reply::Unlocated => "unlocated",
        Reply::Board(told) => match told.1 {
            BoardChange::Whole(_) => "board",
            BoardChange::Part { .. } => "board_push",
        },
        Reply::BoardGap { .. } => "board_gap",
        Reply::BoardClosed { .. } => "board_closed",
        Reply::Degraded { .. } => "degraded",
        Reply::Recovered { .. } => "recovered",
        Reply::Drain { .. } => "drain",
        Reply::Error(_) => "error",
    }
}

#[test]
fn every_reply_goes_out_under_a_listed_name() {
    let at = Timestamp(0);
    let device = || DeviceId::parse("d").expect("device");
    let hint = ReportingHint { interval_ms: 1, displacement_m: 1, accuracy: Accuracy::Low };
    let caller = Caller { user: record().user, role: Role::User, expires: at };
    let welcome = Welcome {
        user: caller.user,
        session: "s".to_owned(),
        epoch: "e".to_owned(),
        at,
        radius: Metres(1.0),
        token_expires: at,
        hint,
        limits: Arc::new((&crate::Config::default()).into()),
    };
    let snapshot =
        Snapshot { epoch: "e".to_owned(), at, located: true, friends: Vec::new(), more: false };
    let board = || BoardId::parse("b").expect("a board");
    let view = BoardView {
        as_of: "b1.1".to_owned(),
        as_of_highest: Some("b1.2".to_owned()),
        count: 0,
        place: None,
        standings: Vec::new(),
    };
    let difference = Difference { standings: Vec::new(), gone: Vec::new() };
    let part = BoardChange::Part {
        as_of: "b1.2".to_owned(),
        as_of_highest: None,
        count: 0,
        place: None,
        difference,
    };
    let shown = ShownRelation { state: RelationState::Outgoing, name: None };
    let replies = [
        Reply::Welcome(Box::new(welcome)),
        Reply::Snapshot(Box::new(snapshot)),
        Reply::Position(Arc::new(record())),
        Reply::Push(Box::new(Push { at, changes: Changes::default() })),
        Reply::Names([(record().user, "Bob".into())].into()),
        Reply::Ack {
            device: device(),
            seq: 1,
            kept: Kept::Memory,
            unshown: None,
            refused: Box::default(),
        },
        Reply::Kept { device: device(), located: true },
        Reply::SignedOff { device: device() },
        Reply::Pong { id: 1, at },
        Reply::Renewed { token_expires: at },
        Reply::Radius(Metres(1.0)),
        Reply::Relation(Box::new((record().user, shown))),
        Reply::RelationsUnknown,
        Reply::ReportingHint(hint),
        Reply::Gap,
        Reply::Unlocated,
        Reply::Board(Box::new((board(), BoardChange::Whole(view)))),
        Reply::Board(Box::new((board(), part))),
        Reply::BoardGap { board: board() },
        Reply::BoardClosed { board: board(), reason: BoardEnd::Unwatched },
        Reply::Degraded { interval_ms: 1 },
        Reply::Recovered { interval_ms: 1 },
        Reply::Drain { closes_in_ms: 1 },
        Reply::Error(Box::new(Rejection::new(ErrorWord::InvalidJson, "d"))),
    ];
    for reply in &replies {
        assert!(REPLY_TYPES.contains(&name(reply)), "{} isn't listed", name(reply));
        let start = format!(r#"{{"type":"{}""#, name(reply));
        assert!(text(reply).starts_with(&start), "{}", text(reply));
    }
    assert!(REPLY_TYPES.iter().eq(replies.iter().map(name).collect::<Vec<_>>().iter()));
}

#[test]
fn names_of_any_script_are_told_as_they_are() {
    let name = "\u{200f}\u{5d0} \"\\ 👩‍👩‍👧";
    let told = text(&Reply::Names([(record().user, name.into())].into()));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["names"], serde_json::json!([{ "id": "bob", "display_name": name }]));
    let asks = ShownRelation { state: RelationState::Incoming, name: Some(name.into()) };
    let told = text(&Reply::Relation(Box::new((record().user, asks))));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let expected = serde_json::json!({ "type": "relation", "id": "bob", "display_name": name, "state": "incoming" });
    assert_eq!(told, expected);
}

#[test]
fn the_encoded_head_is_a_friend_without_what_differs_per_watcher() {
    let text = format!("{}}}", head(&record()));
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["id"], "bob");
    assert_eq!(value["latitude"], 36.5);
    assert_eq!(value["time_ms"], 1_000);
    assert!(value.get("accuracy_m").is_none());
    assert!(value.get("device").is_none());
}
