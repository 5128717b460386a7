use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use model::{SeededRandom, UserId};

use crate::Error;
use crate::world::chance::{below, shuffle};

/// How often a random partner is tried before somebody is left with a friend fewer.
const PARTNER_TRIES: usize = 50;

/// Who is a friend of whom. People are numbered by their place in `people`.
#[derive(Debug)]
pub struct Graph {
    people: Arc<[UserId]>,
    friends: Vec<Vec<u32>>,
}

impl Graph {
    /// A graph of `pairs` of numbers of `people`; both directions are meant, repetitions count once.
    pub fn new(people: Vec<UserId>, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self::among(people.into(), pairs)
    }

    /// The same people with other friends.
    pub(crate) fn with_pairs(&self, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self::among(Arc::clone(&self.people), pairs)
    }

    fn among(people: Arc<[UserId]>, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut friends = vec![Vec::new(); people.len()];
        for (a, b) in pairs {
            if a != b {
                friends[a as usize].push(b);
                friends[b as usize].push(a);
            }
        }
        for list in &mut friends {
            list.sort_unstable();
            list.dedup();
        }
        Self { people, friends }
    }

    /// Reads lines of `a,b`. Empty lines and lines that begin with `#` say nothing.
    pub fn read(path: &Path, people: Vec<UserId>) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::file(path, None, error))?;
        let index: HashMap<&str, u32> = people.iter().map(UserId::as_str).zip(0..).collect();
        let mut pairs = Vec::new();
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let fault = |detail: String| Error::file(path, Some(number), detail);
            let line = line.map_err(|error| fault(error.to_string()))?;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (a, b) =
                line.split_once(',').ok_or_else(|| fault("expected two ids, a,b".into()))?;
            let find = |id: &str| {
                let known = index.get(id.trim()).copied();
                known.ok_or_else(|| fault(format!("{:?} is none of the people", id.trim())))
            };
            let pair = (find(a)?, find(b)?);
            if pair.0 == pair.1 {
                return Err(fault("nobody is their own friend".into()));
            }
            pairs.push(pair);
        }
        Ok(Self::new(people, pairs))
    }

    /// A random graph in which everybody has `friends_each` friends (rarely fewer), except `strangers` who have none.
    pub fn generate(
        people: Vec<UserId>,
        friends_each: usize,
        strangers: usize,
        seed: u64,
    ) -> Result<Self, Error> {
        let members = people.len().saturating_sub(strangers);
        if strangers > people.len() || friends_each > members.saturating_sub(1) && members > 0 {
            return Err(Error::Plan(format!(
                "{} people with {strangers} strangers among them can't have {friends_each} friends each",
                people.len()
            )));
        }
        let random = SeededRandom::new(seed);
        let mut order: Vec<u32> = (0..people.len() as u32).collect();
        shuffle(&random, &mut order);
        order.truncate(members);

        let mut friends: Vec<Vec<u32>> = vec![Vec::new(); people.len()];
        let mut befriend = |a: u32, b: u32| {
            let (of_a, of_b) = (&friends[a as usize], &friends[b as usize]);
            let full = of_a.len() >= friends_each || of_b.len() >= friends_each;
            if a == b || full || of_a.contains(&b) {
                return;
            }
            friends[a as usize].push(b);
            friends[b as usize].push(a);
        };
        // Pair off open places at random, over and over; what doesn't fit tries its luck again.
        for _ in 0..friends_each {
            shuffle(&random, &mut order);
            for pair in order.chunks_exact(2) {
                befriend(pair[0], pair[1]);
            }
        }
        for &a in &order {
            for _ in 0..PARTNER_TRIES * usize::from(members > 0) {
                befriend(a, order[below(&random, members)]);
            }
        }
        let pairs: Vec<_> =
            (0..).zip(&friends).flat_map(|(a, list)| list.iter().map(move |b| (a, *b))).collect();
        Ok(Self::new(people, pairs))
    }

    /// Everybody, in order of their numbers.
    pub fn people(&self) -> &[UserId] {
        &self.people
    }

    /// The numbers of somebody's friends, ascending.
    pub fn friends(&self, person: u32) -> &[u32] {
        &self.friends[person as usize]
    }

    /// Every friendship once.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..)
            .zip(&self.friends)
            .flat_map(|(a, list)| list.iter().filter(move |b| **b > a).map(move |b| (a, *b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn people(count: usize) -> Vec<UserId> {
        (0..count).map(|n| UserId::parse(&format!("p{n}")).expect("an id")).collect()
    }

    fn read(text: &str) -> Result<Graph, Error> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        Graph::read(file.path(), people(3))
    }

    #[test]
    fn a_file_makes_friendships_that_go_both_ways() {
        let graph = read("# friends\np0,p1\n\n p2 , p0 \np1,p0\n").expect("readable");
        assert_eq!(graph.friends(0), [1, 2]);
        assert_eq!(graph.friends(1), [0]);
        assert_eq!(graph.pairs().collect::<Vec<_>>(), [(0, 1), (0, 2)]);
    }

    #[test]
    fn faults_in_a_file_name_the_line() {
        for (text, words) in [
            ("p0,p1\np0", "line 2: expected two ids"),
            ("p0,px", "line 1: \"px\" is none of the people"),
            ("p0,p0", "line 1: nobody is their own friend"),
        ] {
            let said = read(text).expect_err("refused").to_string();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_generated_graph_is_nearly_regular_and_strangers_have_no_friends() {
        let graph = Graph::generate(people(1_000), 40, 50, 1).expect("possible");
        let counts: Vec<_> = (0..1_000).map(|p| graph.friends(p).len()).collect();
        assert_eq!(counts.iter().filter(|c| **c == 0).count(), 50);
        assert_eq!(counts.iter().max(), Some(&40));
        let total: usize = counts.iter().sum();
        assert!(total >= 950 * 40 * 99 / 100, "{total} ends of friendships");
        for p in 0..1_000 {
            assert!(!graph.friends(p).contains(&p));
            assert!(graph.friends(p).iter().all(|f| graph.friends(*f).contains(&p)));
        }
    }

    #[test]
    fn one_seed_makes_one_graph() {
        let pairs = |seed| {
            let graph = Graph::generate(people(100), 5, 3, seed).expect("possible");
            graph.pairs().collect::<Vec<_>>()
        };
        assert_eq!(pairs(4), pairs(4));
        assert_ne!(pairs(4), pairs(5));
    }

    #[test]
    fn an_impossible_number_of_friends_is_refused() {
        assert!(Graph::generate(people(10), 10, 0, 1).is_err());
        assert!(Graph::generate(people(10), 1, 11, 1).is_err());
        assert!(Graph::generate(people(10), 9, 0, 1).is_ok());
        assert!(Graph::generate(people(3), 0, 3, 1).is_ok());
    }
}
