use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use api::{Context, SystemRandom, Verifier};
use directory::Directory;
use model::{Clock, Random, SystemClock};
use proximity::Proximity;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use ws_gateway::{Deps, Gateway};

use crate::backends::{OpenBusinesses, OpenLive};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::dev::Dev;
use crate::keys::Keys;
use crate::listener::{Listener, SocketOptions};
use crate::readiness::{Ends, Readiness};
use crate::{dev, files, metrics, operations, routes};

/// How often the metrics recorder tidies up its histograms.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A running service: every part, connected.
pub struct Node {
    address: SocketAddr,
    gateway: Option<Arc<Gateway>>,
    businesses: Option<Proximity>,
    readiness: Readiness,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
    /// Held while something is kept in it.
    _data_dir: Option<DataDir>,
}

/// Why a node didn't start, and what to do.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl From<String> for StartError {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Node {
    /// Opens every part and starts to listen.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, None).await
    }

    /// The same, with people that the development page offers.
    ///
    /// Settings and keys are looked at first, then every server is reached, and only then does anything listen: what is
    /// wrong is said before a client can notice.
    pub(crate) async fn start_with(config: Config, dev: Option<Dev>) -> Result<Self, StartError> {
        config.validate().map_err(|e| e.to_string())?;
        metrics::recorder();
        let data = &config.data.dir;
        let data_dir = config.needs_data_dir().then(|| DataDir::open(data)).transpose()?;
        let verifier = Arc::new(Keys::verifier(&config.auth, data)?);
        let signer = config.dev.then(|| Keys::signer(&config.auth, data)).transpose()?;
        if config.backends.are_shared() && config.auth.keys.is_empty() {
            tracing::warn!(
                "auth.keys is empty: this node believes only tokens of its own key; gateways that share state need the \
                 same keys"
            );
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        config.backends.placement(&config).transpose()?;

        let friends = open_friends(&config, &clock, &random, &verifier).await?;
        let opened = open_businesses(&config, &clock, &random).await?;
        let businesses = opened.as_ref().map(|opened| opened.businesses.clone());
        let gateway = friends.as_ref().map(|friends| friends.gateway.clone());
        let listener = listen(&config)?;
        let address = listener.address();

        let readiness = Readiness::default();
        let context = context(&config, &clock, &random, &verifier);
        let mut doors = vec![operations::router(readiness.clone(), gateway.clone())];
        if let Some(OpenFriends { gateway, directory, .. }) = &friends {
            doors.push(directory::http::router(directory.clone(), context.clone()));
            doors.push(ws_gateway::router(gateway.clone(), context.clone()));
        }
        if let Some(businesses) = &businesses {
            doors.push(proximity::http::router(businesses.clone(), context.clone()));
        }
        let page = signer.map(|signer| dev::router(dev.unwrap_or_default(), signer, clock));
        let router = routes::assemble(doors, page, &context, &config.gateway.allowed_origins);

        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![readiness.supervise("metrics", Ends::Never, tidy_metrics())];
        tasks.extend(friends.into_iter().flat_map(|opened| watch_friends(&readiness, opened)));
        tasks.extend(opened.into_iter().flat_map(|opened| watch_businesses(&readiness, opened)));
        let listening =
            readiness.supervise("listener", Ends::WhenStopped, listener.run(router, stopped));
        tracing::info!(%address, "listening");
        Ok(Self {
            address,
            gateway,
            businesses,
            readiness,
            stop,
            listening,
            tasks,
            _data_dir: data_dir,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The businesses, if they are served here.
    pub fn businesses(&self) -> Option<&Proximity> {
        self.businesses.as_ref()
    }

    /// Completes with the name of a part whose task died, once one has. The node can't go on then, nor drain: a gateway
    /// without its timers would show people for ever. The process must end.
    pub async fn dead(&self) -> &'static str {
        self.readiness.dead().await
    }

    /// Goes away without dropping anything: warns clients, closes them spread over the drain window, finishes requests.
    pub async fn drain(self) {
        let sessions = self.gateway.as_ref().map_or(0, |gateway| gateway.sessions());
        tracing::info!(sessions, "going away");
        if let Some(gateway) = &self.gateway {
            gateway.drain().await;
        }
        // Nobody listens only if the listener has ended already.
        let _ = self.stop.send(true);
        let _ = self.listening.await;
        for task in self.tasks {
            task.abort();
        }
        tracing::info!("gone");
    }
}

/// Users and their friends, and the sockets over which they see each other.
struct OpenFriends {
    gateway: Arc<Gateway>,
    directory: Directory,
    /// What `/ready` calls the servers that may be away.
    live_part: Option<&'static str>,
    directory_part: Option<&'static str>,
}

async fn open_friends(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    verifier: &Arc<Verifier>,
) -> Result<Option<OpenFriends>, String> {
    if !config.serves_friends() {
        return Ok(None);
    }
    let data_dir = &config.data.dir;
    let stored = config.backends.open_directory(config, data_dir, clock, random).await?;
    let live = config.backends.open_live(config, clock, random).await?;
    let (live_part, directory_part) = (live.part, stored.part);
    let directory = Directory::start(stored.store, clock.clone(), config.directory);
    let is_shared = directory_part.is_some();
    let gateway = connect_gateway(config, clock, random, verifier, (&directory, is_shared), live);
    Ok(Some(OpenFriends { gateway, directory, live_part, directory_part }))
}

async fn open_businesses(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Option<OpenBusinesses>, String> {
    if !config.serves_businesses() {
        tracing::info!(
            "businesses are off: the role businesses isn't given, and without it embedded ones are off too where \
             several processes share the rest"
        );
        return Ok(None);
    }
    let data_dir = &config.data.dir;
    let opening =
        config.backends.open_businesses(config, data_dir, clock.clone(), random.clone()).await;
    let opened = opening?;
    if let Some(index) = config.proximity.resident.index() {
        opened.businesses.keep_resident(index);
    }
    Ok(Some(opened))
}

fn connect_gateway(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    verifier: &Arc<Verifier>,
    (directory, is_shared): (&Directory, bool),
    live: OpenLive,
) -> Arc<Gateway> {
    let mut settings = config.gateway.clone();
    let fit = files::connections_max(files::raise_limit());
    if fit < settings.sessions_max {
        tracing::info!(
            sessions_max = fit,
            "the limit of open files (ulimit -n) allows fewer connections than gateway.sessions_max"
        );
        settings.sessions_max = fit;
    }
    let deps = Deps {
        clock: clock.clone(),
        random: random.clone(),
        verifier: verifier.clone(),
        friends: Arc::new(directory.clone()),
        friends_are_shared: is_shared,
    };
    let gateway = Gateway::new(settings, deps, live.attach);
    // Weakly: the gateway holds the directory.
    let told = Arc::downgrade(&gateway);
    directory.listen(move |change| match told.upgrade() {
        Some(gateway) => gateway.directory_changed(change),
        None => Box::pin(std::future::ready(())),
    });
    gateway
}

fn listen(config: &Config) -> Result<Listener, StartError> {
    let options = SocketOptions {
        unsent_bytes_max: config.gateway.unsent_bytes_max,
        unacknowledged_max: Duration::from_millis(
            config.gateway.stuck_close_ms + config.gateway.ping_grace_ms,
        ),
    };
    Listener::bind(&config.http, options).map_err(|error| {
        let address = config.http.listen;
        StartError(format!("can't listen on {address}: {error}. Is another process there? Choose another with --listen ADDRESS:PORT."))
    })
}

fn context(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    verifier: &Arc<Verifier>,
) -> Context {
    // Where it can't be told, heavy requests are worked on one after the other.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let limits = config.rest.limits(cores);
    Context::new(verifier.clone(), clock.clone(), random.clone(), limits)
}

async fn tidy_metrics() {
    let mut interval = tokio::time::interval(METRICS_UPKEEP);
    loop {
        interval.tick().await;
        metrics::recorder().run_upkeep();
    }
}

/// Looks after friends: whether positions flow, users can be changed, and their servers answer.
fn watch_friends(readiness: &Readiness, opened: OpenFriends) -> Vec<JoinHandle<()>> {
    let OpenFriends { gateway, directory, live_part, directory_part } = opened;
    let writer = directory.clone();
    let mut tasks = vec![
        readiness.supervise("directory", Ends::Never, async move { writer.stopped().await }),
        readiness.supervise("gateway", Ends::Never, gateway.clone().run()),
    ];
    tasks.extend(live_part.map(|part| readiness.follow(part, move || gateway.fault())));
    tasks.extend(directory_part.map(|part| readiness.follow(part, move || directory.fault())));
    tasks
}

/// Looks after businesses: whether they can be changed, and whether their servers answer.
fn watch_businesses(readiness: &Readiness, opened: OpenBusinesses) -> Vec<JoinHandle<()>> {
    let OpenBusinesses { businesses, part } = opened;
    let writer = businesses.clone();
    let writing = async move { writer.stopped().await };
    let supervised = readiness.supervise("businesses", Ends::Never, writing);
    let followed = part.map(|part| readiness.follow(part, move || businesses.fault()));
    std::iter::once(supervised).chain(followed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_node_says_that_it_can_not_go_on_when_a_task_has_died() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::default();
        config.http.listen.set_port(0);
        config.data.dir = dir.path().to_owned();
        let node = Node::start(config).await.expect("it starts");
        let soon = Duration::from_millis(300);
        assert!(tokio::time::timeout(soon, node.dead()).await.is_err(), "nothing has died yet");
        node.readiness.supervise("test", Ends::Never, async { panic!("as the test wants") });
        let dead = tokio::time::timeout(Duration::from_secs(20), node.dead()).await;
        assert_eq!(dead.expect("at once"), "test");
        assert!(!node.readiness.parts()["test"]);
    }
}
