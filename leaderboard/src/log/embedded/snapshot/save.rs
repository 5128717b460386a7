use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{UserId, crash};
use segment_log::{DiskFile, OpenFrame, header};

use super::tag;
use crate::core::board::{BoardNumber, StandingsId};
use crate::core::standings::Standings;
use crate::log::codec::{Encoder, put_entry, put_standings, put_text, put_u64};
use crate::log::embedded::segments::SNAPSHOT_FORMAT;
use crate::log::embedded::{Shared, crash_points};

/// Boards of a chunk. While one is read nothing is written.
const BOARDS: usize = 256;
/// The bytes that are written before they are synced: syncs of the log would wait for more.
const UNSYNCED_BYTES_MAX: usize = 8 << 20;

/// A snapshot that is being written.
pub(super) struct Save<'a> {
    file: Box<dyn DiskFile>,
    shared: &'a Shared,
    is_closing: &'a AtomicBool,
    /// Users of a chunk. While one is read nothing is written.
    users: usize,
    frame: Vec<u8>,
    frames: u64,
    unsynced_bytes: usize,
}

impl<'a> Save<'a> {
    /// Begins a file.
    pub(super) fn begin(
        mut file: Box<dyn DiskFile>,
        number: u64,
        shared: &'a Shared,
        is_closing: &'a AtomicBool,
    ) -> io::Result<Self> {
        file.write(&header(SNAPSHOT_FORMAT, number))?;
        let (users, frame) = (shared.options.snapshot_users, Vec::new());
        Ok(Self { file, shared, is_closing, users, frame, frames: 0, unsynced_bytes: 0 })
    }

    /// Writes all that is in memory.
    pub(super) fn all(mut self) -> io::Result<Self> {
        for board in self.boards()? {
            self.banned(board)?;
            let seasons = self.shared.memory.read().seasons(board);
            for season in seasons {
                self.members(StandingsId { board, season })?;
            }
        }
        self.events()?;
        Ok(self)
    }

    /// Writes that it is whole, and what the last record is that may be in it; at return it survives a power cut.
    pub(super) fn end(mut self, last: u64) -> io::Result<()> {
        self.chunk(tag::END, |out| put_u64(out, last))?;
        crash::point(crash_points::SNAPSHOT_WRITTEN);
        self.file.sync()?;
        crash::point(crash_points::SNAPSHOT_SYNCED);
        Ok(())
    }

    fn boards(&mut self) -> io::Result<Vec<BoardNumber>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (boards, last_number) = {
                let memory = self.shared.memory.read();
                let boards = memory.boards(after.as_ref(), BOARDS).into_iter();
                let boards = boards.map(|board| (memory.head(board.number), board));
                (boards.collect::<Vec<_>>(), memory.last_number())
            };
            self.chunk(tag::BOARDS, |out| {
                let mut encoder = Encoder::new(out);
                encoder.number(last_number.0);
                for (head, board) in &boards {
                    encoder.board(board);
                    encoder.number(head.0);
                }
            })?;
            all.extend(boards.iter().map(|(_, board)| board.number));
            match boards.into_iter().next_back() {
                Some((_, last)) => after = Some(last.id),
                None => return Ok(all),
            }
        }
    }

    fn banned(&mut self, board: BoardNumber) -> io::Result<()> {
        let mut after: Option<UserId> = None;
        loop {
            let banned = self.shared.memory.read().banned(board, after.as_ref(), self.users);
            let Some(last) = banned.last() else { return Ok(()) };
            after = Some(last.clone());
            self.chunk(tag::BANNED, |out| {
                put_u64(out, board.0);
                for user in &banned {
                    put_text(out, user.as_str());
                }
            })?;
        }
    }

    fn members(&mut self, id: StandingsId) -> io::Result<()> {
        let mut from = 0;
        loop {
            let (members, behind, tag) = {
                let memory = self.shared.memory.read();
                let members = |standings: &Standings| standings.members(from, self.users);
                let (members, behind) = memory.standings(id).map(members).unwrap_or_default();
                let tag = if memory.is_sealed(id) { tag::SEALED } else { tag::MEMBERS };
                (members, behind, tag)
            };
            if members.is_empty() {
                return Ok(());
            }
            from = behind;
            self.chunk(tag, |out| {
                put_standings(out, id);
                for (user, entry, _) in &members {
                    put_text(out, user.as_str());
                    put_entry(out, *entry);
                }
            })?;
        }
    }

    fn events(&mut self) -> io::Result<()> {
        let mut next = 0;
        loop {
            let chunk = {
                let remembered = self.shared.remembered.read();
                remembered.chunk(next).map(|(number, events)| (number, events.to_vec()))
            };
            let Some((number, events)) = chunk else { return Ok(()) };
            next = number + 1;
            self.chunk(tag::EVENTS, |out| out.extend_from_slice(&events))?;
        }
    }

    fn chunk(&mut self, tag: u8, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.frame.clear();
        let open = OpenFrame::begin(&mut self.frame, self.frames);
        self.frame.push(tag);
        write(&mut self.frame);
        open.close(&mut self.frame).map_err(io::Error::other)?;
        self.frames += 1;
        self.file.write(&self.frame)?;
        crash::point(crash_points::SNAPSHOT_CHUNK);
        self.unsynced_bytes += self.frame.len();
        if self.unsynced_bytes >= UNSYNCED_BYTES_MAX {
            self.file.sync()?;
            self.unsynced_bytes = 0;
        }
        Ok(())
    }
}
