use crate::core::standings::key::Player;

/// The slots of a new table, and of one that is as large as it gets: then it becomes two, so that no change waits until
/// millions of players were moved.
const SLOTS: (usize, usize) = (8, 4_096);
/// So many bits of a hash say which table; beyond that tables grow again.
const DEPTH_MAX: u32 = 20;
/// What no player and hash make: there is no player of this number.
const EMPTY: u64 = u64::MAX;

/// Players by the hashes of their ids (extendible hashing: R. Fagin and others, 1979). Ours, since the standard library's
/// map keeps what it is asked for within, and moves all of it at once when it grows.
#[derive(Debug)]
pub(super) struct Lookup {
    /// The table of each beginning of a hash, of `depth` bits.
    directory: Vec<u32>,
    depth: u32,
    tables: Vec<Table>,
    len: u64,
}

#[derive(Debug)]
struct Table {
    /// Hash and player, at the slot that the hash's last bits say or behind it.
    slots: Vec<u64>,
    len: usize,
    /// So many first bits of hashes are the same for all that is in here.
    depth: u32,
}

impl Lookup {
    pub(super) fn new() -> Self {
        let table = Table::new(SLOTS.0, 0);
        Self { directory: vec![0], depth: 0, tables: vec![table], len: 0 }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The player of this hash who is the one.
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(Player) -> bool) -> Option<Player> {
        let table = &self.tables[self.table(hash)];
        table.at(hash).map(|slot| Player(slot as u32)).find(|player| is_it(*player))
    }

    /// Adds a player who isn't there.
    pub(super) fn add(&mut self, hash: u32, player: Player) {
        loop {
            let number = self.table(hash);
            let table = &mut self.tables[number];
            if table.has_room() {
                table.add(u64::from(hash) << 32 | u64::from(player.0));
                self.len += 1;
                return;
            }
            if table.slots.len() < SLOTS.1 || table.depth == DEPTH_MAX {
                let larger = Table::new(table.slots.len() * 2, table.depth);
                let smaller = std::mem::replace(table, larger);
                smaller.slots().for_each(|slot| table.add(slot));
            } else {
                self.split(number, hash);
            }
        }
    }

    /// Makes two of the table where this hash belongs.
    fn split(&mut self, number: usize, hash: u32) {
        let depth = self.tables[number].depth + 1;
        if depth > self.depth {
            self.directory = self.directory.iter().flat_map(|&table| [table, table]).collect();
            self.depth = depth;
        }
        let halves = [Table::new(SLOTS.1, depth), Table::new(SLOTS.1, depth)];
        let [mut low, mut high] = halves;
        for slot in self.tables[number].slots() {
            let is_high = begin((slot >> 32) as u32, depth) % 2 == 1;
            if is_high { high.add(slot) } else { low.add(slot) }
        }
        let width = 1 << (self.depth - depth);
        let from = (begin(hash, depth) | 1) * width;
        self.directory[from..from + width].fill(self.tables.len() as u32);
        self.tables[number] = low;
        self.tables.push(high);
    }

    /// What it takes, on the heap.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.tables.iter().map(|table| size_of_val(&table.slots[..])).sum();
        slots + size_of_val(&self.tables[..]) + size_of_val(&self.directory[..])
    }

    fn table(&self, hash: u32) -> usize {
        self.directory[begin(hash, self.depth)] as usize
    }
}

impl Table {
    fn new(slots: usize, depth: u32) -> Self {
        Self { slots: vec![EMPTY; slots], len: 0, depth }
    }

    /// A slot in eight stays empty, so that a search ends.
    fn has_room(&self) -> bool {
        self.len < self.slots.len() / 8 * 7
    }

    fn add(&mut self, slot: u64) {
        let mask = self.slots.len() - 1;
        let mut at = (slot >> 32) as usize & mask;
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
        self.len += 1;
    }

    /// What has this hash.
    fn at(&self, hash: u32) -> impl Iterator<Item = u64> {
        let mask = self.slots.len() - 1;
        let places = (0..self.slots.len()).map(move |n| (hash as usize + n) & mask);
        let filled = places.map(|at| self.slots[at]).take_while(|slot| *slot != EMPTY);
        filled.filter(move |slot| (slot >> 32) as u32 == hash)
    }

    fn slots(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().copied().filter(|slot| *slot != EMPTY)
    }
}

/// The first bits of a hash, so many, as a number.
fn begin(hash: u32, bits: u32) -> usize {
    (u64::from(hash) >> (u32::BITS - bits)) as usize
}
