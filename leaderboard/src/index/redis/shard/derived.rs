//! A shard as its follower sees it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{crash, token};
use redis::cmd;

use super::{Deps, Shard};
use crate::index::follower::{Build, Derived, PIECE_CHANGES, State, Taken};
use crate::index::redis::RANGE;
use crate::index::redis::crash_points;
use crate::index::redis::layout::Layouts;
use crate::index::redis::reading::{kept, log_text, parse_log, reached_bytes};
use crate::index::redis::scripts::Script;
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Changes, Error, LogId, Standee, StoreError,
};

/// How long a board that is being built anew is left to whoever builds it, after the last that was heard of them: which is
/// twice a second.
const BUILD_LEASE: Duration = Duration::from_millis(2_500);
/// The boards that a server is asked of at once.
const STATES_AT_ONCE: usize = 64;
/// After so many looks of the follower the server's memory is measured.
const LOOKS_A_MEASUREMENT: u32 = 10;

/// What `finish.lua` answers if the board has gone further.
const OVERTAKEN: u8 = 2;

/// What scripts are told of a score that isn't within [`RANGE`].
const BEYOND: &str = "beyond";

/// What `states.lua` answers of a board.
type RawState = (Option<String>, Option<u64>, Option<String>, u8, u8);

impl Derived for Shard {
    fn name(&self) -> &str {
        self.deps.server.name()
    }

