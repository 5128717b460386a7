use model::{Position, SeededRandom};

use super::*;
use crate::core::catalogue::business::IdempotencyKey;
use crate::core::catalogue::details::Draft;

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

fn details(name: &str) -> Box<Details> {
    let draft = Draft {
        name: name.to_owned(),
        categories: vec!["Food".to_owned()],
        address: None,
        position: Position::new(1.0, 2.0).expect("on Earth"),
        hours: None,
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    };
    Box::new(draft.check().expect("good"))
}

fn id(n: u64) -> BusinessId {
    BusinessId::random(&SeededRandom::new(n))
}

fn write(actor: Actor, mutation: Mutation) -> WriteRequest {
    WriteRequest { actor, key: None, mutation, at: Timestamp(5) }
}

fn create(n: u64) -> WriteRequest {
    let owner = Some(user("alice"));
    let mutation = Mutation::Create { id: id(n), owner, details: details("x") };
    write(Actor::Owner(user("alice")), mutation)
}

fn keyed(write: WriteRequest, key: &str, at: i64) -> WriteRequest {
    WriteRequest { key: IdempotencyKey::parse(key).ok(), at: Timestamp(at), ..write }
}

#[test]
fn only_the_last_change_of_a_business_is_stored_in_the_order_of_changes() {
    let mut state = TransactionState::default();
    let limits = Limits::default();
    for write in [create(1), create(2), create(3)] {
        state.apply(&write, &limits).expect("made");
    }
    let rename = Mutation::Replace { id: id(1), expected: Some(1), details: details("y") };
    let actor = Actor::Owner(user("alice"));
    state.apply(&write(actor.clone(), rename), &limits).expect("renamed");
    let remove = Mutation::Remove { id: id(2), expected: None };
    state.apply(&write(actor, remove), &limits).expect("removed");
    let changes = state.into_changes(FeedPosition(6));
    let stored: Vec<_> =
        changes.businesses.iter().map(|it| it.after.as_ref().map(|b| (b.id, b.version))).collect();
    // Nobody ever saw the one that was made and removed.
    assert_eq!(stored, [Some((id(3), 1)), Some((id(1), 2))]);
    let positions: Vec<_> = changes.businesses.iter().map(|change| change.position.0).collect();
    assert_eq!((positions, changes.head), (vec![7, 8], FeedPosition(8)));
    assert!(changes.keys.is_empty());
}

#[test]
fn a_repeated_key_answers_as_before_for_a_day() {
    let mut state = TransactionState::default();
    let limits = Limits::default();
    let first = state.apply(&keyed(create(1), "k", 0), &limits).expect("made");
    // The id proposed this time isn't used.
    let again = state.apply(&keyed(create(2), "k", KEY_AGE_MS_MAX), &limits);
    assert_eq!(again, Ok(first));
    let mut other = keyed(create(3), "k", 1);
    if let Mutation::Create { details, .. } = &mut other.mutation {
        details.position = Position::new(1.0, 2.000_001).expect("on Earth");
    }
    assert_eq!(state.apply(&other, &limits), Err(Refusal::KeyUsed));
    let late = state.apply(&keyed(create(4), "k", KEY_AGE_MS_MAX + 1), &limits);
    assert_eq!(late.map(|outcome| outcome.business.id), Ok(id(4)));
}

#[test]
fn what_is_owned_is_counted_within_a_batch() {
    let mut state = TransactionState::default();
    let limits = Limits { owned_max: 1, ..Limits::default() };
    state.apply(&create(1), &limits).expect("the first");
    assert_eq!(state.apply(&create(2), &limits), Err(Refusal::TooManyOwned { max: 1 }));
    let operator = Actor::Operator(user("root"));
    let assign = |owner: Option<&str>| {
        let owner = owner.map(user);
        write(operator.clone(), Mutation::Assign { id: id(1), expected: None, owner })
    };
    state.apply(&assign(None), &limits).expect("taken away");
    state.apply(&create(3), &limits).expect("there is room again");
    assert_eq!(state.apply(&assign(Some("alice")), &limits), Err(Refusal::TooManyOwned { max: 1 }));
}
