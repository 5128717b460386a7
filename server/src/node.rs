mod friends;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use api::{Context, SystemRandom, Verifier};
use model::{Clock, Random, SystemClock};
use proximity::Proximity;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use ws_gateway::Gateway;

use crate::backends::OpenBusinesses;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::dev::Dev;
use crate::keys::Keys;
use crate::listener::{Listener, SocketOptions};
use crate::readiness::{Ends, Readiness};
use crate::{dev, files, metrics, operations, routes};
use friends::{OpenFriends, open_friends, watch_friends};

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
        let config = fit_open_files(&config);
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

/// The settings with no more connections than files may be open, which is said if it makes a difference.
fn fit_open_files(config: &Config) -> Config {
    let fitted = files::fitted(config.clone(), files::raise_limit());
    let (sessions_max, http_connections_max) =
        (fitted.gateway.sessions_max, fitted.http.connections_max);
    if fitted != *config {
        tracing::info!(
            sessions_max,
            http_connections_max,
            "the limit of open files (ulimit -n) allows fewer connections than the settings"
        );
    }
    fitted
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
mod tests;
