//! Whatever happens, in whatever order, against the plainest way to work it out.

use model::{Random, SeededRandom};

use super::Backend;
use super::oracle::Oracle;
use super::world::{SUMS, World, board_id, change, event, lines, user, write};
use crate::{
    Amount, BoardPosition, Mutation, Operator, Outcome, PageStart, Ranking, Rules, ScoreRange, Wins,
};

const BOARDS: [&str; 4] = ["a", "b", "c", "d"];
const BATCHES: usize = 120;

/// Makes up what is done next.
struct Chance(SeededRandom);

impl Chance {
    fn below(&self, count: u64) -> u64 {
        self.0.next_u64() % count
    }

    fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn player(&self) -> String {
        format!("p{}", self.below(25))
    }

    fn rules(&self, all: ScoreRange) -> Rules {
        let ends = [all.min, -20, 0, 30, all.max];
        let (one, other) = (self.one_of(&ends), self.one_of(&ends));
        Rules {
            wins: self.one_of(Wins::ALL),
            operator: self.one_of(Operator::ALL),
            ranking: self.one_of(Ranking::ALL),
            range: ScoreRange { min: one.min(other), max: one.max(other) },
            ..SUMS
        }
    }

    fn amount(&self) -> Amount {
        // Few, so that many are equal; now and then one that is too large for whatever it meets.
        let points = match self.below(20) {
            0 => self.one_of(&[i64::MIN, i64::MAX, 1 << 53, -(1 << 53)]),
            _ => self.below(9) as i64 - 3,
        };
        if self.below(2) == 0 { Amount::Delta(points) } else { Amount::Score(points) }
    }

    fn mutation(&self, key: usize, all: ScoreRange) -> Mutation {
        match self.below(40) {
            0 => Mutation::DeleteBoard { id: board_id(self.one_of(&BOARDS)) },
            1..=3 => {
                Mutation::PutBoard { id: board_id(self.one_of(&BOARDS)), rules: self.rules(all) }
            }
            4..=6 => Mutation::Ban {
                board: board_id(self.one_of(&BOARDS)),
                user: user(&self.player()),
                is_banned: self.below(2) == 0,
            },
            _ => {
                let changes = (0..=self.below(4))
                    .map(|_| change(self.one_of(&BOARDS), &self.player(), self.amount()));
                Mutation::Post(event(&format!("e{key}"), changes.collect()))
            }
        }
    }
}

/// What the rules make of a write whose outcome is known to be as it is.
fn follow(oracle: &mut Oracle, mutation: &Mutation, outcome: &Result<Outcome, crate::Refusal>) {
    match (mutation, outcome) {
        (Mutation::Post(event), outcome) => {
            let scores = oracle.post(event);
            let told = outcome.as_ref().map_err(|refusal| *refusal).map(|outcome| match outcome {
                Outcome::Posted(applied) => applied.iter().map(|it| it.entry.score).collect(),
                other => panic!("{other:?}"),
            });
            assert_eq!(told, scores, "{event:?}");
        }
        (Mutation::PutBoard { id, rules }, Ok(_)) => oracle.put_board(id.as_str(), rules),
        (Mutation::DeleteBoard { id }, Ok(_)) => oracle.delete_board(id.as_str()),
        (Mutation::Ban { board, user, is_banned }, Ok(_)) => {
            oracle.ban(board.as_str(), user.as_str(), *is_banned);
        }
        (Mutation::EndSeasons { .. } | Mutation::Erase { .. }, _) | (_, Err(_)) => {}
    }
}

async fn compare(world: &World, oracle: &Oracle) {
    for board in BOARDS {
        let Some(found) = world.log.board(&board_id(board)).await.expect("read") else {
            assert_eq!(oracle.table(board), Vec::<String>::new());
            continue;
        };
        let page = world.index.page(&found, PageStart::Place(0), 100).await.expect("read");
        let table = oracle.table(board);
        assert_eq!(lines(&page.standings), table, "{found:?}");
        assert_eq!(page.as_of, BoardPosition(oracle.changes(board)).into());
        assert_eq!(page.count, table.len() as u64);
        for (place, standing) in page.standings.iter().enumerate() {
            let view = world.index.view(&found, 3, &standing.user, 2).await.expect("read");
            assert_eq!((view.as_of, view.count), (page.as_of, page.count));
            assert_eq!(lines(&view.top), table[..table.len().min(3)]);
            let around = view.neighbours.expect("on the board");
            let from = place.saturating_sub(2);
            assert_eq!((around.first, around.own), (from as u64, place - from));
            assert_eq!(lines(&around.standings), table[from..table.len().min(place + 3)]);
        }
    }
}

async fn happen(world: &World, oracle: &mut Oracle, chance: &Chance, first_key: usize) {
    let all = world.index.range();
    for batch in 0..BATCHES {
        let count = 1 + chance.below(12) as usize;
        let mutations: Vec<Mutation> =
            (0..count).map(|n| chance.mutation(first_key + batch * 100 + n, all)).collect();
        let writes = mutations.iter().cloned().map(write);
        let outcomes = world.append(writes.collect()).await;
        assert_eq!(outcomes.len(), mutations.len());
        for (mutation, outcome) in mutations.iter().zip(&outcomes) {
            follow(oracle, mutation, outcome);
        }
        compare(world, oracle).await;
    }
}

/// Boards, scores, bans and events over boards, at random.
pub async fn whatever_happens_ranks_agree_with_the_rules(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (mut oracle, chance) = (Oracle::default(), Chance(SeededRandom::new(13)));
    happen(&world, &mut oracle, &chance, 0).await;
}

/// Whatever happened.
pub async fn what_was_answered_survives_reopening(backend: &dyn Backend) {
    let (mut oracle, chance) = (Oracle::default(), Chance(SeededRandom::new(29)));
    for times in 0..3 {
        let world = World::open(backend).await;
        compare(&world, &oracle).await;
        happen(&world, &mut oracle, &chance, times * 1_000_000).await;
    }
    compare(&World::open(backend).await, &oracle).await;
}
