use std::sync::Arc;

use api::SystemRandom;
use e2e::servers::Redis;
use history_writer::embedded::{self, EmbeddedLog};
use history_writer::log_conformance::{CASES, FORGET_AFTER_MS, LogBackend, OpenLog};
use history_writer::streams::{self, Config, ReadingDeps, ServerConfig, StreamsLog};
use history_writer::{Answer, LogReader};
use model::ManualClock;
use tempfile::TempDir;
use tokio::time::{Duration, sleep, timeout};

use crate::grid::{Grid, Trial};

/// How long a case may take.
const CASE_MAX: Duration = Duration::from_secs(30);

const FILES: &str = "files";
const STREAMS: &str = "Redis Streams";

pub(crate) async fn grid() -> Grid {
    let server = Arc::new(Redis::start_durable().await);
    let mut trials = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let in_streams = InStreams { server: server.clone(), prefix: format!("case-{number}:") };
        let backends: [(&'static str, Arc<dyn LogBackend>); 2] =
            [(FILES, Arc::new(InFiles(dir))), (STREAMS, Arc::new(in_streams))];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move {
                let tried = timeout(CASE_MAX, (case.run)(&*backend)).await;
                assert!(tried.is_ok(), "{}: {name} doesn't end", case.name);
            }),
        }));
    }
    Grid::new(&[FILES, STREAMS], CASES.iter().map(|case| case.name)).run(trials).await
}

struct InFiles(TempDir);

impl LogBackend for InFiles {
    fn open(&self, clock: Arc<ManualClock>) -> Answer<'_, OpenLog> {
        Box::pin(async {
            let forget_after_ms = FORGET_AFTER_MS;
            let config = embedded::Config { forget_after_ms, ..embedded::Config::default() };
            let log = Arc::new(EmbeddedLog::open(self.0.path(), config, clock).await?);
            let close = Box::new(|| Box::pin(std::future::ready(())) as _);
            Ok(OpenLog { log: log.clone(), reader: log, close })
        })
    }
}

struct InStreams {
    server: Arc<Redis>,
    prefix: String,
}

impl LogBackend for InStreams {
    fn open(&self, clock: Arc<ManualClock>) -> Answer<'_, OpenLog> {
        Box::pin(async {
            let (name, url) = ("a".to_owned(), self.server.url());
            let server =
                ServerConfig { name, weight: 1, url, password_file: None, tls_ca_file: None };
            let config = Config {
                key_prefix: self.prefix.clone(),
                streams_per_server: 1,
                servers: vec![server],
                ..Config::default()
            };
            let random = Arc::new(SystemRandom);
            let log = StreamsLog::connect(&config, &*random).await?;
            let deps = ReadingDeps {
                recent_bytes_max: 1 << 20,
                forget_after_ms: FORGET_AFTER_MS,
                clock,
                random,
            };
            let leases = streams::read(&config, &deps)?;
            let owned = leases.owned();
            let reader: Arc<dyn LogReader> = loop {
                if let [owned] = &owned.now()[..] {
                    break owned.log.clone();
                }
                sleep(Duration::from_millis(5)).await;
            };
            let close = Box::new(move || Box::pin(async move { leases.stop().await }) as _);
            Ok(OpenLog { log: Arc::new(log), reader, close })
        })
    }
}
