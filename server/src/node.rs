mod files_of;
mod listeners;

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use api::{AllowedOrigins, BasePath, Context, SystemRandom, Verifier};
use futures_util::future::join_all;
use model::{Clock, Random, SystemClock};
use proximity::Proximity;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::http::dev::Dev;
use crate::http::{dev, export, operations, problems, routes};
use crate::keys::Keys;
use crate::parts::{Deps, Opened};
use crate::readiness::{Condition, Ends, Readiness};
use crate::{files, metrics, parts};
pub(crate) use files_of::{check_data, files_of};
pub(crate) use listeners::tls;

/// How often the metrics recorder tidies up its histograms.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A running service: every part, connected.
pub struct Node {
    address: SocketAddr,
    operations_address: SocketAddr,
    opened: Opened,
    readiness: Readiness,
    /// How long it goes on listening once it goes away.
    drain: Duration,
    /// Stops the listener.
    stop: CancellationToken,
    /// The listener of clients, and that of operators.
    listening: [JoinHandle<()>; 2],
    /// Held while something is kept in it.
    _data_dir: Option<DataDir>,
}

impl Node {
    /// Opens every part and starts to listen.
    pub async fn start(config: Config) -> Result<Self, String> {
        Self::start_with(config, None).await
    }

    /// The same, with people that the development page offers.
    ///
    /// Settings and keys are looked at first, then every server is reached, and only then does anything listen: what is
    /// wrong is said before a client can notice.
    pub(crate) async fn start_with(config: Config, dev: Option<Dev>) -> Result<Self, String> {
        config.validate().map_err(String::from)?;
        let config = fit_open_files(&config);
        metrics::recorder();
        let data = &config.data.dir;
        let tls = files_of(&config)?;
        let data_dir = config.needs_data_dir().then(|| DataDir::open(data)).transpose()?;
        let own_key_dir = config.has_own_key().then_some(data.as_path());
        let verifier = Arc::new(Keys::verifier(&config.auth, own_key_dir)?);
        let signer = config.dev.then(|| Keys::signer(&config.auth, data)).transpose()?;
        if config.backends.are_shared() && !config.auth.has_configured_keys() {
            tracing::warn!(
                "auth.keys is empty: this node believes only tokens of its own key; gateways that share state need the \
                 same keys"
            );
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        // Where it can't be told, heavy requests are worked on one after the other.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let limits = config.rest.limits(cores);
        let base_path = BasePath::parse(&config.http.base_path).map_err(|rule| rule.to_string())?;
        let context = Context::new(verifier.clone(), clock.clone(), random.clone(), limits);
        let context = context.under(base_path);
        let deps = Deps { config: &config, clock, random, verifier: verifier.clone(), context };
        let mut opened = Opened::default();
        for part in parts::ALL {
            if part.is_served(&config) {
                part.open(&deps, &mut opened).await?;
            } else {
                tracing::info!(part = part.name(), "off, as the settings of this process say");
            }
        }
        let base_path = deps.context.base_path();
        let listener = listeners::main(&config, base_path, tls.clone())?;
        let for_operators = listeners::operations(&config, base_path)?;
        let (address, operations_address) = (listener.address(), for_operators.address());

        let readiness = Readiness::default();
        opened.routers.insert(0, operations::router(readiness.clone()));
        opened.routers.push(problems::router(&deps.context));
        // Where users are known.
        if parts::knows_users(&config) {
            let pieces = std::mem::take(&mut opened.pieces);
            opened.routers.push(export::router(pieces, deps.clock.clone(), deps.context.clone()));
        }
        let clock = deps.clock.clone();
        let page = signer.map(|signer| dev::router(dev.unwrap_or_default(), signer, deps.clock));
        let (routers, context) = (std::mem::take(&mut opened.routers), &deps.context);
        let origins = AllowedOrigins::parse(&config.gateway.allowed_origins)?;
        let router = routes::assemble(routers, page, context, origins);

        let stop = CancellationToken::new();
        look_after_issuers(&readiness, &config, &verifier);
        readiness.supervise("metrics", Ends::Never, tidy_metrics());
        if let Some(tls) = tls {
            if let Some(why) = tls.fault(clock.now().wall) {
                tracing::warn!(why, "TLS won't work");
            }
            readiness.supervise("certificate", Ends::Never, tls.follow(clock));
        }
        opened.watches.drain(..).for_each(|watch| watch(&readiness));
        let serving = listener.run(router, deps.context.clone(), stop.clone());
        let operating = operations::own_router(readiness.clone(), &deps.context);
        let operating = for_operators.run(operating, deps.context.clone(), stop.clone());
        let listening = [
            readiness.supervise("listener", Ends::WhenStopped, serving),
            readiness.supervise("operations", Ends::WhenStopped, operating),
        ];
        tracing::info!(%address, operations = %operations_address, "listening");
        let drain_ms = if config.roles.is_empty() { 0 } else { config.http.drain_ms };
        let drain = Duration::from_millis(drain_ms);
        Ok(Self {
            address,
            operations_address,
            opened,
            readiness,
            drain,
            stop,
            listening,
            _data_dir: data_dir,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers operators: `/metrics`, `/live` and `/ready`.
    pub fn operations_address(&self) -> SocketAddr {
        self.operations_address
    }

    /// The businesses, if they are served here.
    pub fn businesses(&self) -> Option<&Proximity> {
        self.opened.businesses.as_ref()
    }

    /// Completes with the name of a part whose task died, once one has. The node can't go on then, nor drain: a gateway
    /// without its timers would show people for ever. The process must end.
    pub async fn dead(&self) -> &'static str {
        self.readiness.dead().await
    }

    /// Goes away without dropping anything: `/ready` turns red, balancers get the time to see that, clients are warned and
    /// closed spread over the drain window, requests under way finish.
    pub async fn drain(self) {
        tracing::info!("going away");
        self.readiness.drain();
        tokio::join!(join_all(self.opened.drains), tokio::time::sleep(self.drain));
        self.stop.cancel();
        // One that has died has nothing more to do.
        let _ = join_all(self.listening).await;
        // Whatever is still asked of them was asked by a client, and none is left.
        join_all(self.opened.closes).await;
        self.readiness.stop_tasks().await;
        tracing::info!("gone");
    }
}

/// The settings with no more connections than files may be open, which is said if it makes a difference.
fn fit_open_files(config: &Config) -> Config {
    let fitted = files::fitted(config.clone(), files::raise_limit());
    if fitted != *config {
        tracing::info!(
            sessions_max = fitted.gateway.sessions_max,
            http_connections_max = fitted.http.connections_max,
            "the limit of open files (ulimit -n) allows fewer connections than the settings"
        );
    }
    fitted
}

/// Keeps the keys of issuers fresh that publish them. One that is away is for every node: it makes none unready.
fn look_after_issuers(readiness: &Readiness, config: &Config, verifier: &Arc<Verifier>) {
    if config.auth.issuers.iter().all(|issuer| issuer.jwks_url.is_none()) {
        return;
    }
    readiness.supervise("keys", Ends::Never, verifier.clone().run());
    let verifier = verifier.clone();
    readiness
        .follow_own("issuers", move || Condition { fault: verifier.fault(), is_broken: false });
}

async fn tidy_metrics() {
    let mut interval = tokio::time::interval(METRICS_UPKEEP);
    loop {
        interval.tick().await;
        metrics::recorder().run_upkeep();
    }
}

#[cfg(test)]
mod tests;
