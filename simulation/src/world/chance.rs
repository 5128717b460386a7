use model::Random;

/// A number from 0 (included) to `end` (excluded); 0 where `end` is 0.
pub(crate) fn below(random: &dyn Random, end: usize) -> usize {
    // The bias of the remainder is below 2⁻⁴⁰ for any number of people.
    random.next_u64().checked_rem(end as u64).unwrap_or(0) as usize
}

/// A number from 0 (included) to 1 (excluded).
pub(crate) fn fraction(random: &dyn Random) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Puts `items` in a random order.
pub(crate) fn shuffle<T>(random: &dyn Random, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(random, last + 1));
    }
}
