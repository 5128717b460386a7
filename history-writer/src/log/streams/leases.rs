//! Which streams this process reads. Each is read by one process, which has its lease: a user's points are all in one stream, and
//! only who reads all of them makes chunks of sixty.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use model::Random;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::config::Config;
use super::known_entries::Found;
use super::reader::{GROUP, Reading, StreamReader};
use super::server::script;
use crate::log::LogError;
use crate::{LogId, OwnedLog, OwnedLogs};

/// How often leases are renewed.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long a lease holds that isn't renewed, milliseconds: then another process takes the stream over.
const LEASE_MS: u64 = 5_000;
/// How long giving everything back may take.
const RELEASE_MAX: Duration = Duration::from_secs(2);

/// The streams that this process has leases of. When it goes it gives them back.
pub struct Leases {
    owned: watch::Sender<Arc<[OwnedLog]>>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Leases {
    pub(super) fn start(readings: Vec<Reading>, config: &Config, random: &dyn Random) -> Arc<Self> {
        let tasks = Mutex::default();
        let leases = Self {
            owned: watch::Sender::new(Arc::default()),
            stop: watch::Sender::new(false),
            tasks,
        };
        let leases = Arc::new(leases);
        for with in readings {
            let (held, leaving) = (BTreeMap::new(), BTreeMap::new());
            let streams = config.streams_per_server;
            let name = format!("{:016x}{:016x}", random.next_u64(), random.next_u64());
            let owned = leases.owned.clone();
            let holder = Holder { with, streams, name, held, leaving, owned, told: Vec::new() };
            leases.tasks.lock().push(tokio::spawn(holder.run(leases.stop.subscribe())));
        }
        leases
    }

    /// The logs of which it has them.
    pub fn owned(&self) -> OwnedLogs {
        OwnedLogs::new(self.owned.subscribe())
    }

    /// Gives all of them back. Whoever reads must have ended.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // One that doesn't end in time leaves leases behind, which end by themselves.
            let _ = timeout(RELEASE_MAX, task).await;
        }
    }

    /// Ends without giving anything back, as a process does that is killed.
    #[cfg(feature = "test-kit")]
    pub fn abandon(&self) {
        self.tasks.lock().iter().for_each(JoinHandle::abort);
    }
}

/// Holds leases of one server.
struct Holder {
    with: Reading,
    streams: u32,
    /// What streams are called that have no name: changed for each by its number.
    name: String,
    held: BTreeMap<u32, (LogId, Arc<StreamReader>)>,
    /// Those that are given back once nobody reads them any more.
    leaving: BTreeMap<u32, Weak<StreamReader>>,
    owned: watch::Sender<Arc<[OwnedLog]>>,
    /// What it has told of.
    told: Vec<LogId>,
}

impl Holder {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            if let Err(error) = self.turn().await {
                // What it has it keeps: if another process has taken it over, nothing that this one tells counts.
                let server = self.with.server.name();
                tracing::warn!(server, %error, "leases of movement history can't be renewed now");
            }
            tokio::select! {
                () = sleep(RENEW_EVERY) => {}
                // Nobody holds the handle any more: it is over as well.
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        let all: Vec<_> = self.held.keys().chain(self.leaving.keys()).copied().collect();
        for stream in all {
            let _ = self.release(stream).await;
        }
        let mut leave = redis::cmd("ZREM");
        leave.arg(self.with.keys.writers()).arg(&*self.with.token);
        let _ = self.with.server.run::<u32>(&leave).await;
    }

    /// Renews what it has, and takes or gives back what is its share.
    async fn turn(&mut self) -> Result<(), LogError> {
        let (processes, streams) = self.share().await?;
        let wanted = streams.div_ceil(processes.max(1)) as usize;
        for stream in self.held.keys().copied().collect::<Vec<_>>() {
            if self.lease(stream).await?.is_none() {
                tracing::warn!(
                    stream,
                    "another process has taken a stream of movement history over"
                );
                self.held.remove(&stream);
                self.publish();
            }
        }
        for (stream, reader) in self.leaving.clone() {
            if reader.strong_count() == 0 {
                self.release(stream).await?;
                self.leaving.remove(&stream);
            } else if self.lease(stream).await?.is_none() {
                self.leaving.remove(&stream);
            }
        }
        while self.held.len() > wanted
            && let Some((stream, (_, reader))) = self.held.pop_last()
        {
            self.leaving.insert(stream, Arc::downgrade(&reader));
            drop(reader);
            self.publish();
        }
        for stream in 0..streams {
            let is_ours = self.held.contains_key(&stream) || self.leaving.contains_key(&stream);
            if self.held.len() < wanted && !is_ours {
                self.take(stream).await?;
            }
        }
        Ok(())
    }

    /// How many processes read here, and how many streams there are.
    async fn share(&self) -> Result<(u32, u32), LogError> {
        let keys = &self.with.keys;
        let (writers, streams) = (keys.writers(), keys.streams());
        let mut call = script(include_str!("scripts/share.lua"), &[&writers, &streams]);
        call.arg(&*self.with.token).arg(LEASE_MS).arg(self.streams);
        self.with.server.run(&call).await
    }

    /// Takes or renews a lease; answers what is known of the stream, or that another process has it.
    async fn lease(&self, stream: u32) -> Result<Option<(LogId, Found)>, LogError> {
        let keys = &self.with.keys;
        let (lease, entries, known) = (keys.lease(stream), keys.stream(stream), keys.known(stream));
        let mut call = script(include_str!("scripts/lease.lua"), &[&lease, &entries, &known]);
        let name = format!("{}{stream:08x}", &self.name[..24]);
        call.arg(&*self.with.token).arg(LEASE_MS).arg(GROUP).arg(name);
        let found: Vec<String> = self.with.server.run(&call).await?;
        let [id, numbers @ ..] = &found[..] else { return Ok(None) };
        let number = |at: usize| numbers.get(at).and_then(|it| it.parse().ok()).unwrap_or(0);
        let found =
            Found { mark: number(0), next: number(1), bytes: number(2), removed: number(3) };
        Ok(Some((log_id(id)?, found)))
    }

    async fn take(&mut self, stream: u32) -> Result<(), LogError> {
        let Some((id, found)) = self.lease(stream).await? else { return Ok(()) };
        let reader = StreamReader::new(self.with.clone(), stream, found);
        reader.look().await?;
        self.held.insert(stream, (id, Arc::new(reader)));
        self.publish();
        Ok(())
    }

    async fn release(&self, stream: u32) -> Result<(), LogError> {
        let lease = self.with.keys.lease(stream);
        let mut call = script(include_str!("scripts/release.lua"), &[&lease]);
        call.arg(&*self.with.token);
        self.with.server.run::<u32>(&call).await.map(|_| ())
    }

    /// Tells which streams it has, beside those of other servers.
    fn publish(&mut self) {
        let own = |(id, log): &(LogId, Arc<StreamReader>)| OwnedLog { id: *id, log: log.clone() };
        let own: Vec<_> = self.held.values().map(own).collect();
        let before = std::mem::replace(&mut self.told, own.iter().map(|it| it.id).collect());
        self.owned.send_modify(|all| {
            let others = all.iter().filter(|it| !before.contains(&it.id)).cloned();
            *all = others.chain(own).collect();
        });
    }
}

/// A stream's name.
pub(super) fn log_id(id: &str) -> Result<LogId, LogError> {
    let number = u128::from_str_radix(id, 16);
    let strange = |_| LogError::Unusable(format!("{id:?} isn't the name of a stream").into());
    number.map(LogId).map_err(strange)
}
