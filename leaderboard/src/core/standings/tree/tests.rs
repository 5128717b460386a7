use model::{Random, SeededRandom};

use super::keys::KEYS_MAX;
use super::remove::{CHILDREN_MIN, LEAF_MIN};
use super::*;
use crate::core::standings::key::Player;

/// What a node is found to have.
struct Seen {
    count: u32,
    first: Key,
    last: Key,
}

/// Fails if the tree isn't whole: counts, order, how full nodes are, that all leaves are equally deep and follow one another.
pub(in crate::core::standings) fn check(tree: &Tree) {
    let mut leaves = Vec::new();
    let mut inners = 0;
    if tree.len > 0 {
        let seen = check_node(tree, (tree.root, 0), true, &mut leaves, &mut inners);
        assert_eq!(seen.count, tree.len, "all are counted");
    } else {
        leaves.push(tree.root);
        assert_eq!((tree.levels, tree.leaves[tree.root].keys.len()), (0, 0));
    }
    assert_eq!((leaves.len(), inners), (tree.leaves.used(), tree.inners.used()), "none is lost");
    for (at, leaf) in leaves.iter().enumerate() {
        assert_eq!(tree.leaves[*leaf].next, leaves.get(at + 1).copied(), "leaves are linked");
    }
}

fn check_node(
    tree: &Tree,
    (node, level): (u32, usize),
    is_last: bool,
    leaves: &mut Vec<u32>,
    inners: &mut usize,
) -> Seen {
    if level == tree.levels {
        let keys = &tree.leaves[node].keys;
        assert!(keys.len() >= if is_last { 1 } else { LEAF_MIN }, "a leaf of {}", keys.len());
        let all: Vec<Key> = (0..keys.len()).map(|at| keys.get(at)).collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
        assert!(all.iter().enumerate().all(|(at, key)| keys.count_below(*key) == at));
        leaves.push(node);
        return Seen { count: keys.len() as u32, first: all[0], last: all[all.len() - 1] };
    }
    *inners += 1;
    let inner = &tree.inners[node];
    let min = if is_last || level == 0 { 2 } else { CHILDREN_MIN };
    assert!((min..=KEYS_MAX).contains(&inner.len()), "an inner node of {}", inner.len());
    assert!((0..inner.len()).is_sorted_by_key(|slot| inner.lows.get(slot)), "lows are sorted");
    let mut all: Option<Seen> = None;
    for slot in 0..inner.len() {
        let is_last = is_last && slot + 1 == inner.len();
        let seen = check_node(tree, (inner.child(slot), level + 1), is_last, leaves, inners);
        assert_eq!(seen.count, inner.counts()[slot], "children are counted");
        assert!(inner.lows.get(slot) <= seen.first, "lows aren't above");
        all = Some(match all {
            None => seen,
            Some(before) => {
                assert!(before.last < inner.lows.get(slot), "lows divide");
                Seen { count: before.count + seen.count, first: before.first, last: seen.last }
            }
        });
    }
    all.expect("children")
}

fn key(score: i64) -> Key {
    Key { score, reached: 1, player: Player(1) }
}

#[test]
fn keys_in_their_order_fill_leaf_after_leaf() {
    let mut tree = Tree::new();
    // An inner node that is split gives its last child to the new one.
    let leaves = (KEYS_MAX - 1) * (KEYS_MAX - 1) + KEYS_MAX;
    let full = KEYS_MAX * leaves;
    for n in 0..full as i64 {
        tree.insert(key(n));
    }
    check(&tree);
    assert_eq!((tree.levels, tree.leaves.used()), (2, leaves));
    tree.insert(key(full as i64));
    check(&tree);
    assert_eq!((tree.levels, tree.leaves.used()), (3, leaves + 1));
    for n in [0, 1, 63, 64, 65, 4_095, 4_096, full as i64 / 2, full as i64] {
        assert_eq!(
            (tree.count_below(key(n)), tree.from(n as u64).next()),
            (n as u64, Some(key(n)))
        );
    }
    assert!(tree.from(0).map(|key| key.score).eq(0..=full as i64));
    assert_eq!(tree.from(full as u64 + 1).next(), None);
    assert_eq!(tree.from(u64::MAX).next(), None);
}

#[test]
fn a_tree_of_three_levels_empties_in_any_order() {
    for (seed, descending) in [(1, false), (2, true)] {
        let random = SeededRandom::new(seed);
        let mut tree = Tree::new();
        let mut scores: Vec<i64> = (0..200_000).collect();
        let shuffle = |scores: &mut Vec<i64>| {
            for n in (1..scores.len()).rev() {
                scores.swap(n, (random.next_u64() % (n as u64 + 1)) as usize);
            }
        };
        if descending {
            scores.reverse();
        } else {
            shuffle(&mut scores);
        }
        for score in &scores {
            tree.insert(key(*score));
        }
        check(&tree);
        assert_eq!(tree.levels, 3);
        shuffle(&mut scores);
        while let Some(score) = scores.pop() {
            assert!(tree.remove(key(score)), "{score} is there");
            assert!(!tree.remove(key(score)), "{score} is gone");
            if scores.len() < 200 || scores.len().is_multiple_of(20_000) {
                check(&tree);
            }
        }
        assert_eq!((tree.len(), tree.levels, tree.leaves.used()), (0, 0, 1));
    }
}

#[test]
fn what_was_freed_is_used_again() {
    let random = SeededRandom::new(3);
    let mut tree = Tree::new();
    let mut scores: Vec<i64> = (0..20_000).collect();
    for score in &scores {
        tree.insert(key(*score));
    }
    let mut used_max = 0;
    for n in 0..200_000 {
        let at = (random.next_u64() % 20_000) as usize;
        let score = random.next_u64() as i64;
        if n % 2 == 0 {
            assert!(tree.remove(key(scores[at])));
            tree.insert(key(score));
        } else {
            assert!(tree.replace(key(scores[at]), key(score)));
        }
        scores[at] = score;
        used_max = used_max.max(tree.leaves.used());
        if n % 20_000 == 0 {
            check(&tree);
        }
    }
    check(&tree);
    // Three eighths is the least for each; on average they are fuller.
    assert!(used_max * KEYS_MAX < 2 * 20_000, "{used_max} leaves at once");
    assert!(tree.leaves.made() <= used_max + 1, "no leaf is made while one is free");
}

#[test]
fn a_key_that_is_not_there_is_not_removed() {
    let mut tree = Tree::new();
    assert!(!tree.remove(key(1)));
    for n in 0..1_000 {
        tree.insert(key(2 * n));
    }
    for score in [-1, 1, 999, 1_001, 2_001] {
        assert!(!tree.remove(key(score)));
        assert!(!tree.replace(key(score), key(7)));
    }
    check(&tree);
    assert_eq!(tree.len(), 1_000);
}
