use super::Refusal;

/// How one user stands to another, from the first one's side. Nobody is related to themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five facts that hold independently of each other"
)]
pub struct Relation {
    /// They are friends.
    pub friend: bool,
    /// I asked them to be my friend, and it is pending, or looks so to me.
    pub asked: bool,
    /// They asked me. Not shown to me while I block them.
    pub asked_by: bool,
    /// I block them.
    pub blocks: bool,
    /// They block me. Never shown to me.
    pub blocked_by: bool,
}

model::words! {
    /// What a user can do about another, with the words in metrics.
    pub enum Verb {
        /// Asks to become friends; if the other asked too, they are.
        Ask = "ask",
        /// Accepts the other's request.
        Accept = "accept",
        /// Declines the other's request.
        Decline = "decline",
        /// Takes the own request back.
        Cancel = "cancel",
        /// Makes both friends in one step; for trusted services.
        Befriend = "befriend",
        /// Ends the friendship.
        Remove = "remove",
        /// Ends the friendship and requests both ways, and keeps it so.
        Block = "block",
        /// Lifts the own block.
        Unblock = "unblock",
    }
}

impl Relation {
    /// The same, from the other one's side.
    #[must_use]
    pub fn mirror(self) -> Self {
        Self {
            friend: self.friend,
            asked: self.asked_by,
            asked_by: self.asked,
            blocks: self.blocked_by,
            blocked_by: self.blocks,
        }
    }

    /// What I may know of it: neither who blocks me nor who asks me while I block them.
    #[must_use]
    pub fn visible(self) -> Self {
        Self { asked_by: self.asked_by && !self.blocks, blocked_by: false, ..self }
    }

    /// Nothing is between them.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    fn befriended() -> Self {
        Self { friend: true, ..Self::default() }
    }
}

/// What a mutation makes of a relation, both from the side of the one who does it. Doing it twice is doing it once.
pub fn decide(verb: Verb, relation: Relation) -> Result<Relation, Refusal> {
    match verb {
        Verb::Ask if relation.blocks => Err(Refusal::YouBlockedThem),
        Verb::Ask | Verb::Accept if relation.friend => Ok(relation),
        Verb::Ask if relation.asked_by => Ok(Relation::befriended()),
        // Also to somebody who blocks me: it looks pending to me, and they see nothing of it until they unblock me.
        Verb::Ask => Ok(Relation { asked: true, ..relation }),
        Verb::Accept if relation.visible().asked_by => Ok(Relation::befriended()),
        Verb::Accept => Err(Refusal::NoSuchRequest),
        // A request that I can't see stays as it is: else it would end on the other side, and so tell that I block.
        Verb::Decline | Verb::Block if relation.blocks => Ok(relation),
        Verb::Decline => Ok(Relation { asked_by: false, ..relation }),
        Verb::Cancel => Ok(Relation { asked: false, ..relation }),
        Verb::Befriend if relation.blocks || relation.blocked_by => Err(Refusal::Blocked),
        Verb::Befriend => Ok(Relation::befriended()),
        Verb::Remove => Ok(Relation { friend: false, ..relation }),
        Verb::Block => {
            Ok(Relation { blocks: true, blocked_by: relation.blocked_by, ..Relation::default() })
        }
        Verb::Unblock => Ok(Relation { blocks: false, ..relation }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verb() -> impl Strategy<Value = Verb> {
        prop::sample::select(Verb::ALL)
    }

    /// Lets two users do things to each other; `true` is the first one's turn. Ends as the first one sees it.
    fn play(moves: &[(bool, Verb)]) -> Relation {
        moves.iter().fold(Relation::default(), |relation, (mine, verb)| {
            let before = if *mine { relation } else { relation.mirror() };
            let after = decide(*verb, before).unwrap_or(before);
            if *mine { after } else { after.mirror() }
        })
    }

    proptest! {
        #[test]
        fn whatever_two_users_do_the_relation_stays_sound(
            moves in prop::collection::vec((any::<bool>(), verb()), 0..30),
        ) {
            let relation = play(&moves);
            for side in [relation, relation.mirror()] {
                prop_assert_eq!(side.mirror().mirror(), side);
                prop_assert!(!(side.friend && (side.blocks || side.blocked_by)), "friends across a block");
                prop_assert!(!(side.friend && (side.asked || side.asked_by)), "friends still asking");
                prop_assert!(!(side.asked && side.asked_by), "both ask and aren't friends");
                prop_assert!(!(side.asked && side.blocks), "asks somebody they block");
            }
        }

        #[test]
        fn twice_is_once(moves in prop::collection::vec((any::<bool>(), verb()), 0..30), again in verb()) {
            if let Ok(once) = decide(again, play(&moves)) {
                prop_assert_eq!(decide(again, once), Ok(once));
            }
        }

        /// Nothing that the blocked one can do or see differs from what they could with nobody behind the id.
        #[test]
        fn being_blocked_does_not_show(verbs in prop::collection::vec(verb(), 0..10)) {
            let own = |verb: &&Verb| **verb != Verb::Befriend;
            let mut blocked = Relation { blocked_by: true, ..Relation::default() };
            let mut alone = Relation::default();
            for verb in verbs.iter().filter(own) {
                let (a, b) = (decide(*verb, blocked), decide(*verb, alone));
                prop_assert_eq!(a.err(), b.err());
                blocked = a.unwrap_or(blocked);
                alone = b.unwrap_or(alone);
                prop_assert_eq!(blocked.visible(), alone.visible());
            }
        }
    }

    #[test]
    fn asking_each_other_makes_friends() {
        assert_eq!(play(&[(true, Verb::Ask), (false, Verb::Ask)]), Relation::befriended());
        assert_eq!(play(&[(true, Verb::Ask), (false, Verb::Accept)]), Relation::befriended());
    }

    #[test]
    fn a_request_to_somebody_who_blocks_me_shows_on_my_side_only() {
        let mine = play(&[(false, Verb::Block), (true, Verb::Ask)]);
        assert!(mine.visible().asked);
        assert!(!mine.mirror().visible().asked_by);
        let lifted = play(&[(false, Verb::Block), (true, Verb::Ask), (false, Verb::Unblock)]);
        assert!(lifted.mirror().visible().asked_by);
    }

    #[test]
    fn what_can_not_be_done_is_refused() {
        let none = Relation::default();
        assert_eq!(decide(Verb::Accept, none), Err(Refusal::NoSuchRequest));
        let blocks = Relation { blocks: true, ..none };
        assert_eq!(decide(Verb::Ask, blocks), Err(Refusal::YouBlockedThem));
        assert_eq!(decide(Verb::Befriend, blocks), Err(Refusal::Blocked));
        assert_eq!(decide(Verb::Befriend, blocks.mirror()), Err(Refusal::Blocked));
        let hidden = Relation { blocks: true, asked_by: true, ..none };
        assert_eq!(decide(Verb::Accept, hidden), Err(Refusal::NoSuchRequest));
    }
}
