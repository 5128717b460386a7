use std::sync::{Arc, Once};

use model::Clock;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, watch};

use super::super::endpoint::Endpoint;
use super::super::metrics::ShardMetrics;
use super::super::{change_codec, record_codec};
use super::Deps;
use super::silence::Liveness;
use crate::live::Sink;
use crate::live::positions::Positions;
use crate::session::record::Sighting;

/// Takes what the server says on one connection, in that connection's own task: nothing waits between the socket and the
/// hub, so that there is no queue to bound. If the hub is slow, the socket fills; if the socket is full for too long, the
/// server hangs up, and a gap is told.
pub(super) struct Subscriber {
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    origin: u64,
    sink: Arc<dyn Sink>,
    /// What this gateway has announced.
    local_positions: Arc<Positions>,
    probe: Vec<u8>,
    probed: watch::Sender<u64>,
    broken: Notify,
    unreadable: Once,
    /// When something last came on this connection: a message, or the confirmation of a single channel.
    pub(super) liveness: Liveness,
    metrics: ShardMetrics,
}

/// What isn't said by gateways of this version. It is counted, and the first of a connection is a line of the log.
pub(super) struct Unreadable;

impl Subscriber {
    pub(super) fn new(deps: &Deps, local_positions: Arc<Positions>, metrics: ShardMetrics) -> Self {
        let codec = &deps.codec;
        Self {
            endpoint: codec.endpoint.clone(),
            clock: codec.clock.clone(),
            origin: codec.origin,
            sink: deps.sink.clone(),
            local_positions,
            probe: codec.endpoint.probe_channel(codec.origin).into_bytes(),
            probed: watch::channel(0).0,
            broken: Notify::new(),
            unreadable: Once::new(),
            liveness: Liveness::new(),
            metrics,
        }
    }

    pub(super) fn hear(&self, info: PushInfo) -> Result<(), Unreadable> {
        self.liveness.hear();
        self.take(info).ok_or_else(|| {
            self.metrics.unreadable.increment(1);
            self.unreadable.call_once(|| {
                tracing::warn!(
                    "a message can't be read: do gateways of other versions, or others, publish on this server? More on \
                     this connection are only counted"
                );
            });
            Unreadable
        })
    }

    fn take(&self, info: PushInfo) -> Option<()> {
        match info.kind {
            PushKind::Message => {
                let mut data = info.data.into_iter();
                let (Some(Value::BulkString(name)), Some(Value::BulkString(bytes))) =
                    (data.next(), data.next())
                else {
                    return None;
                };
                self.message(&name, &bytes)
            }
            PushKind::Disconnection => {
                // One may be waiting, or come later.
                self.broken.notify_one();
                Some(())
            }
            _ => Some(()),
        }
    }

    fn message(&self, name: &[u8], bytes: &[u8]) -> Option<()> {
        if name == self.probe {
            let number = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            self.probed.send_replace(number);
            return Some(());
        }
        let channel = self.endpoint.parse_channel(name)?;
        if change_codec::is_change(bytes) {
            self.sink.changed(&[change_codec::decode(bytes)?]);
            return Some(());
        }
        let now = self.clock.now().monotonic;
        let decoded = record_codec::decode(channel.user.clone(), bytes, now)?;
        if decoded.origin != self.origin {
            self.metrics.delivered.increment(1);
            let expires = now.plus_ms(decoded.ttl_ms.into());
            let sighting = Sighting { record: Arc::new(decoded.record), expires };
            // Else a server that has forgotten would be given what another gateway has overtaken.
            self.local_positions.overtake(&channel, &sighting);
            self.sink.deliver(&channel, sighting);
        }
        Some(())
    }

    /// Completes when the probe of this number, or a later one, has come.
    pub(super) async fn heard(&self, number: u64) {
        // The sender is ours: it can't be gone.
        let _ = self.probed.subscribe().wait_for(|heard| *heard >= number).await;
    }

    /// Completes when the connection has broken.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }
}
