//! One column of a chunk: numbers that mostly resemble the ones before them.
//!
//! What is written is the first number, the greatest common divisor of what the others differ from it by (a phone that counts
//! in whole seconds needs no milliseconds), and then, whichever is shortest of a few: these multiples themselves, their
//! differences, or the differences of those; less the least of them, or with their signs folded in. Each in Rice's code (R. F.
//! Rice, Some practical universal noiseless coding techniques, 1979): so many low bits as they are, what is above as so many ones.
//! Arithmetic wraps, so that any numbers come back.

use super::bits::{BitReader, BitWriter, unzigzag, zigzag};
use super::error::ChunkError;
use super::estimate::{Estimate, LOW_BITS_MAX, QUOTIENT_MAX, body_bits, number_bits};

const ORDERS: u8 = 3;

/// How a column is written.
pub(super) struct Plan {
    first: i64,
    /// What is written of the numbers behind the first; none if all are equal to it.
    shape: Option<Shape>,
    /// Its length, bits.
    pub(super) bits: u64,
}

struct Shape {
    divisor: u64,
    /// How often differences were taken.
    order: u8,
    /// What was taken off each; where none was, the sign is folded in.
    base: Option<i64>,
    /// How many low bits are written as they are.
    low_bits: u32,
    remainders: Vec<u64>,
}

impl Plan {
    /// The shortest way for these numbers, of which there is at least one.
    pub(super) fn new(numbers: &[i64]) -> Self {
        let first = numbers[0];
        let mut multiples: Vec<i64> =
            numbers[1..].iter().map(|number| number.wrapping_sub(first)).collect();
        let mut divisor = 0;
        for multiple in &multiples {
            divisor = common_divisor(divisor, multiple.unsigned_abs());
            if divisor == 1 {
                break;
            }
        }
        if divisor == 0 {
            return Self { first, shape: None, bits: 1 + number_bits(zigzag(first)) };
        }
        // The magnitude of the least number there is isn't a number itself.
        let divisor = if i64::try_from(divisor).is_ok() { divisor } else { 1 };
        if divisor > 1 {
            for multiple in &mut multiples {
                *multiple /= divisor as i64;
            }
        }
        let mut differences = multiples;
        let mut best = Estimate::new(&differences, 0);
        let mut best_differences = differences.clone();
        for order in 1..ORDERS {
            differentiate(&mut differences);
            let estimate = Estimate::new(&differences, order);
            if estimate.bits < best.bits {
                best = estimate;
                best_differences.clone_from(&differences);
            }
        }
        let shape = Some(Shape::new(divisor, &best, &best_differences));
        let bits = 1 + number_bits(zigzag(first)) + shape.as_ref().map_or(0, Shape::bits);
        Self { first, shape, bits }
    }

    /// Writes the numbers.
    pub(super) fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.shape.is_some()), 1);
        out.put_signed(self.first);
        let Some(shape) = &self.shape else { return };
        out.put_number(shape.divisor);
        out.put(shape.order.into(), 2);
        out.put(u64::from(shape.base.is_some()), 1);
        if let Some(base) = shape.base {
            out.put_signed(base);
        }
        out.put(shape.low_bits.into(), 6);
        for remainder in &shape.remainders {
            let quotient = remainder >> shape.low_bits;
            if quotient >= QUOTIENT_MAX.into() {
                out.put_ones(QUOTIENT_MAX);
                out.put(*remainder, 64);
                continue;
            }
            let ones = quotient as u32;
            // The ones, and the zero that ends them.
            out.put((1 << (ones + 1)) - 2, ones + 1);
            out.put(remainder & ((1 << shape.low_bits) - 1), shape.low_bits);
        }
    }
}

