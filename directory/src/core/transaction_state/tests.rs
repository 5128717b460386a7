use model::ViewerClass;

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
fn whoever_is_shown_something_else_is_told_and_nobody_else() {
    use Verb::{Accept, Ask, Block, Cancel, Decline, Remove, Unblock};
    let edits = |steps: &[(Verb, &str, &str)]| {
        let edits =
            edits(&steps.iter().map(|(verb, a, b)| relate(*verb, a, b)).collect::<Vec<_>>());
        edits
            .iter()
            .flat_map(|edit| edit.users().map(ToString::to_string).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let (ask, block) = ((Ask, "alice", "bob"), (Block, "bob", "alice"));
    assert_eq!(edits(&[ask]), ["alice", "bob"]);
    assert_eq!(edits(&[block]), ["bob"], "who is blocked is told nothing");
    assert_eq!(edits(&[block, (Unblock, "bob", "alice")]), [""; 0]);
    assert_eq!(edits(&[block, ask]), ["alice", "bob"], "bob only of the block");
    assert_eq!(edits(&[block, ask, (Unblock, "bob", "alice")]), ["alice", "bob"]);
    assert_eq!(edits(&[ask, (Cancel, "alice", "bob")]), [""; 0]);
    assert_eq!(edits(&[ask, (Decline, "bob", "alice")]), [""; 0]);
    assert_eq!(edits(&[ask, block]), ["bob"]);
    assert_eq!(edits(&[ask, (Accept, "bob", "alice")]), ["alice", "bob"]);
    assert_eq!(edits(&[ask, (Ask, "bob", "alice"), (Remove, "bob", "alice")]), [""; 0]);
}

#[test]
fn what_a_block_hides_is_told_to_nobody_who_is_not_shown_it() {
    let user = |name: &str| User {
        id: id(name),
        name: DisplayName::of_id(&id(name)),
        radius_m: None,
        created: Timestamp(0),
    };
    let pair = Pair::new(&id("alice"), &id("bob")).expect("two");
    for (asked, verb, told) in [
        (false, Verb::Ask, vec!["alice"]),
        (true, Verb::Cancel, vec!["alice"]),
        (true, Verb::Ask, vec![]),
        (false, Verb::Cancel, vec![]),
        (true, Verb::Block, vec!["alice"]),
    ] {
        let relation = Relation { blocked_by: true, asked, ..Relation::default() };
        let row = Row { relation, since_low: Timestamp(0), since_high: Timestamp(0) };
        let pairs = [(pair.clone(), row)];
        let mut state = TransactionState::new(["alice", "bob"].map(user), pairs, []);
        let write = WriteRequest { mutation: relate(verb, "alice", "bob"), at: Timestamp(1) };
        state.apply(&write, &Limits::default()).expect("possible");
        let edits = state.into_changes().edits;
        let expected =
            told.iter().map(|name| CircleEdit::Standing { user: id(name), other: id("bob") });
        assert!(edits.iter().cloned().eq(expected), "{verb:?} after {asked}: {edits:?}");
    }
}

#[test]
fn a_name_that_becomes_another_one_is_told() {
    let put = |user: &str, name: &str| Mutation::Put {
        user: id(user),
        name: DisplayName::parse(name).expect("a name"),
    };
    let told = [CircleEdit::Name { user: id("alice") }];
    assert_eq!(edits(&[put("alice", "A"), put("alice", "B")]), told);
    assert_eq!(edits(&[put("alice", "A"), put("alice", "alice")]), []);
    assert_eq!(edits(&[put("alice", "alice")]), []);
    assert_eq!(edits(&[Mutation::Ensure { user: id("dave") }, put("erin", "E")]), []);
}
