//! Bits behind each other, those of a number from the highest down.

use super::error::ChunkError;

/// How many bits say how long a number is: it has up to 64.
const LENGTH_BITS: u32 = 7;

/// How many bits are there at least when one looks ahead.
const PEEKED_BITS_MIN: u32 = 57;

/// Writes bits.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that don't fill four bytes yet, the lowest ones of it; above them is what was written already.
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// Writes behind these bytes.
    pub(super) fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Writes the lowest `width` bits, of which a number has no others.
    pub(super) fn put(&mut self, number: u64, width: u32) {
        debug_assert!(width >= 64 || number >> width == 0);
        if width > 32 {
            self.put(number >> 32, width - 32);
            return self.put(number & u64::from(u32::MAX), 32);
        }
        self.pending = (self.pending << width) | number;
        self.pending_bits += width;
        if self.pending_bits >= 32 {
            self.pending_bits -= 32;
            let whole = (self.pending >> self.pending_bits) as u32;
            self.bytes.extend_from_slice(&whole.to_be_bytes());
        }
    }

    /// Writes so many ones, at most 32.
    pub(super) fn put_ones(&mut self, ones: u32) {
        self.put((1 << ones) - 1, ones);
    }

    /// Writes a number, the shorter the nearer to 0.
    pub(super) fn put_number(&mut self, number: u64) {
        let length = u64::BITS - number.leading_zeros();
        self.put(length.into(), LENGTH_BITS);
        if length > 1 {
            // The highest bit is 1, which needs no saying.
            self.put(number & !(1 << (length - 1)), length - 1);
        }
    }

    /// Writes a number, the shorter the nearer to 0 it is from either side.
    pub(super) fn put_signed(&mut self, number: i64) {
        self.put_number(zigzag(number));
    }

    /// All that was written, filled up with zeros to a whole byte.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let last = (self.pending << (u64::BITS - self.pending_bits.max(1))).to_be_bytes();
        let bytes = self.pending_bits.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&last[..bytes]);
        self.bytes
    }
}

