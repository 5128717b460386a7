use super::*;
use crate::core::catalogue::hours::Interval;
use crate::core::catalogue::patch::{Edit, HoursPart, PatchDraft, PositionPart};

fn draft() -> Draft {
    Draft {
        name: "Lotus of Siam".to_owned(),
        categories: vec!["Food / Thai".to_owned()],
        address: None,
        position: Position::new(36.14, -115.14).expect("on Earth"),
        hours: None,
        phone: Some("+1 702 735 3033".to_owned()),
        site: Some("https://lotus.example/menu".to_owned()),
        attributes: BTreeMap::from([("wheelchair".to_owned(), "yes".to_owned())]),
    }
}

#[track_caller]
fn refused(draft: Draft) -> String {
    draft.check().expect_err("must be refused").to_string()
}

#[test]
fn a_good_draft_becomes_details() {
    let details = draft().check().expect("good");
    assert_eq!(details.name.as_str(), "Lotus of Siam");
    let twice = vec!["Food/Thai".to_owned(), "Food / Thai".to_owned()];
    let again = Draft { categories: twice, ..draft() }.check().expect("good");
    assert_eq!(again, details);
}

#[test]
fn what_is_wrong_is_named_by_its_field() {
    let long = "x".repeat(NAME_CHARS_MAX + 1);
    assert_eq!(refused(Draft { name: long, ..draft() }), "name is over 200 characters");
    assert_eq!(refused(Draft { name: " ".to_owned(), ..draft() }), "name is blank");
    assert_eq!(refused(Draft { categories: vec![], ..draft() }), "categories must be from 1 to 5");
    let six = vec!["a".to_owned(); 6];
    assert_eq!(refused(Draft { categories: six, ..draft() }), "categories must be from 1 to 5");
    for site in ["lotus.example", "javascript:alert(1)", "https://", "http://a b"] {
        let site = Some(site.to_owned());
        assert!(refused(Draft { site, ..draft() }).starts_with("site must begin"));
    }
    let many = (0..=ATTRIBUTES_MAX).map(|n| (n.to_string(), "x".to_owned())).collect();
    assert_eq!(refused(Draft { attributes: many, ..draft() }), "attributes must be from 0 to 50");
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let details = draft().check().expect("good");
    let nothing = PatchDraft::default().check().expect("good");
    assert_eq!(nothing.apply(&details), Ok(details.clone()));
    let patch = PatchDraft {
        name: Some("Lotus".to_owned()),
        phone: Edit::Clear,
        attributes: BTreeMap::from([
            ("wheelchair".to_owned(), None),
            ("cards".to_owned(), Some("all".to_owned())),
        ]),
        ..PatchDraft::default()
    };
    let changed = patch.check().expect("good").apply(&details).expect("few attributes");
    let cards = BTreeMap::from([("cards".to_owned(), "all".to_owned())]);
    let expected = Draft { name: "Lotus".to_owned(), phone: None, attributes: cards, ..draft() };
    assert_eq!(Ok(changed), expected.check());
}

#[test]
fn patches_can_not_gather_more_attributes_than_allowed() {
    let full = (0..ATTRIBUTES_MAX).map(|n| (n.to_string(), "x".to_owned())).collect();
    let details = Draft { attributes: full, ..draft() }.check().expect("good");
    let one = BTreeMap::from([("more".to_owned(), Some("x".to_owned()))]);
    let patch = PatchDraft { attributes: one, ..PatchDraft::default() }.check().expect("good");
    let fault = patch.apply(&details).expect_err("too many");
    assert_eq!(fault.to_string(), "attributes must be from 0 to 50");
}

#[test]
fn a_patch_changes_parts_and_leaves_the_rest_of_what_is_there() {
    let details = draft().check().expect("good");
    let applied = |draft: PatchDraft, to: &Details| draft.check().expect("good").apply(to);
    let east = PositionPart::new(None, Some(7.5)).ok();
    let moved = applied(PatchDraft { position_part: east, ..PatchDraft::default() }, &details);
    let moved = moved.expect("good").position;
    assert_eq!((moved.latitude(), moved.longitude()), (details.position.latitude(), 7.5));
    assert!(
        PositionPart::new(Some(91.0), None).is_err()
            && PositionPart::new(None, Some(f64::NAN)).is_err()
    );

    let hours = |zone: Option<&str>, week: Option<Vec<Interval>>| {
        let hours_part = Some(HoursPart { zone: zone.map(str::to_owned), week });
        PatchDraft { hours_part, ..PatchDraft::default() }
    };
    let sunday = vec![Interval::parse(7, "10:00", "12:00").expect("times")];
    let closed = Details { hours: None, ..details.clone() };
    for part in [hours(None, None), hours(Some("UTC"), None), hours(None, Some(sunday.clone()))] {
        let fault = applied(part, &closed).expect_err("a part of nothing").to_string();
        assert!(fault.contains("both time_zone and week"), "{fault}");
    }
    let open = Details { hours: OpeningHours::new("UTC", Vec::new()).ok(), ..closed };
    let open = applied(hours(None, Some(sunday.clone())), &open).expect("good");
    let open = applied(hours(Some("Europe/Berlin"), None), &open).expect("good");
    assert_eq!(open.hours, OpeningHours::new("Europe/Berlin", sunday).ok());
    assert_eq!(applied(hours(None, None), &open), Ok(open));

    let none = PatchDraft { clears_attributes: true, ..PatchDraft::default() };
    assert!(!details.attributes.is_empty());
    assert!(applied(none, &details).expect("good").attributes.is_empty());
}