    fn known(&self) -> Answer<'_, Option<Vec<BoardNumber>>> {
        Box::pin(async move {
            let Deps { server, keys, progress, .. } = &self.deps;
            let is_new = !server.is_connected();
            if is_new {
                // Another server may have taken its place, which has less.
                server.connect(|| progress.unsettle_all()).await?;
            } else if self.looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOKS_A_MEASUREMENT)
            {
                server.look_at_memory().await?;
            }
            let remembered = self.remembered().await?;
            let is_other = self.memory.lock().as_ref() != Some(&remembered);
            if !is_new && !is_other {
                return Ok(None);
            }
            let boards: Vec<u64> = server.command(cmd("SMEMBERS").arg(keys.boards())).await?;
            *self.memory.lock() = Some(remembered);
            Ok(Some(boards.into_iter().map(BoardNumber).collect()))
        })
    }

    fn states<'a>(&'a self, boards: &'a [Board]) -> Answer<'a, Vec<Option<State>>> {
        Box::pin(async move {
            let Deps { server, keys, layouts, .. } = &self.deps;
            let mut states = Vec::new();
            for boards in boards.chunks(STATES_AT_ONCE) {
                let names: Vec<_> = boards.iter().map(|board| keys.state(board.number)).collect();
                let raw: Vec<RawState> = server.run(Script::States, &names, &[]).await?;
                for (board, (log, position, layout, is_dense, is_whole)) in boards.iter().zip(raw) {
                    let is_laid_out = layout.is_some_and(|layout| layout == layouts.name(board));
                    let is_ranked = is_dense >= u8::from(Layouts::is_dense(board));
                    let is_whole = is_whole == 1 && is_laid_out && is_ranked;
                    let log = log.and_then(|log| parse_log(&log));
                    let position = position.map(BoardPosition);
                    let state = log.zip(position);
                    states.push(state.map(|(log, position)| State { log, position, is_whole }));
                }
            }
            Ok(states)
        })
    }

    fn take<'a>(
        &'a self,
        board: &'a Board,
        log: LogId,
        after: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, Taken> {
        Box::pin(async move {
            crash::point(crash_points::READ);
            let (removals, rest) = split(changes);
            for some in removals.chunks(PIECE_CHANGES) {
                if self.take_piece(board, log, [after, after], some).await? == Taken::Lost {
                    return Ok(Taken::Lost);
                }
            }
            let taken = self.take_piece(board, log, [after, changes.up_to], &rest).await?;
            crash::point(crash_points::TAKEN);
            Ok(taken)
        })
    }

    fn begin<'a>(&'a self, build: &'a Build, as_of: BoardPosition) -> Answer<'a, bool> {
        Box::pin(async move {
            let Deps { server, keys, layouts, .. } = &self.deps;
            let number = build.board.number;
            let arguments = [
                log_text(build.log).into_bytes(),
                as_of.0.to_string().into_bytes(),
                generation(build),
                layouts.name(&build.board).into_bytes(),
                flag(Layouts::is_dense(&build.board)),
                lease(),
                format!("{:016x}", build.follower).into_bytes(),
            ];
            let keys = [keys.state(number), keys.build(number), keys.boards()];
            let is_ours: u8 = server.run(Script::Begin, &keys, &arguments).await?;
            crash::point(crash_points::BEGUN);
            Ok(is_ours == 1)
        })
    }

    fn add<'a>(&'a self, build: &'a Build, standees: &'a [Standee]) -> Answer<'a, ()> {
        Box::pin(async move {
            for some in standees.chunks(PIECE_CHANGES) {
                let mut arguments = vec![generation(build), Vec::new(), Vec::new(), lease()];
                self.arguments(&build.board, some, &mut arguments);
                self.build(build, arguments).await?;
                crash::point(crash_points::ADDED);
            }
            Ok(())
        })
    }

    fn advance<'a>(
        &'a self,
        build: &'a Build,
        after: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let (removals, rest) = split(changes);
            for some in removals.chunks(PIECE_CHANGES) {
                let mut arguments = vec![generation(build), Vec::new(), Vec::new(), lease()];
                self.arguments(&build.board, some.iter().copied(), &mut arguments);
                self.build(build, arguments).await?;
            }
            let (after, up_to) = (after.0.to_string(), changes.up_to.0.to_string());
            let mut arguments =
                vec![generation(build), after.into_bytes(), up_to.into_bytes(), lease()];
            self.arguments(&build.board, rest, &mut arguments);
            self.build(build, arguments).await
        })
    }

    fn renew<'a>(&'a self, build: &'a Build) -> Answer<'a, ()> {
        Box::pin(self.build(build, vec![generation(build), Vec::new(), Vec::new(), lease()]))
    }

    fn finish<'a>(&'a self, build: &'a Build, head: BoardPosition) -> Answer<'a, bool> {
        Box::pin(async move {
            let Deps { server, keys, .. } = &self.deps;
            let number = build.board.number;
            let channel = keys.channel(number).into_bytes();
            let arguments = [generation(build), channel, head.0.to_string().into_bytes()];
            let keys = [keys.state(number), keys.build(number)];
            match server.run::<u8>(Script::Finish, &keys, &arguments).await? {
                OVERTAKEN => Ok(false),
                is_ours => {
                    crash::point(crash_points::BUILT);
                    is_built(is_ours).map(|()| true)
                }
            }
        })
    }

    fn trim<'a>(&'a self, board: &'a Board) -> Answer<'a, ()> {
        Box::pin(async move {
            let seasons = board.seasons().map(|season| season.number.to_string().into_bytes());
            let mut arguments = vec![board.season.number.to_string().into_bytes()];
            arguments.extend(seasons);
            let keys = [self.deps.keys.state(board.number)];
            let _: u8 = self.deps.server.run(Script::Trim, &keys, &arguments).await?;
            Ok(())
        })
    }

    fn remove(&self, board: BoardNumber) -> Answer<'_, ()> {
        Box::pin(async move {
            let keys = &self.deps.keys;
            let keys = [keys.state(board), keys.build(board), keys.boards()];
            let _: u8 = self.deps.server.run(Script::Remove, &keys, &[]).await?;
            Ok(())
        })
    }
}