/// Reads bits.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads these bytes.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next bits, from the highest of the word down; at least 57 of them are there, or are zeros behind the end.
    fn peek(&self) -> u64 {
        let rest = &self.bytes[self.at / 8..];
        let word = if let Some(bytes) = rest.first_chunk() {
            u64::from_be_bytes(*bytes)
        } else {
            let mut bytes = [0; 8];
            bytes[..rest.len()].copy_from_slice(rest);
            u64::from_be_bytes(bytes)
        };
        word << (self.at % 8)
    }

    fn skip(&mut self, bits: u32) -> Result<(), ChunkError> {
        let at = self.at + bits as usize;
        if at > self.bytes.len() * 8 {
            return Err(ChunkError::Malformed);
        }
        self.at = at;
        Ok(())
    }

    /// A number of `width` bits, at most 64.
    pub(super) fn take(&mut self, width: u32) -> Result<u64, ChunkError> {
        if width > 32 {
            let high = self.take(width - 32)?;
            return Ok((high << 32) | self.take(32)?);
        }
        let word = self.peek();
        self.skip(width)?;
        Ok(if width == 0 { 0 } else { word >> (u64::BITS - width) })
    }

    /// Ones, fewer than `ones_max`, a zero, and `width` bits: how many ones, and the number that the bits are. `None` if there
    /// are as many ones, which are read then.
    fn take_coded(&mut self, ones_max: u32, width: u32) -> Result<Option<(u32, u64)>, ChunkError> {
        let word = self.peek();
        let ones = word.leading_ones();
        if ones >= ones_max {
            self.skip(ones_max)?;
            return Ok(None);
        }
        let before = ones + 1;
        if width == 0 || before + width > PEEKED_BITS_MIN {
            self.skip(before)?;
            return Ok(Some((ones, self.take(width)?)));
        }
        // Nearly always all of it is in one word.
        self.skip(before + width)?;
        Ok(Some((ones, word << before >> (u64::BITS - width))))
    }

    /// So many numbers, each as [`Self::take_coded`] has it, its ones above its bits; or, behind `ones_max` ones, in 64 bits.
    pub(super) fn take_each_coded(
        &mut self,
        ones_max: u32,
        width: u32,
        count: usize,
        mut each: impl FnMut(u64),
    ) -> Result<(), ChunkError> {
        // What is ahead, and how many bits of it are there: a number doesn't wait until the one before says where to load it.
        let (mut word, mut bits) = (0_u64, 0);
        for _ in 0..count {
            let mut ones = word.leading_ones();
            if ones + 1 + width > bits {
                (word, bits) = (self.peek(), PEEKED_BITS_MIN);
                ones = word.leading_ones();
            }
            let taken = ones + 1 + width;
            if ones >= ones_max || taken > bits {
                bits = 0;
                each(self.take_long(ones_max, width)?);
                continue;
            }
            self.skip(taken)?;
            let low = (word << (ones + 1)).checked_shr(u64::BITS - width).unwrap_or(0);
            each(u64::from(ones) << width | low);
            word <<= taken;
            bits -= taken;
        }
        Ok(())
    }

    /// One of [`Self::take_each_coded`], however long.
    fn take_long(&mut self, ones_max: u32, width: u32) -> Result<u64, ChunkError> {
        let Some((ones, low)) = self.take_coded(ones_max, width)? else {
            return self.take(u64::BITS);
        };
        let high = u64::from(ones) << width;
        if high >> width == u64::from(ones) { Ok(high | low) } else { Err(ChunkError::Malformed) }
    }

    /// What [`BitWriter::put_number`] wrote.
    pub(super) fn take_number(&mut self) -> Result<u64, ChunkError> {
        let length = self.take(LENGTH_BITS)? as u32;
        match length {
            0 => Ok(0),
            1..=64 => Ok((1 << (length - 1)) | self.take(length - 1)?),
            _ => Err(ChunkError::Malformed),
        }
    }

    /// What [`BitWriter::put_signed`] wrote.
    pub(super) fn take_signed(&mut self) -> Result<i64, ChunkError> {
        self.take_number().map(unzigzag)
    }

    /// Whether all is read but the zeros that fill the last byte.
    pub(super) fn is_at_end(&self) -> bool {
        self.at.div_ceil(8) == self.bytes.len() && self.peek() == 0
    }
}

/// Numbers near 0 as small ones, negative ones too.
pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// What [`zigzag`] was made of.
pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            parts in prop::collection::vec((any::<u64>(), 0..=64u32, 0..=24u32, any::<i64>()), 0..20)
        ) {
            let mut out = BitWriter::default();
            for (number, width, ones, signed) in &parts {
                let number = if *width == 0 { 0 } else { number >> (64 - width) };
                out.put(number, *width);
                out.put_ones(*ones);
                out.put(0, 1);
                out.put(number, *width);
                out.put_signed(*signed);
                out.put_number(number);
            }
            let bytes = out.finish();
            let mut read = BitReader::new(&bytes);
            for (number, width, ones, signed) in &parts {
                let number = if *width == 0 { 0 } else { number >> (64 - width) };
                prop_assert_eq!(read.take(*width), Ok(number));
                prop_assert_eq!(read.take_coded(32, *width), Ok(Some((*ones, number))));
                prop_assert_eq!(read.take_signed(), Ok(*signed));
                prop_assert_eq!(read.take_number(), Ok(number));
            }
            prop_assert!(read.is_at_end());
        }
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let mut read = BitReader::new(&[0b1110_0000]);
        assert_eq!(read.take_coded(3, 5), Ok(None));
        assert!(read.is_at_end());
        assert_eq!(read.take(6), Err(ChunkError::Malformed));
        assert_eq!(read.take(5), Ok(0));
        assert_eq!(read.take_coded(24, 0), Err(ChunkError::Malformed));
        assert_eq!(BitReader::new(&[0xff]).take_coded(24, 0), Err(ChunkError::Malformed));
        assert_eq!(BitReader::new(&[0x7f]).take_coded(24, 8), Err(ChunkError::Malformed));
        assert_eq!(BitReader::new(&[]).take(1), Err(ChunkError::Malformed));
        assert!(!BitReader::new(&[1]).is_at_end() && !BitReader::new(&[0, 0]).is_at_end());
    }
}
