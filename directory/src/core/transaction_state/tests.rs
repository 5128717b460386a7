use super::*;

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

/// What a batch makes of circles, in which everybody exists and nobody is related to anybody.
fn edits(mutations: &[Mutation]) -> Vec<CircleEdit> {
    let users = ["alice", "bob", "carol"].map(|name| User {
        id: id(name),
        name: DisplayName::of_id(&id(name)),
        radius_m: None,
        created: Timestamp(0),
    });
    let mut state = TransactionState::new(users, [], []);
    for mutation in mutations {
        let write = WriteRequest { mutation: mutation.clone(), at: Timestamp(1) };
        state.apply(&write, &Limits::default()).expect("possible");
    }
    state.into_changes().edits
}

fn relate(verb: Verb, user: &str, other: &str) -> Mutation {
    Mutation::Relate { verb, user: id(user), other: id(other) }
}

fn radius(radius_m: Option<u32>) -> Mutation {
    Mutation::SetRadius { user: id("alice"), radius_m }
}

#[test]
fn a_batch_says_what_it_made_of_circles_in_the_end() {
    let (low, high) = (id("alice"), id("bob"));
    let made = [CircleEdit::Pair { low, high, class: Some(ViewerClass::Precise) }];
    let befriend = relate(Verb::Befriend, "bob", "alice");
    let remove = relate(Verb::Remove, "alice", "bob");
    assert_eq!(edits(std::slice::from_ref(&befriend)), made);
    assert_eq!(edits(&[befriend.clone(), remove.clone(), befriend.clone()]), made);
    assert_eq!(edits(&[befriend, remove]), []);
    let set = [CircleEdit::Radius { user: id("alice"), radius_m: Some(700) }];
    assert_eq!(edits(&[radius(Some(500)), radius(Some(700))]), set);
    assert_eq!(edits(&[radius(Some(500)), radius(None)]), []);
}

#[test]
fn requests_blocks_of_strangers_and_names_change_no_circle() {
    let name = DisplayName::parse("Alice").expect("a name");
    let mutations = [
        relate(Verb::Ask, "alice", "bob"),
        relate(Verb::Block, "alice", "carol"),
        Mutation::Put { user: id("alice"), name },
        Mutation::Ensure { user: id("dave") },
    ];
    assert_eq!(edits(&mutations), []);
}
