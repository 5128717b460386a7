use std::time::Duration;

use e2e::cluster::Cluster;
use model::Random;
use tokio::time::sleep;

/// The deployment of the many.
pub(crate) const GATEWAYS: usize = 3;
pub(crate) const SHARDS: usize = 4;

/// How long a server is away or mute: longer than a fix waits for it, so that some are refused and sent again.
const AWAY: Duration = Duration::from_secs(7);

/// How long a server that is slow does nothing at all.
const PAUSE: Duration = Duration::from_secs(4);

/// Of the faults drawn at random, one in so many lasts much longer, from the first to the second of these, seconds.
const LONG_ONE_IN: usize = 3;
const LONG_S: (usize, usize) = (10, 60);

/// What breaks. Redis servers and gateways are named by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// A Redis server is killed, and comes back empty at once.
    Wiped(usize),
    /// The same, but it is away for a while.
    Away(usize),
    /// A Redis server forgets everything, while all connections stay open.
    Flushed(usize),
    /// All connections on which a Redis server is listened to are cut.
    HearingCut(usize),
    /// All other connections to a Redis server are cut.
    CommandsCut(usize),
    /// A Redis server neither hears nor is heard, while all connections stay open.
    Swallowed(usize),
    /// A Redis server hears and isn't heard, while all connections stay open.
    AnswersSwallowed(usize),
    /// A Redis server does nothing for a while, then all at once.
    Paused(usize),
    /// `PostgreSQL` is killed, and started again.
    DatabaseKilled,
    /// A gateway is killed (SIGKILL), and started again once all have gone elsewhere.
    GatewayKilled(usize),
    /// A gateway goes away in good order, and is started again once all have gone elsewhere.
    GatewayDrained(usize),
    /// While a Redis server is away that comes back empty, a gateway is killed as well.
    Both(usize, usize),
}

impl Breakage {
    /// One after the other, spread over the servers.
    pub(crate) const ONCE: [Self; 10] = [
        Self::Wiped(0),
        Self::HearingCut(1),
        Self::Swallowed(2),
        Self::AnswersSwallowed(3),
        Self::DatabaseKilled,
        Self::GatewayKilled(0),
        Self::GatewayDrained(1),
        Self::Flushed(3),
        Self::Away(1),
        Self::Both(2, 2),
    ];

    /// How long it lasts, if nothing else is said.
    pub(crate) fn usual(self) -> Duration {
        match self {
            Self::Away(_) | Self::Swallowed(_) | Self::AnswersSwallowed(_) => AWAY,
            Self::Paused(_) => PAUSE,
            _ => Duration::ZERO,
        }
    }

    /// Any of all there are, and how long it lasts.
    pub(crate) fn any(random: &dyn Random) -> (Self, Duration) {
        let below = |end: usize| (random.next_u64() % end as u64) as usize;
        let (shard, gateway) = (below(SHARDS), below(GATEWAYS));
        let all = [
            Self::Wiped(shard),
            Self::Away(shard),
            Self::Flushed(shard),
            Self::HearingCut(shard),
            Self::CommandsCut(shard),
            Self::Swallowed(shard),
            Self::AnswersSwallowed(shard),
            Self::Paused(shard),
            Self::DatabaseKilled,
            Self::GatewayKilled(gateway),
            Self::GatewayDrained(gateway),
            Self::Both(shard, gateway),
        ];
        let fault = all[below(all.len())];
        let can_last = fault == Self::DatabaseKilled || !fault.usual().is_zero();
        let lasting = if can_last && below(LONG_ONE_IN) == 0 {
            let seconds = LONG_S.0 + below(LONG_S.1 - LONG_S.0 + 1);
            Duration::from_secs(seconds as u64)
        } else {
            fault.usual()
        };
        (fault, lasting)
    }

    /// The Redis server that breaks.
    pub(crate) fn shard(self) -> Option<usize> {
        match self {
            Self::Wiped(shard)
            | Self::Away(shard)
            | Self::Flushed(shard)
            | Self::HearingCut(shard)
            | Self::CommandsCut(shard)
            | Self::Swallowed(shard)
            | Self::AnswersSwallowed(shard)
            | Self::Paused(shard)
            | Self::Both(shard, _) => Some(shard),
            Self::DatabaseKilled | Self::GatewayKilled(_) | Self::GatewayDrained(_) => None,
        }
    }

    /// The gateway that goes away.
    pub(crate) fn gateway(self) -> Option<usize> {
        match self {
            Self::GatewayKilled(gateway)
            | Self::GatewayDrained(gateway)
            | Self::Both(_, gateway) => Some(gateway),
            _ => None,
        }
    }

    /// Breaks it, for so long at least.
    pub(crate) async fn strike(self, cluster: &mut Cluster, lasting: Duration) {
        match self {
            Self::Wiped(shard) | Self::Away(shard) => cluster.redis(shard).kill(),
            Self::Flushed(shard) => cluster.redis(shard).run("FLUSHALL").await,
            Self::HearingCut(shard) => {
                let cut: usize = cluster.redis(shard).run("CLIENT KILL TYPE pubsub").await;
                assert_eq!(cut, GATEWAYS, "one connection of each gateway");
            }
            Self::CommandsCut(shard) => {
                let cut: usize = cluster.redis(shard).run("CLIENT KILL TYPE normal").await;
                assert!(cut >= GATEWAYS, "{cut} connections");
            }
            Self::Swallowed(shard) => cluster.proxy(shard).swallow(),
            Self::AnswersSwallowed(shard) => cluster.proxy(shard).swallow_answers(),
            Self::Paused(shard) => {
                let pause = format!("CLIENT PAUSE {} ALL", lasting.as_millis());
                let () = cluster.redis(shard).run(&pause).await;
            }
            Self::DatabaseKilled => {
                cluster.postgres().kill().await;
                for gateway in 0..GATEWAYS {
                    cluster
                        .until_ready_is(gateway, |parts| parts["postgres.directory"] == false)
                        .await;
                }
            }
            Self::GatewayKilled(gateway) => cluster.kill(gateway).await,
            Self::Both(shard, gateway) => {
                cluster.redis(shard).kill();
                cluster.kill(gateway).await;
            }
            Self::GatewayDrained(gateway) => {
                let ended = cluster.drain(gateway).await;
                assert_eq!(ended.code, Some(0), "{ended:?}");
            }
        }
        sleep(lasting).await;
    }

    /// Brings the server back; a gateway is started when all is well.
    pub(crate) async fn mend(self, cluster: &mut Cluster) {
        match self {
            Self::Wiped(shard) | Self::Away(shard) | Self::Both(shard, _) => {
                cluster.redis(shard).start_again().await;
            }
            Self::Swallowed(shard) | Self::AnswersSwallowed(shard) => cluster.proxy(shard).pass(),
            Self::DatabaseKilled => cluster.postgres().start_again().await,
            Self::Flushed(_)
            | Self::HearingCut(_)
            | Self::CommandsCut(_)
            | Self::Paused(_)
            | Self::GatewayKilled(_)
            | Self::GatewayDrained(_) => {}
        }
    }
}
