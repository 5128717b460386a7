//! How long a column becomes: guessed from sums, to choose a way to write it, and counted.

use super::bits::zigzag;

/// From so many ones on a remainder is written as it is: a jump in an otherwise even column.
pub(super) const QUOTIENT_MAX: u32 = 24;
/// The most low bits that are written as they are.
pub(super) const LOW_BITS_MAX: u32 = 63;

/// About how long differences become.
pub(super) struct Estimate {
    /// How often differences were taken.
    pub(super) order: u8,
    /// What is taken off each; where nothing is, the sign is folded in.
    pub(super) base: Option<i64>,
    /// How many low bits are written as they are.
    pub(super) low_bits: u32,
    /// The length of it all, bits.
    pub(super) bits: u64,
}

impl Estimate {
    /// The shorter one, with a base or without.
    pub(super) fn new(differences: &[i64], order: u8) -> Self {
        let least = differences.iter().copied().min().unwrap_or(0);
        let (mut above, mut folded) = (Sum::default(), Sum::default());
        for difference in differences {
            above.add(difference.wrapping_sub(least) as u64);
            folded.add(zigzag(*difference));
        }
        let count = differences.len() as u64;
        let (above_low_bits, above_bits) = above.likely(count);
        let (low_bits, bits) = folded.likely(count);
        let above_bits = above_bits + number_bits(zigzag(least));
        if above_bits < bits {
            Self { order, base: Some(least), low_bits: above_low_bits, bits: above_bits }
        } else {
            Self { order, base: None, low_bits, bits }
        }
    }
}

/// A sum of remainders, of which one may be far off.
#[derive(Default)]
struct Sum {
    all: u64,
    greatest: u64,
}

impl Sum {
    fn add(&mut self, remainder: u64) {
        self.all = self.all.saturating_add(remainder);
        self.greatest = self.greatest.max(remainder);
    }

    /// The number of low bits that suits their mean, and about how many bits they all take.
    fn likely(&self, count: u64) -> (u32, u64) {
        let others = self.all - self.greatest;
        let low_bits = (others / count).checked_ilog2().unwrap_or(0).min(LOW_BITS_MAX);
        let greatest = (self.greatest >> low_bits).min(u64::from(QUOTIENT_MAX) + 64);
        (low_bits, (others >> low_bits) + greatest + count * u64::from(1 + low_bits))
    }
}

/// How long all remainders are, bits.
pub(super) fn body_bits(remainders: &[u64], low_bits: u32) -> u64 {
    let bits_of = |remainder: &u64| match remainder >> low_bits {
        quotient if quotient < QUOTIENT_MAX.into() => quotient + 1 + u64::from(low_bits),
        _ => u64::from(QUOTIENT_MAX) + 64,
    };
    remainders.iter().map(bits_of).sum()
}

/// How long [`BitWriter::put_number`](super::bits::BitWriter::put_number) makes a number, bits.
pub(super) fn number_bits(number: u64) -> u64 {
    7 + u64::from(u64::BITS - number.leading_zeros()).saturating_sub(1)
}
