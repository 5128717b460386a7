mod oracle;

use model::{Random, SeededRandom};
use proptest::prelude::*;

use self::oracle::Oracle;
use super::*;

/// Standings beside what they should be.
struct Pair {
    standings: Standings,
    oracle: Oracle,
    position: u64,
}

#[derive(Debug, Clone)]
enum Step {
    /// A player gets a score at the next position, or at the one before.
    Put {
        player: u16,
        score: i64,
        again: bool,
    },
    /// A player is banned, or put back.
    Show {
        player: u16,
        is_shown: bool,
    },
    RankBy(Ranking),
}

impl Pair {
    fn new(wins: Wins, ranking: Ranking) -> Self {
        let (standings, oracle) = (Standings::new(wins, ranking), Oracle::new(wins, ranking));
        Self { standings, oracle, position: 0 }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Put { player, score, again } => {
                self.position += u64::from(!again);
                let is_shown = self.oracle.is_shown(&user(player));
                self.put(player, Entry { score, reached: BoardPosition(self.position) }, is_shown);
            }
            Step::Show { player, is_shown } => {
                if let Some(entry) = self.oracle.entry(&user(player)) {
                    self.put(player, entry, is_shown);
                }
            }
            Step::RankBy(ranking) => {
                self.standings.rank_by(ranking);
                self.oracle.rank_by(ranking);
            }
        }
    }

    fn put(&mut self, player: u16, entry: Entry, is_shown: bool) {
        self.standings.put(&user(player), entry, is_shown);
        self.oracle.put(&user(player), entry, is_shown);
    }

    /// Fails if standings are broken, or say otherwise than they should of this player, place and entry.
    fn check(&self, player: u16, place: u64, entry: Entry) {
        tree::tests::check(&self.standings.shown);
        self.standings.scores.iter().for_each(tree::tests::check);
        let (standings, oracle) = (&self.standings, &self.oracle);
        assert_eq!(standings.count(), oracle.count());
        let user = user(player);
        assert_eq!(standings.entry(&user), oracle.entry(&user));
        assert_eq!(standings.players_count(), oracle.players_count());
        assert_eq!(standings.index(&user), oracle.index(&user));
        assert_eq!(standings.standing(&user), oracle.standing(&user));
        assert_eq!(standings.index_after(entry), oracle.index_after(entry));
        for limit in [0, 1, 9, 100] {
            assert_eq!(standings.page(place, limit), oracle.page(place, limit), "{place} {limit}");
        }
    }
}

fn user(player: u16) -> UserId {
    UserId::parse(&format!("player-{player}")).expect("an id")
}

fn scores() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..12_i64,
        4 => -1_000..1_000_i64,
        1 => any::<i64>(),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MIN + 1), Just(i64::MAX - 1), Just(i64::MAX)],
    ]
}

fn rankings() -> impl Strategy<Value = Ranking> {
    prop_oneof![Just(Ranking::Standard), Just(Ranking::Dense), Just(Ranking::Ordinal)]
}

