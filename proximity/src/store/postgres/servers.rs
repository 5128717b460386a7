use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::primary_positions::PrimaryPositions;
use super::read::Seen;
use super::replica::{LOOK_TIMEOUT, Replica};
use super::{Config, FEED};
use crate::metrics::{READS, SERVER_UP};
use model::{ErrorChain, ReadToken};
use sql::StoreError;
use sql::postgres::{HealthProbe, ReadFrom, Readers, Server};

/// How often each server is asked how far it has come.
const LOOK: Duration = Duration::from_millis(250);

/// The primary and its replicas: who is asked what.
pub(super) struct Servers {
    primary: Arc<Server>,
    pub(super) writers: PgPool,
    readers: Readers,
    name: String,
    replicas: Vec<Replica>,
    positions: Mutex<PrimaryPositions>,
    /// What keeps the primary from working, as the last look said: until another one finds it well, nobody waits for it.
    fault: Mutex<Option<StoreError>>,
    catch_up: Duration,
    turn: AtomicUsize,
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.primary)?;
        self.replicas.iter().try_for_each(|replica| write!(f, ", {}", replica.name))
    }
}

impl Servers {
    /// With the primary's state, which a replica must have to be read; replicas are read once they were looked at.
    pub(super) fn new(
        config: &Config,
        primary: Server,
        state: ReadToken,
    ) -> Result<Self, StoreError> {
        let replicas = config.replicas.iter().map(|url| Replica::new(config, url));
        let replicas = replicas.collect::<Result<Vec<_>, _>>()?;
        let lag_max = Duration::from_millis(config.lag_max_ms);
        Ok(Self {
            readers: primary.readers(ReadFrom::Primary, config.readers_max),
            name: primary.to_string(),
            writers: primary.primary_pool(config.writers_max),
            primary: Arc::new(primary),
            replicas,
            positions: Mutex::new(PrimaryPositions::new(state, lag_max)),
            fault: Mutex::default(),
            catch_up: Duration::from_millis(config.catch_up_ms),
            turn: AtomicUsize::new(0),
        })
    }

    /// Looks at each server again and again, so that one that doesn't answer keeps nobody from the others.
    pub(super) fn watch(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let replica = |number: usize| {
            let servers = Arc::clone(self);
            let span = tracing::info_span!("replica", server = %servers.replicas[number].name);
            let watching = async move { servers.watch_replica(&servers.replicas[number]).await };
            tokio::spawn(watching.instrument(span))
        };
        let mut tasks: Vec<_> = (0..self.replicas.len()).map(replica).collect();
        let servers = Arc::clone(self);
        let span = tracing::info_span!("primary", server = self.name);
        tasks.push(tokio::spawn(async move { servers.watch_primary().await }.instrument(span)));
        tasks
    }

    async fn watch_primary(&self) {
        let mut probe =
            HealthProbe::new(Arc::clone(&self.primary), ReadFrom::Primary, LOOK_TIMEOUT);
        loop {
            let found = probe.ask(|connection| Box::pin(FEED.read_primary(connection))).await;
            if let Ok(state) = found {
                self.positions.lock().note(state, Instant::now());
            }
            let up = if found.is_ok() { 1.0 } else { 0.0 };
            metrics::gauge!(SERVER_UP, "server" => self.name.clone()).set(up);
            self.primary_is(found.err().map(|away| away.why));
            sleep(LOOK).await;
        }
    }

    /// Takes note of what keeps the primary from working.
    fn primary_is(&self, fault: Option<StoreError>) {
        let mut known = self.fault.lock();
        match (&*known, &fault) {
            (None, Some(error)) => {
                let why = ErrorChain(error).to_string();
                tracing::warn!(why, "the primary is away");
            }
            (Some(_), None) => tracing::info!("the primary is back"),
            _ => {}
        }
        *known = fault;
    }

    async fn watch_replica(&self, replica: &Replica) {
        let mut probe = replica.probe();
        let mut served = None;
        loop {
            replica.look(&mut probe).await;
            let required = self.required();
            replica.measure(required);
            let serving = replica.serves(required);
            if served != Some(serving.is_ok()) {
                match &serving {
                    Ok(_) => tracing::info!("the replica is read"),
                    Err(why) => tracing::warn!(why, "the replica is left out"),
                }
            }
            served = Some(serving.is_ok());
            sleep(LOOK).await;
        }
    }

    fn required(&self) -> ReadToken {
        self.positions.lock().required(Instant::now())
    }

    /// What keeps the primary from working, as far as is known.
    fn primary_fault(&self) -> Option<StoreError> {
        self.fault.lock().clone()
    }

