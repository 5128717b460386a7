use std::collections::HashMap;
use std::collections::hash_map::Entry;

use model::{Monotonic, UserId};

use super::open_chunk::OpenChunk;
use super::ticket::ChunkTicket;

/// The open chunks of one user, at least one. Nearly everybody has just one, which lies where its user is found: a search for
/// it elsewhere would wait for memory once more a point.
#[derive(Debug)]
pub(super) struct UserChunks {
    one: OpenChunk,
    others: Vec<OpenChunk>,
}

impl UserChunks {
    /// Adds a chunk of a user.
    pub(super) fn insert(users: &mut HashMap<UserId, Self>, user: UserId, chunk: OpenChunk) {
        match users.entry(user) {
            Entry::Vacant(vacant) => {
                vacant.insert(Self { one: chunk, others: Vec::new() });
            }
            Entry::Occupied(mut chunks) => chunks.get_mut().others.push(chunk),
        }
    }

    /// Takes a chunk of a user out, and the user if it was the only one.
    pub(super) fn remove(
        users: &mut HashMap<UserId, Self>,
        user: &UserId,
        ticket: ChunkTicket,
    ) -> Option<OpenChunk> {
        let chunks = users.get_mut(user)?;
        if let Some(at) = chunks.others.iter().position(|chunk| chunk.ticket == ticket) {
            return Some(chunks.others.swap_remove(at));
        }
        if chunks.one.ticket != ticket {
            return None;
        }
        match chunks.others.pop() {
            Some(other) => Some(std::mem::replace(&mut chunks.one, other)),
            None => users.remove(user).map(|chunks| chunks.one),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// The one that lies lowest in the log.
    pub(super) fn oldest(&self) -> ChunkTicket {
        self.others.iter().map(|chunk| chunk.ticket).fold(self.one.ticket, ChunkTicket::min)
    }

    /// When a chunk was opened.
    pub(super) fn opened(&self, ticket: ChunkTicket) -> Option<Monotonic> {
        let mut all = std::iter::once(&self.one).chain(&self.others);
        all.find(|chunk| chunk.ticket == ticket).map(|chunk| chunk.opened)
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut OpenChunk> {
        std::iter::once(&mut self.one).chain(&mut self.others)
    }
}

impl IntoIterator for UserChunks {
    type Item = OpenChunk;
    type IntoIter = std::iter::Chain<std::iter::Once<OpenChunk>, std::vec::IntoIter<OpenChunk>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.one).chain(self.others)
    }
}
