use super::*;

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

fn shown(state: RelationState) -> ShownRelation {
    ShownRelation { state, name: None }
}

/// What is told, in words.
fn told(relations: &mut Relations) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(reply) = relations.tell() {
        told.push(match reply {
            Reply::Relation(it) => format!("{} {}", it.0, it.1.state.as_str()),
            other => format!("{other:?}"),
        });
    }
    told
}

#[test]
fn what_changed_again_before_it_was_told_is_read_again_and_told_once() {
    let mut relations = Relations::default();
    relations.changed(&id("bob"));
    relations.changed(&id("bob"));
    assert_eq!(std::mem::take(&mut relations.wanted), [id("bob")]);
    relations.read = vec![(id("bob"), shown(RelationState::Incoming))];
    assert!(!relations.are_wanted() && relations.have_news());
    relations.changed(&id("bob"));
    assert_eq!(told(&mut relations), [""; 0]);
    assert!(relations.are_wanted() && !relations.have_news());
}

#[test]
fn of_more_people_than_are_remembered_the_client_reads_its_lists() {
    let mut relations = Relations::default();
    for n in 0..RELATIONS_WAITING_MAX {
        relations.changed(&id(&format!("u{n}")));
    }
    assert!(!relations.have_news());
    relations.changed(&id("one-too-many"));
    assert!(!relations.are_wanted());
    assert_eq!(told(&mut relations), ["RelationsUnknown"]);
    relations.changed(&id("bob"));
    assert!(relations.are_wanted(), "from there on it goes on");
}