impl Shape {
    fn new(
        divisor: u64,
        Estimate { order, base, low_bits, .. }: &Estimate,
        differences: &[i64],
    ) -> Self {
        let remainders: Vec<u64> = match base {
            Some(base) => differences.iter().map(|it| it.wrapping_sub(*base) as u64).collect(),
            None => differences.iter().map(|it| zigzag(*it)).collect(),
        };
        let near = low_bits.saturating_sub(2)..=(low_bits + 1).min(LOW_BITS_MAX);
        let low_bits = near.min_by_key(|it| body_bits(&remainders, *it)).unwrap_or(*low_bits);
        Self { divisor, order: *order, base: *base, low_bits, remainders }
    }

    fn bits(&self) -> u64 {
        let base = self.base.map_or(0, |base| number_bits(zigzag(base)));
        number_bits(self.divisor) + 2 + 1 + base + 6 + body_bits(&self.remainders, self.low_bits)
    }
}

/// Reads as many numbers as there is room for, at least one, that a [`Plan`] wrote.
pub(super) fn read(input: &mut BitReader<'_>, numbers: &mut [i64]) -> Result<(), ChunkError> {
    let differ = input.take(1)? == 1;
    let first = input.take_signed()?;
    if !differ {
        numbers.fill(first);
        return Ok(());
    }
    let divisor = input.take_number()? as i64;
    let order = input.take(2)? as u8;
    if order >= ORDERS {
        return Err(ChunkError::Malformed);
    }
    let base = if input.take(1)? == 1 { Some(input.take_signed()?) } else { None };
    let low_bits = input.take(6)? as u32;
    let (mut multiple, mut step) = (0_i64, 0_i64);
    numbers[0] = first;
    let mut others = numbers[1..].iter_mut();
    input.take_each_coded(QUOTIENT_MAX, low_bits, others.len(), |remainder| {
        let difference = match base {
            Some(base) => base.wrapping_add(remainder as i64),
            None => unzigzag(remainder),
        };
        match order {
            0 => multiple = difference,
            1 => multiple = multiple.wrapping_add(difference),
            _ => {
                step = step.wrapping_add(difference);
                multiple = multiple.wrapping_add(step);
            }
        }
        if let Some(number) = others.next() {
            *number = first.wrapping_add(multiple.wrapping_mul(divisor));
        }
    })
}

/// Each number less the one before; 0 is before the first.
fn differentiate(numbers: &mut [i64]) {
    let mut before = 0;
    for number in numbers {
        let difference = number.wrapping_sub(before);
        before = *number;
        *number = difference;
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(numbers: &[i64]) -> usize {
        let plan = Plan::new(numbers);
        let mut out = BitWriter::default();
        plan.write(&mut out);
        let bytes = out.finish();
        assert_eq!(bytes.len() as u64, plan.bits.div_ceil(8), "the length is as planned");
        let mut input = BitReader::new(&bytes);
        let mut back = vec![0; numbers.len()];
        assert_eq!(read(&mut input, &mut back), Ok(()));
        assert_eq!(back, numbers);
        assert!(input.is_at_end());
        bytes.len()
    }

    proptest! {
        #[test]
        fn any_numbers_come_back(
            numbers in prop::collection::vec(
                prop_oneof![any::<i64>(), -5..5i64, Just(i64::MIN), Just(i64::MAX)], 1..70
            )
        ) {
            round_trip(&numbers);
        }

        #[test]
        fn any_bytes_come_to_numbers_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..80), count in 1..61usize,
        ) {
            // Whatever it is, it ends.
            let _ = read(&mut BitReader::new(&bytes), &mut vec![0; count]);
        }
    }

    #[test]
    fn what_is_even_costs_next_to_nothing() {
        assert_eq!(round_trip(&[0; 60]), 1);
        assert_eq!(round_trip(&[-7; 60]), 2);
        let every_30_s: Vec<i64> = (0..60).map(|at| 1_559_810_013_091 + at * 30_000).collect();
        let bytes = round_trip(&every_30_s);
        assert!(bytes <= 20, "{bytes}");
        let with_one_gap: Vec<i64> = every_30_s
            .iter()
            .map(|at| at + if *at > 1_559_811_000_000 { 500_001 } else { 0 })
            .collect();
        let bytes = round_trip(&with_one_gap);
        assert!(bytes <= 60, "{bytes}");
    }
}
