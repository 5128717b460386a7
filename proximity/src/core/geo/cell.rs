use model::Position;

/// Bits for each of latitude and longitude.
const AXIS_BITS: u32 = 30;
/// Bits of a [`Code`].
pub(crate) const CODE_BITS: u32 = 2 * AXIS_BITS;
/// Bits of a [`CountedCell`].
pub(crate) const COUNTED_BITS: u32 = 30;
/// Bits of an [`Area`], which has 1,024 counted cells.
pub(crate) const AREA_BITS: u32 = 20;

/// The 60-bit Morton code of a position: its geohash of 12 characters, as an integer. A cell of it is less than 4 cm wide.
/// Ours, since libraries make geohashes as text, and what a database needs are ranges of integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u64);

/// Codes from one to another, both included: a cell of the earth, or some in a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Range {
    /// The first code.
    pub first: Code,
    /// The last code.
    pub last: Code,
}

/// A cell whose businesses are counted, by the first 30 bits of the codes in it: 1.2 km × 0.6 km at the equator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountedCell(pub u32);

/// An area that density is asked for, by the first 20 bits of the codes in it: 39 km × 20 km at the equator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Area(pub u32);

/// What a search looks for tells where somebody is, so cells hide themselves as positions do.
macro_rules! hide {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )+};
}

pub(crate) use hide;

hide!(Code, Range, CountedCell, Area);

impl Code {
    /// Where a position lies. Latitude 90 is in the last row; longitude 180 is −180, since it is the same meridian.
    pub fn new(position: Position) -> Self {
        let longitude = if position.longitude() >= 180.0 { -180.0 } else { position.longitude() };
        let x = step((longitude + 180.0) / 360.0);
        let y = step((position.latitude() + 90.0) / 180.0);
        Self(spread(x) << 1 | spread(y))
    }

    /// As a database keeps it, below 2^60; `None` for what is no code.
    pub fn from_integer(integer: i64) -> Option<Self> {
        u64::try_from(integer).ok().filter(|bits| *bits < 1 << CODE_BITS).map(Self)
    }

    /// As a database keeps it.
    pub fn integer(self) -> i64 {
        self.0 as i64
    }

    /// The counted cell it is in.
    pub fn counted_cell(self) -> CountedCell {
        CountedCell((self.0 >> (CODE_BITS - COUNTED_BITS)) as u32)
    }

    /// The area it is in.
    pub fn area(self) -> Area {
        Area((self.0 >> (CODE_BITS - AREA_BITS)) as u32)
    }
}

impl Range {
    /// The codes that begin with the `bits` bits of `prefix`.
    pub(crate) fn of_prefix(prefix: u64, bits: u32) -> Self {
        let rest = CODE_BITS - bits;
        Self { first: Code(prefix << rest), last: Code(((prefix + 1) << rest) - 1) }
    }

    /// Whether the code is one of these.
    pub fn contains(&self, code: Code) -> bool {
        (self.first..=self.last).contains(&code)
    }

    /// How many codes lie between the end of this and the beginning of a later one.
    pub(crate) fn gap(&self, later: &Self) -> u64 {
        later.first.0.saturating_sub(self.last.0).saturating_sub(1)
    }

    /// The counted cells that lie in it as a whole, first and last; the rest, before and behind them.
    pub fn whole_cells(&self) -> (Option<(CountedCell, CountedCell)>, [Option<Self>; 2]) {
        let bits = CODE_BITS - COUNTED_BITS;
        let from = self.first.0.div_ceil(1 << bits);
        let until = (self.last.0 + 1) >> bits;
        if from >= until {
            return (None, [Some(*self), None]);
        }
        let (first, end) = (from << bits, until << bits);
        let before =
            (self.first.0 < first).then(|| Self { first: self.first, last: Code(first - 1) });
        let behind = (end <= self.last.0).then_some(Self { first: Code(end), last: self.last });
        (Some((CountedCell(from as u32), CountedCell(until as u32 - 1))), [before, behind])
    }
}

/// The counted cells that lie in some ranges as a whole, first and last as a database keeps them, and what is left of the
/// ranges.
pub(crate) fn whole_cells(ranges: &[Range]) -> (Vec<(i64, i64)>, Vec<Range>) {
    let mut cells = Vec::new();
    let mut ends = Vec::new();
    for range in ranges {
        let (whole, rest) = range.whole_cells();
        cells.extend(whole.map(|(first, last)| (i64::from(first.0), i64::from(last.0))));
        ends.extend(rest.into_iter().flatten());
    }
    (cells, ends)
}

impl Area {
    /// The counted cells in it, first and last.
    pub fn cells(self) -> (CountedCell, CountedCell) {
        let bits = COUNTED_BITS - AREA_BITS;
        (CountedCell(self.0 << bits), CountedCell(((self.0 + 1) << bits) - 1))
    }
}

/// A part of 0 … 1 as one of 2^30 steps.
fn step(part: f64) -> u32 {
    ((part * f64::from(1 << AXIS_BITS)) as u32).min((1 << AXIS_BITS) - 1)
}

/// Puts a zero before every bit (Bit Twiddling Hacks, "Interleave bits by Binary Magic Numbers").
fn spread(bits: u32) -> u64 {
    let mut x = u64::from(bits);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(lat: f64, lon: f64) -> Code {
        Code::new(Position::new(lat, lon).expect("on Earth"))
    }

    fn geohash(code: Code) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let char = |n: u32| char::from(ALPHABET[(code.0 >> (55 - 5 * n) & 31) as usize]);
        (0..12).map(char).collect()
    }

    /// Well-known examples, and edges worked out by hand.
    #[test]
    fn a_code_is_the_geohash_of_twelve_characters() {
        for (lat, lon, text) in [
            (57.64911, 10.40744, "u4pruydqqvj8"),
            (-25.382_708, -49.265_506, "6gkzwgjzn820"),
            (42.605, -5.603, "ezs42"),
            (0.0, 0.0, "s00000000000"),
            (-90.0, -180.0, "000000000000"),
            (90.0, 0.0, "upbpbpbpbpbp"),
            (0.0, 180.0, "800000000000"),
            (0.0, -180.0, "800000000000"),
        ] {
            assert!(geohash(code(lat, lon)).starts_with(text), "{lat} {lon}");
        }
    }

    #[test]
    fn ranges_fall_into_whole_cells_and_ends() {
        let bits = CODE_BITS - COUNTED_BITS;
        let range = |first, last| Range { first: Code(first), last: Code(last) };
        let cell = |n: u64| n << bits;
        for (whole, cells, ends) in [
            (range(cell(3), cell(5) - 1), Some((3, 4)), [None, None]),
            (range(cell(3) + 1, cell(5)), Some((4, 4)), [Some(()), Some(())]),
            (range(cell(3) + 1, cell(5) - 2), None, [Some(()), None]),
            (range(0, cell(1 << 30) - 1), Some((0, (1 << 30) - 1)), [None, None]),
        ] {
            let (found, rest) = whole.whole_cells();
            assert_eq!(found.map(|(first, last)| (first.0, last.0)), cells);
            assert_eq!(rest.map(|end| end.map(|_| ())), ends);
            let sizes: u64 = rest.iter().flatten().map(|end| end.last.0 - end.first.0 + 1).sum();
            let inner = cells.map_or(0, |(first, last)| u64::from(last - first + 1) << bits);
            assert_eq!(sizes + inner, whole.last.0 - whole.first.0 + 1);
        }
    }

    #[test]
    fn debug_output_hides_where() {
        assert_eq!(format!("{:?}", code(36.12, -115.17)), "Code(hidden)");
    }
}
