use std::collections::BTreeMap;

use super::*;
use crate::core::catalogue::details::Draft;
use crate::core::catalogue::hours::Interval;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::patch::{PatchDraft, PositionPart};

fn hours() -> OpeningHours {
    let interval = Interval::parse(1, "09:00", "17:30").expect("times");
    OpeningHours::new("America/Los_Angeles", vec![interval]).expect("hours")
}

fn requests() -> [Mutation; 6] {
    let full = Draft {
        name: "Lotus of Siam".to_owned(),
        categories: vec!["Food / Thai".to_owned(), "Bar".to_owned()],
        address: Some("620 E Flamingo Rd".to_owned()),
        position: Position::new(36.14, -115.14).expect("on Earth"),
        hours: Some(hours()),
        phone: Some("+1 702 735 3033".to_owned()),
        site: Some("https://lotus.example/menu".to_owned()),
        attributes: BTreeMap::from([("wheelchair".to_owned(), "yes".to_owned())]),
    };
    let full = Box::new(full.check().expect("good"));
    let patch = PatchDraft {
        name: Some("Lotus".to_owned()),
        categories: Some(vec!["Food".to_owned()]),
        address: Edit::Clear,
        position: Position::new(-33.5, 151.25).ok(),
        hours: Edit::Set(hours()),
        phone: Edit::Keep,
        site: Edit::Set("http://lotus.example".to_owned()),
        attributes: BTreeMap::from([
            ("a".to_owned(), None),
            ("b".to_owned(), Some("c".to_owned())),
        ]),
        ..PatchDraft::default()
    };
    let patch = Box::new(patch.check().expect("good"));
    let id = BusinessId::from_integer(7).expect("an id");
    let owner = UserId::parse("alice").ok();
    let plain = Draft {
        name: "x".to_owned(),
        categories: vec!["Food".to_owned()],
        address: None,
        position: Position::new(1.0, 2.0).expect("on Earth"),
        hours: None,
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    };
    let plain = Box::new(plain.check().expect("good"));
    [
        Mutation::Create { id, owner: owner.clone(), details: full.clone() },
        Mutation::Create { id, owner: None, details: plain },
        Mutation::Replace { id, expected: Some(3), details: full },
        Mutation::Change { id, expected: None, patch },
        Mutation::Remove { id, expected: Some(2) },
        Mutation::Assign { id, expected: None, owner },
    ]
}

/// Printed by the last version that compared these. A type whose `Debug` text changes must keep them, as long as keys that
/// were stored with them may come again.
#[test]
fn what_was_compared_before_digests_stays() {
    let stored = [
        0x174c_ed59_ce73_f2dc,
        0x94ba_a3e2_2bce_a86f,
        0xf834_afe6_bf3b_552d,
        0x42a5_a6c4_7420_c3e4,
        0x6328_b1f0_ba5c_d75a,
        0x1d9a_b1ec_89b3_b314,
    ];
    assert_eq!(requests().each_ref().map(debug_hash), stored);
}

/// Stored digests are of this form: to change it is to write another version.
#[test]
fn the_canonical_form_stays() {
    let stored = [
        "01aef59a8e597fe6cff2dbc25bc723fd17f479a206a49ccf887e1e47a0b447d856",
        "01bd67ab335521f4e4980c21655e3289ca4ef1d39abf376284756a6786cdae4c51",
        "010f6167943086dd63b94dc905b14877c49dfc6578efbbb8f5cc1e039748602aa8",
        "015980fdbd599160c2611a9fd0b9773eaae39827f36e04c63a507db36de94cafdb",
        "01cebb9109e9a0f19d2667ad0292101870789b57518189c840d8d703c5c65535ce",
        "012f8482f23921656d3582fcc125ba6c7d57878e8cc3809aa43d214caf0bfaeb0f",
    ];
    let digest = |mutation| canonical(mutation).digest(VERSION).to_hex();
    assert_eq!(requests().each_ref().map(digest), stored);
}

#[test]
fn a_stored_digest_decides_and_where_there_is_none_the_older_hash() {
    let [one, other, ..] = requests().each_ref().map(RequestDigest::new);
    assert!(one.is_same(&one) && !one.is_same(&other));
    let old = RequestDigest { digest: None, ..one };
    assert!(old.is_same(&one) && !old.is_same(&other));
    let collides = RequestDigest { debug_hash: other.debug_hash, ..one };
    assert!(!collides.is_same(&other));
}

#[test]
fn whatever_is_said_differently_is_another_request() {
    let id = BusinessId::from_integer(7).expect("an id");
    let change = |draft: PatchDraft| {
        let patch = Box::new(draft.check().expect("good"));
        RequestDigest::new(&Mutation::Change { id, expected: None, patch }).digest
    };
    let at = |longitude| {
        let position = Position::new(1.0, longitude).ok();
        PatchDraft { position, ..PatchDraft::default() }
    };
    let phone = |phone| PatchDraft { phone, ..PatchDraft::default() };
    let part = |latitude: Option<f64>, longitude: Option<f64>| {
        let part = PositionPart::new(latitude, longitude).ok();
        PatchDraft { position_part: part, ..PatchDraft::default() }
    };
    let week = |zone: Option<&str>, week: Option<Vec<Interval>>| {
        let part = HoursPart { zone: zone.map(str::to_owned), week };
        PatchDraft { hours_part: Some(part), ..PatchDraft::default() }
    };
    let attribute = |value: Option<&str>| PatchDraft {
        attributes: BTreeMap::from([("a".to_owned(), value.map(str::to_owned))]),
        ..PatchDraft::default()
    };
    let all = [
        change(PatchDraft::default()),
        change(at(1.0)),
        change(at(2.0)),
        change(phone(Edit::Clear)),
        change(phone(Edit::Set("1".to_owned()))),
        change(attribute(None)),
        change(attribute(Some("b"))),
        change(PatchDraft { clears_attributes: true, ..PatchDraft::default() }),
        change(part(Some(1.0), None)),
        change(part(Some(2.0), None)),
        change(part(None, Some(1.0))),
        change(week(None, None)),
        change(week(Some("UTC"), None)),
        change(week(None, Some(Vec::new()))),
        change(week(None, Some(hours().intervals().to_vec()))),
    ];
    for (n, one) in all.iter().enumerate() {
        assert!(all[..n].iter().all(|other| other != one), "{n}");
    }
    assert_eq!(change(at(1.0)), change(at(1.0)));
    // Both parts are all of it, and neither is nothing.
    assert_eq!(change(part(Some(1.0), Some(2.0))), change(at(2.0)));
    assert_eq!(change(part(None, None)), change(PatchDraft::default()));
}