    /// What keeps everybody from reading: the primary is away, and so are all replicas.
    pub(super) fn fault(&self) -> Option<String> {
        let fault = self.primary_fault()?;
        (!self.replicas.iter().any(Replica::may_answer)).then(|| ErrorChain(&fault).to_string())
    }

    /// What the primary answers to a batch.
    pub(super) async fn write<T>(
        &self,
        work: impl Future<Output = Result<(T, ReadToken), sqlx::Error>> + Send,
    ) -> Result<(T, ReadToken), StoreError> {
        if let Some(away) = self.primary_fault() {
            return Err(unavailable(&self.name, away));
        }
        let (answer, as_of) = self.primary.answer(work).await?;
        let mut positions = self.positions.lock();
        if positions.timeline() != as_of.timeline {
            positions.note(as_of, Instant::now());
        }
        Ok((answer, as_of))
    }

    /// The answer of a replica that is up and not too far behind, and has what is wanted; else the primary's.
    pub(super) async fn read<T, W>(
        &self,
        wanted: Option<ReadToken>,
        work: impl Fn(Readers) -> W + Send + Sync,
    ) -> Result<(T, ReadToken), StoreError>
    where
        W: Future<Output = Seen<T>> + Send,
    {
        let deadline = Instant::now() + self.catch_up;
        let required = self.required();
        for replica in self.candidates(required, wanted) {
            if let Some(wanted) = wanted
                && !replica.reaches(wanted, deadline).await
            {
                continue;
            }
            // It was looked at before, but may have fallen back since.
            let answered = replica.ask(&replica.server, work(replica.readers.clone())).await;
            if let Some((answer, as_of)) = answered
                && as_of.includes(required)
                && wanted.is_none_or(|wanted| as_of.includes(wanted))
            {
                return Ok((answer, as_of));
            }
        }
        match self.ask_primary(&work).await {
            Err(error) if error.is_unavailable() => {
                self.ask_anybody(required, wanted, &work).await.ok_or(error)
            }
            answered => answered,
        }
    }

    /// The answer of any replica that isn't known to be down, though it failed a moment ago or lags: nobody else is left.
    /// While the primary is away, none can be told to be too far behind.
    async fn ask_anybody<T, W>(
        &self,
        required: ReadToken,
        wanted: Option<ReadToken>,
        work: &(impl Fn(Readers) -> W + Send + Sync),
    ) -> Option<(T, ReadToken)>
    where
        W: Future<Output = Seen<T>> + Send,
    {
        let required = self.primary_fault().is_none().then_some(required);
        let has = |state: ReadToken, other: Option<ReadToken>| {
            other.is_none_or(|other| state.includes(other))
        };
        for replica in self.replicas.iter().filter(|replica| replica.may_answer()) {
            let answered = replica.ask(&replica.patient, work(replica.readers.clone())).await;
            let may_be_shown =
                answered.filter(|(_, as_of)| has(*as_of, required) && has(*as_of, wanted));
            if may_be_shown.is_some() {
                return may_be_shown;
            }
        }
        None
    }

    /// The replicas that can be read, in turns; those first that have what is wanted.
    fn candidates(&self, required: ReadToken, wanted: Option<ReadToken>) -> Vec<&Replica> {
        let count = self.replicas.len();
        if count == 0 || wanted.is_some_and(|wanted| wanted.timeline != required.timeline) {
            return Vec::new();
        }
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % count;
        let in_turn = (first..first + count).map(|number| &self.replicas[number % count]);
        let mut found: Vec<_> = in_turn
            .filter_map(|replica| replica.serves(required).ok().map(|state| (state, replica)))
            .collect();
        found.sort_by_key(|(state, _)| wanted.is_some_and(|wanted| !state.includes(wanted)));
        found.into_iter().map(|(_, replica)| replica).collect()
    }

    async fn ask_primary<T, W>(
        &self,
        work: &(impl Fn(Readers) -> W + Send + Sync),
    ) -> Result<(T, ReadToken), StoreError>
    where
        W: Future<Output = Seen<T>> + Send,
    {
        if let Some(away) = self.primary_fault() {
            return Err(unavailable(&self.name, away));
        }
        let answered = self.primary.read(|| work(self.readers.clone())).await?;
        metrics::counter!(READS, "server" => self.name.clone()).increment(1);
        Ok(answered)
    }
}

/// That a server isn't even asked, since it was away a moment ago.
fn unavailable(server: &str, why: StoreError) -> StoreError {
    StoreError::unavailable(format!("{server} is away")).caused_by(why)
}