fn steps(players: u16) -> impl Strategy<Value = Vec<Step>> {
    let again = prop::bool::weighted(0.1);
    let put = (0..players, scores(), again);
    let step = prop_oneof![
        40 => put.prop_map(|(player, score, again)| Step::Put { player, score, again }),
        20 => (0..players, any::<bool>()).prop_map(|(player, is_shown)| Step::Show { player, is_shown }),
        1 => rankings().prop_map(Step::RankBy),
    ];
    prop::collection::vec(step, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn standings_are_what_a_walk_over_everybody_finds(
        wins in prop_oneof![Just(Wins::High), Just(Wins::Low)], ranking in rankings(),
        players in prop_oneof![1..20_u16, 100..400_u16], steps in prop_oneof![steps(10), steps(300)],
        asked in any::<u64>(), score in scores(),
    ) {
        let mut pair = Pair::new(wins, ranking);
        for step in &steps {
            pair.step(step);
            let place = asked % (pair.oracle.count() + 2);
            let reached = BoardPosition(asked % (pair.position + 2));
            pair.check((asked % u64::from(players)) as u16, place, Entry { score, reached });
        }
        // Down to the last one, and put back.
        for is_shown in [false, true] {
            for player in 0..300 {
                pair.step(&Step::Show { player, is_shown });
            }
            pair.check(0, 0, Entry { score, reached: BoardPosition(0) });
        }
    }
}

/// Enough players for three levels of nodes, of which all move often.
#[test]
fn many_players_move_for_long() {
    let random = SeededRandom::new(7);
    let below = |end: u64| random.next_u64() % end;
    for (ranking, scores) in [(Ranking::Standard, u64::MAX), (Ranking::Dense, 3_000)] {
        let mut pair = Pair::new(Wins::High, ranking);
        for n in 0..60_000_u64 {
            let player = if n < 12_000 { n } else { below(12_000) } as u16;
            let score = below(scores) as i64;
            pair.step(&Step::Put { player, score, again: false });
            if n % 8 == 0 {
                let (player, is_shown) = (below(12_000) as u16, below(2) == 0);
                pair.step(&Step::Show { player, is_shown });
            }
            if n % 3_000 == 0 {
                let reached = BoardPosition(below(pair.position + 1));
                let place = below(pair.oracle.count());
                pair.check(below(12_000) as u16, place, Entry { score, reached });
            }
        }
        let everybody = pair.standings.page(0, 12_000);
        assert!(everybody.len() > 1_000);
        for (place, it) in (0..).zip(&everybody) {
            assert_eq!(pair.standings.index(&it.user), Some(place));
            assert_eq!(pair.standings.standing(&it.user).as_ref(), Some(it));
            assert_eq!(pair.standings.index_after(it.entry), place + 1);
        }
        for player in 0..12_000 {
            pair.step(&Step::Show { player, is_shown: false });
        }
        pair.check(0, 0, Entry { score: 0, reached: BoardPosition(0) });
        assert_eq!((pair.standings.count(), pair.standings.players_count()), (0, 12_000));
    }
}

/// As a log does that is read again from somewhere.
#[test]
fn what_is_put_twice_changes_nothing() {
    let mut pair = Pair::new(Wins::Low, Ranking::Dense);
    let entries = [(1, 5, 1), (2, 5, 2), (1, 7, 3), (3, -1, 4)];
    for _ in 0..2 {
        for (player, score, reached) in entries {
            pair.put(player, Entry { score, reached: BoardPosition(reached) }, true);
        }
        let page = pair.standings.page(0, 10);
        let seen: Vec<_> = page.iter().map(|it| (it.user.as_str(), it.rank, it.better)).collect();
        assert_eq!(seen, [("player-3", 1, 0), ("player-2", 2, 1), ("player-1", 3, 2)]);
        pair.check(1, 0, Entry { score: 5, reached: BoardPosition(2) });
    }
}

proptest! {
    #[test]
    fn whoever_was_put_unsorted_stands_where_they_belong(
        puts in prop::collection::vec((0..200_u32, -9..9_i64, any::<bool>()), 0..600),
        ranking in prop::sample::select(Ranking::ALL),
    ) {
        let user = |n: u32| UserId::parse(&format!("p{n}")).expect("a user id");
        let mut one_by_one = Standings::new(Wins::High, ranking);
        let mut sorted = Standings::new(Wins::High, ranking);
        for (n, &(player, score, is_shown)) in puts.iter().enumerate() {
            let entry = Entry { score, reached: BoardPosition(n as u64) };
            one_by_one.put(&user(player), entry, is_shown);
            sorted.put_unsorted(&user(player), entry, is_shown);
        }
        sorted.sort();
        prop_assert_eq!(sorted.page(0, 1_000), one_by_one.page(0, 1_000));
        // They go on alike.
        for player in 0..50 {
            let entry = Entry { score: 0, reached: BoardPosition(1_000 + u64::from(player)) };
            one_by_one.put(&user(player), entry, player % 3 > 0);
            sorted.put(&user(player), entry, player % 3 > 0);
        }
        prop_assert_eq!(sorted.page(0, 1_000), one_by_one.page(0, 1_000));
        prop_assert_eq!(sorted.count(), one_by_one.count());
    }
}
