use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::{Disk, DiskFile, LocalDisk};

/// Something to be done.
type Callback = Arc<dyn Fn() + Send + Sync>;

/// A disk that fails when it is told to, and forgets what wasn't synced when the power is cut. Cheap to clone: all are the
/// same disk.
#[derive(Debug, Clone, Default)]
pub struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    plan: Plan,
    /// What is done before anything is written to files whose names end in this.
    before_write: Option<(&'static str, Callback)>,
    /// How much of each file survives a power cut, bytes.
    synced: HashMap<PathBuf, u64>,
    /// What a power cut undoes, oldest first.
    unsynced: Vec<Change>,
}

/// What is to fail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    /// How many bytes there is room for.
    pub room: Option<u64>,
    /// After how many operations the power is cut.
    pub power: Option<usize>,
    /// Whether files and folders can't be synced.
    pub no_sync: bool,
    /// Whether files can't be cut.
    pub no_cut: bool,
    /// Whether files can't be removed.
    pub no_remove: bool,
}

#[derive(Debug)]
enum Change {
    Made(PathBuf),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf, Vec<u8>),
}

impl Change {
    fn path(&self) -> &Path {
        match self {
            Self::Made(path) | Self::Renamed(_, path) | Self::Removed(path, _) => path,
        }
    }
}

#[derive(Debug)]
struct FaultyFile {
    state: Arc<Mutex<State>>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl FaultyDisk {
    /// From now on this fails.
    pub fn plan(&self, plan: Plan) {
        self.0.lock().plan = plan;
    }

    /// Does something before each write to files whose names end in this.
    pub fn before_each_write_of(&self, end: &'static str, then: impl Fn() + Send + Sync + 'static) {
        self.0.lock().before_write = Some((end, Arc::new(then)));
    }

    /// Whether the power is cut.
    pub fn is_off(&self) -> bool {
        self.0.lock().plan.power == Some(0)
    }

    /// Leaves of each file what was synced and some of the rest, and undoes what the folder wasn't synced after. `keep` is
    /// how many bytes of so many survive. With `removals` it isn't undone that files were removed, even if what came before
    /// is.
    pub fn cut_power(&self, keep: impl Fn(u64) -> u64, removals: bool) {
        let mut state = self.0.lock();
        for (path, synced) in &state.synced {
            let Ok(bytes) = fs::metadata(path).map(|it| it.len()) else { continue };
            if bytes > *synced {
                let file = fs::OpenOptions::new().write(true).open(path).expect("a file");
                file.set_len(synced + keep(bytes - synced)).expect("cut");
            }
        }
        for change in state.unsynced.drain(..).rev() {
            match change {
                Change::Made(path) => drop(fs::remove_file(path)),
                Change::Renamed(from, to) => fs::rename(to, from).expect("renamed"),
                Change::Removed(..) if removals => {}
                Change::Removed(path, bytes) => fs::write(path, bytes).expect("written"),
            }
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl State {
    fn step(&mut self, fails: bool) -> io::Result<()> {
        match &mut self.plan.power {
            Some(0) => return Err(io::Error::other("the power is cut")),
            Some(left) => *left -= 1,
            None => {}
        }
        if fails { Err(io::Error::other("the disk fails")) } else { Ok(()) }
    }

    fn file(this: &Arc<Mutex<Self>>, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let state = Arc::clone(this);
        Box::new(FaultyFile { state, path: path.to_owned(), file })
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step(false)?;
        state.unsynced.push(Change::Made(path.to_owned()));
        state.synced.insert(path.to_owned(), 0);
        Ok(State::file(&self.0, path, LocalDisk.create(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step(false)?;
        let bytes = fs::metadata(path)?.len();
        // What an earlier process wrote is no safer for its end.
        state.synced.entry(path.to_owned()).or_insert(bytes);
        Ok(State::file(&self.0, path, LocalDisk.append(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(false)?;
        state.unsynced.push(Change::Renamed(from.to_owned(), to.to_owned()));
        if let Some(synced) = state.synced.remove(from) {
            state.synced.insert(to.to_owned(), synced);
        }
        LocalDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        let fails = state.plan.no_remove;
        state.step(fails)?;
        let bytes = fs::read(path)?;
        state.unsynced.push(Change::Removed(path.to_owned(), bytes));
        LocalDisk.remove(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        let fails = state.plan.no_sync;
        state.step(fails)?;
        state.unsynced.retain(|change| change.path().parent() != Some(path));
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.state.lock().before_write.clone();
        if let Some((end, before)) = before
            && self.path.to_string_lossy().ends_with(end)
        {
            before();
        }
        let mut state = self.state.lock();
        state.step(false)?;
        if let Some(room) = &mut state.plan.room {
            if *room < bytes.len() as u64 {
                self.file.write(&bytes[..*room as usize])?;
                *room = 0;
                return Err(io::ErrorKind::StorageFull.into());
            }
            *room -= bytes.len() as u64;
        }
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state.lock();
        let fails = state.plan.no_sync;
        state.step(fails)?;
        let bytes = fs::metadata(&self.path)?.len();
        state.synced.insert(self.path.clone(), bytes);
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let fails = state.plan.no_cut;
        state.step(fails)?;
        state.synced.insert(self.path.clone(), bytes);
        self.file.cut(bytes)
    }
}
