/// What is read isn't what we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its content isn't what this program writes")]
pub struct Malformed;

/// Writes a number in groups of seven bits, the lowest first; every byte but the last has its top bit set (LEB128).
pub fn put_u64(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes a number so that those near 0 are short, negative ones too.
pub fn put_i64(out: &mut Vec<u8>, number: i64) {
    put_u64(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Writes a text: how many bytes it has, and these.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u64(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// What is still to be read.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all is read.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Room for a list of this many items of at least `bytes_min` each: no more than the bytes that are left can hold, so
    /// that a damaged count asks for no memory.
    pub fn room<T>(self, count: u64, bytes_min: usize) -> Vec<T> {
        Vec::with_capacity(count.min((self.0.len() / bytes_min) as u64) as usize)
    }

    /// A byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    /// As many bytes as are asked for.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    /// What [`put_u64`] wrote.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return Err(Malformed);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// What [`put_i64`] wrote.
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        let number = self.u64()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// What [`put_text`] wrote.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        let bytes = self.u64()?;
        let bytes = usize::try_from(bytes).map_err(|_| Malformed)?;
        let (text, rest) = self.0.split_at_checked(bytes).ok_or(Malformed)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Malformed)
    }
}
