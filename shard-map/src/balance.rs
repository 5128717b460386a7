use std::cmp::Reverse;
use std::iter::repeat_n;

use crate::shard::Shard;
use crate::slot::SLOTS;

/// Places every slot, so that each shard holds its share and the fewest slots move.
///
/// `holders` has for each slot which of `shards` holds it so far; `None` where that shard is gone or there was none. A
/// shard that holds too much lets its highest slots go. Those that are free then go in ascending order to the shards
/// that lack some, by name: a first map consists of one range a shard.
pub(crate) fn place(shards: &[Shard], holders: Vec<Option<u16>>) -> Box<[u16]> {
    let mut held = vec![0; shards.len()];
    for index in holders.iter().flatten() {
        held[usize::from(*index)] += 1;
    }
    let quotas = quotas(shards, &held);
    let mut lacking = (0u16..)
        .zip(held.iter().zip(&quotas))
        .flat_map(|(index, (held, quota))| repeat_n(index, quota.saturating_sub(*held)));
    let mut kept = vec![0; shards.len()];
    let mut keeps = |index: u16| {
        let kept = &mut kept[usize::from(index)];
        *kept += 1;
        *kept <= quotas[usize::from(index)]
    };
    let placed = |holder: Option<u16>| match holder {
        Some(index) if keeps(index) => index,
        _ => lacking.next().expect("the quotas add up to all slots"),
    };
    holders.into_iter().map(placed).collect()
}

/// How many slots each shard is to hold: its exact share rounded down, and up for as many as it takes to give every slot
/// away.
///
/// First in line are those who otherwise had to let a slot go, since each of them saves a move, and nothing else can: a
/// shard that holds no more than its share rounded down keeps all it has either way. Then come the greatest fractions,
/// then names.
fn quotas(shards: &[Shard], held: &[usize]) -> Vec<usize> {
    let weights: u64 = shards.iter().map(|shard| u64::from(shard.weight)).sum();
    // In slots, multiplied by the sum of the weights: whole numbers.
    let share = |index: usize| u64::from(SLOTS) * u64::from(shards[index].weight);
    let fraction = |index: usize| share(index) % weights;
    let mut quotas: Vec<usize> =
        (0..shards.len()).map(|index| (share(index) / weights) as usize).collect();
    let left = usize::from(SLOTS) - quotas.iter().sum::<usize>();
    let mut line: Vec<usize> = (0..shards.len()).filter(|index| fraction(*index) > 0).collect();
    line.sort_by_key(|&index| (held[index] <= quotas[index], Reverse(fraction(index)), index));
    for index in line.into_iter().take(left) {
        quotas[index] += 1;
    }
    quotas
}
