//! Whatever happens to seasons, in whatever order, against the plainest way to work it out.

use model::{Random, SeededRandom, Timestamp};

use super::Backend;
use super::season_oracle::{PlainRules, SEASON_MS, SeasonOracle};
use super::seasons::{repeats, seasons, with};
use super::world::{NOW, World, board_id, change, event, lines, user, write_at};
use crate::{
    Amount, BoardPosition, Mutation, Outcome, PageStart, Ranking, Refusal, Rules, ScoreEvent,
    SeasonRules, WriteRequest,
};

const BATCHES: usize = 90;
const GRACES_MS: [i64; 4] = [0, 7_000, SEASON_MS, 90_000];

/// What is done next, and when.
#[derive(Debug, Clone)]
enum Step {
    Put(PlainRules),
    Delete,
    Ban(String, bool),
    End,
    Post { changes: Vec<(String, i64)>, happened: Option<Timestamp>, key: String },
}

/// Makes it up.
struct Chance {
    random: SeededRandom,
    at: Timestamp,
    steps: usize,
}

impl Chance {
    fn below(&self, count: u64) -> u64 {
        self.random.next_u64() % count
    }

    fn player(&self) -> String {
        format!("p{}", self.below(9))
    }

    /// Some moment near, often right at an edge.
    fn moment(&self, oracle: Option<&SeasonOracle>) -> Timestamp {
        let edges = oracle.map(SeasonOracle::edges).unwrap_or_default();
        let beside = self.below(3) as i64 - 1;
        match self.below(3) {
            0 if !edges.is_empty() => {
                Timestamp(edges[self.below(edges.len() as u64) as usize] + beside)
            }
            _ => self.at.plus_ms(-(self.below(150_000) as i64)),
        }
    }

    /// Time goes on: by some seconds, to the next edge, or over some seasons of which nobody sees anything; or another process'
    /// clock is a little behind.
    fn go_on(&mut self, oracle: Option<&SeasonOracle>) -> Timestamp {
        let edges = oracle.map(SeasonOracle::edges).unwrap_or_default();
        let next = edges.into_iter().filter(|edge| *edge > self.at.0).min();
        let beside = self.below(3) as i64 - 1;
        self.at = match (self.below(12), next) {
            (0..=3, Some(next)) => Timestamp((next + beside).max(self.at.0)),
            (4, _) => self.at.plus_ms(self.below(300_000) as i64),
            (5, _) => return self.at.plus_ms(-(self.below(2_000) as i64)),
            _ => self.at.plus_ms(self.below(9_000) as i64),
        };
        self.at
    }

    fn step(&mut self, oracle: Option<&SeasonOracle>) -> Step {
        self.steps += 1;
        match self.below(40) {
            0 => Step::Delete,
            1..=4 => Step::Put(PlainRules {
                ranking: Ranking::ALL[self.below(Ranking::ALL.len() as u64) as usize],
                grace_ms: GRACES_MS[self.below(GRACES_MS.len() as u64) as usize],
                archives: self.below(4) as usize,
            }),
            5..=8 => Step::Ban(self.player(), self.below(2) == 0),
            9..=11 => Step::End,
            _ => Step::Post {
                changes: (0..=self.below(3))
                    .map(|_| (self.player(), self.below(5) as i64 - 1))
                    .collect(),
                happened: (self.below(2) == 0).then(|| self.moment(oracle)),
                key: format!("e{}", self.steps),
            },
        }
    }
}

fn rules(world: &World, plain: PlainRules) -> Rules {
    let PlainRules { ranking, grace_ms, archives } = plain;
    let season = SeasonRules { grace_ms, archives, ..repeats("* * * * *", "UTC") };
    world.rules(Rules { ranking, ..with(season) })
}

fn request(world: &World, step: &Step, at: Timestamp) -> WriteRequest {
    let board = || board_id("b");
    let mutation = match step {
        Step::Put(plain) => Mutation::PutBoard { id: board(), rules: rules(world, *plain) },
        Step::Delete => Mutation::DeleteBoard { id: board() },
        Step::Ban(player, is_banned) => {
            Mutation::Ban { board: board(), user: user(player), is_banned: *is_banned }
        }
        Step::End => Mutation::EndSeasons { board: board() },
        Step::Post { changes, happened, key } => {
            let changes = changes.iter();
            let changes =
                changes.map(|(player, points)| change("b", player, Amount::Delta(*points)));
            Mutation::Post(ScoreEvent { happened: *happened, ..event(key, changes.collect()) })
        }
    };
    write_at(mutation, at)
}

/// What the rules make of a step.
fn follow(
    oracle: &mut Option<SeasonOracle>,
    step: &Step,
    at: Timestamp,
) -> Result<Vec<(u32, i64)>, Refusal> {
    if let (Step::Put(plain), None) = (step, &oracle) {
        *oracle = Some(SeasonOracle::new(*plain, at));
        return Ok(Vec::new());
    }
    let board = oracle.as_mut().ok_or(Refusal::NoSuchBoard)?;
    match step {
        Step::Put(plain) => board.put(*plain, at),
        Step::Delete => *oracle = None,
        Step::Ban(player, is_banned) => board.ban(player, *is_banned, at),
        Step::End => board.bring_to(at),
        Step::Post { changes, happened, .. } => return board.post(changes, *happened, at),
    }
    Ok(Vec::new())
}

async fn compare(world: &World, oracle: Option<&SeasonOracle>) {
    let board = world.log.board(&board_id("b")).await.expect("read");
    let (Some(board), Some(oracle)) = (&board, oracle) else {
        assert!(board.is_none() && oracle.is_none(), "{board:?} {oracle:?}");
        return;
    };
    world.reach_heads().await;
    assert_eq!(seasons(world).await, oracle.seasons());
    for season in oracle.seasons() {
        let read = board.in_season(season.0).expect("it is kept");
        let page = world.index.page(&read, PageStart::Place(0), 100).await.expect("read");
        let table = oracle.table(season.0);
        assert_eq!(lines(&page.standings), table, "{season:?}");
        assert_eq!(page.as_of, BoardPosition(oracle.changes).into());
        assert_eq!(page.count, table.len() as u64);
    }
}

async fn happen(world: &World, oracle: &mut Option<SeasonOracle>, chance: &mut Chance) {
    for _ in 0..BATCHES {
        let (mut writes, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..=chance.below(5) {
            let at = chance.go_on(oracle.as_ref());
            let step = chance.step(oracle.as_ref());
            writes.push(request(world, &step, at));
            expected.push((follow(oracle, &step, at), step, at));
        }
        for (outcome, (expected, step, at)) in world.append(writes).await.into_iter().zip(expected)
        {
            let told = outcome.map(|outcome| match outcome {
                Outcome::Posted(applied) => {
                    applied.iter().map(|it| (it.standings.season, it.entry.score)).collect()
                }
                _ => Vec::new(),
            });
            assert_eq!(told, expected, "{step:?} at {at:?}");
        }
        compare(world, oracle.as_ref()).await;
    }
}

/// A board's seasons, late events, bans, other rules, and times at which nobody looks, at random; opened again in between.
pub async fn whatever_happens_seasons_agree_with_the_rules(backend: &dyn Backend) {
    let mut oracle = None;
    let mut chance = Chance { random: SeededRandom::new(31), at: NOW, steps: 0 };
    for _ in 0..2 {
        let world = World::open(backend).await;
        compare(&world, oracle.as_ref()).await;
        happen(&world, &mut oracle, &mut chance).await;
    }
    compare(&World::open(backend).await, oracle.as_ref()).await;
}