impl Shard {
    /// Takes some of the changes from one position to another; with both the same the board's stays what it is.
    async fn take_piece(
        &self,
        board: &Board,
        log: LogId,
        [after, up_to]: [BoardPosition; 2],
        standees: &[&Standee],
    ) -> Result<Taken, Error> {
        let Deps { server, keys, layouts, random, .. } = &self.deps;
        let mut arguments = vec![
            log_text(log).into_bytes(),
            after.0.to_string().into_bytes(),
            up_to.0.to_string().into_bytes(),
            keys.channel(board.number).into_bytes(),
            token(&**random).into_bytes(),
            layouts.name(board).into_bytes(),
            flag(Layouts::is_dense(board)),
        ];
        self.arguments(board, standees.iter().copied(), &mut arguments);
        let keys = [keys.state(board.number), keys.boards()];
        let taken: Option<u64> = server.run(Script::Take, &keys, &arguments).await?;
        Ok(taken.map_or(Taken::Lost, |at| Taken::At(BoardPosition(at))))
    }

    /// What scripts put: season, user, when the score was reached, score, of those who are on this server.
    fn arguments<'a>(
        &self,
        board: &Board,
        standees: impl IntoIterator<Item = &'a Standee>,
        to: &mut Vec<Vec<u8>>,
    ) {
        let here = |it: &&Standee| self.deps.layouts.server(board, &it.user) == self.deps.number;
        for it in standees.into_iter().filter(here) {
            to.push(it.standings.season.to_string().into_bytes());
            to.push(it.user.as_str().into());
            match it.entry.filter(|_| it.is_shown) {
                Some(entry) => {
                    let score = RANGE.has(entry.score).then(|| kept(board, entry.score));
                    to.push(reached_bytes(entry));
                    to.push(score.map_or(BEYOND.into(), |score| score.to_string().into_bytes()));
                }
                None => to.extend([Vec::new(), Vec::new()]),
            }
        }
    }

    /// What the server remembers; a new name is given if it has forgotten.
    async fn remembered(&self) -> Result<String, Error> {
        let key = self.deps.keys.memory();
        let mut set = cmd("SET");
        set.arg(&key).arg(token(&*self.deps.random)).arg("NX").arg("GET");
        let held: Option<String> = self.deps.server.command(&set).await?;
        match held {
            Some(held) => Ok(held),
            None => self.deps.server.command(cmd("GET").arg(&key)).await,
        }
    }

    async fn build(&self, build: &Build, arguments: Vec<Vec<u8>>) -> Result<(), Error> {
        let key = [self.deps.keys.build(build.board.number)];
        let is_ours: u8 = self.deps.server.run(Script::Build, &key, &arguments).await?;
        is_built(is_ours)
    }
}

/// Changes that may be taken before, in pieces, and the others, which are taken at once.
///
/// Only the end of a season has more than some hundred at one position: of everybody who is banned then. They have no key any
/// more, so that nothing is changed by them; but a server would be busy for long with all of them at once.
fn split(changes: &Changes) -> (Vec<&Standee>, Vec<&Standee>) {
    let positions = changes.standees.chunk_by(|(one, _), (other, _)| one == other);
    let (mut removals, mut rest) = (Vec::new(), Vec::new());
    for standees in positions {
        let is_long = standees.len() > PIECE_CHANGES;
        let standees = standees.iter().map(|(_, standee)| standee);
        let (before, with): (Vec<_>, Vec<_>) =
            standees.partition(|standee| is_long && standee.entry.is_none());
        removals.extend(before);
        rest.extend(with);
    }
    (removals, rest)
}

fn is_built(is_ours: u8) -> Result<(), Error> {
    let lost = || StoreError::unavailable("another process builds the board anew").into();
    if is_ours == 1 { Ok(()) } else { Err(lost()) }
}

fn generation(build: &Build) -> Vec<u8> {
    format!("{:016x}", build.generation).into_bytes()
}

fn lease() -> Vec<u8> {
    BUILD_LEASE.as_millis().to_string().into_bytes()
}

fn flag(is_set: bool) -> Vec<u8> {
    u8::from(is_set).to_string().into_bytes()
}
