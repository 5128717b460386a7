use std::ops::{Index, IndexMut};

/// Nodes that are allocated at once.
const CHUNK: usize = 256;

/// Nodes by their numbers. What grows is never moved but for the first few; what is freed is used again, and given back with
/// the whole.
#[derive(Debug)]
pub(super) struct Arena<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<u32>,
}

impl<T> Arena<T> {
    pub(super) fn new() -> Self {
        Self { chunks: vec![Vec::new()], free: Vec::new() }
    }

    pub(super) fn add(&mut self, node: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self[number] = node;
            return number;
        }
        let mut last = self.chunks.len() - 1;
        if self.chunks[last].len() == CHUNK {
            self.chunks.push(Vec::with_capacity(CHUNK));
            last += 1;
        }
        self.chunks[last].push(node);
        (last * CHUNK + self.chunks[last].len() - 1) as u32
    }

    pub(super) fn free(&mut self, number: u32) {
        self.free.push(number);
    }

    /// How many there are, used or free.
    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// How many are used.
    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.made() - self.free.len()
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        &self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }
}
