use std::sync::Arc;

use api::Problem;
use api::export::{Next, Piece, file_of};
use futures_util::stream::BoxStream;
use model::{Fix, UserId};
use serde_json::{Value, json};

use super::Gateway;
use crate::live::Channel;
use crate::session::record::{Presence, Sighting};

/// Reading a position, in units of about a microsecond of CPU.
const COST: u64 = 100;

/// What live positions hold about a person: the last one, while it holds.
pub struct PositionPiece(Arc<Gateway>);

impl PositionPiece {
    /// The piece of this gateway.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }

    async fn position(gateway: Arc<Gateway>, user: UserId) -> Result<Value, Problem> {
        let read = gateway.live.read(vec![Channel::precise(user)]).await;
        let found =
            read.map_err(|error| Problem::failure(error.kind(), "live positions", error))?;
        let now = gateway.deps.clock.now().monotonic;
        let held = found.into_iter().flatten().find(|sighting| sighting.holds(now));
        Ok(json!({ "position": held.as_ref().and_then(position) }))
    }
}

impl Piece for PositionPiece {
    fn name(&self) -> &'static str {
        "position"
    }

    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>> {
        let position = Self::position(Arc::clone(&self.0), user.clone());
        file_of("position.json", position, COST)
    }
}

fn position(sighting: &Sighting) -> Option<Value> {
    let record = &sighting.record;
    let Presence::Here(fix) = record.presence else { return None };
    let Fix { position, accuracy_m, altitude_m, speed_mps, heading_deg, battery_percent } = fix;
    Some(json!({
        "latitude": position.latitude(),
        "longitude": position.longitude(),
        "time_ms": record.version.effective.0,
        "device": record.version.device.as_str(),
        "seq": record.version.seq,
        "accuracy_m": accuracy_m,
        "altitude_m": altitude_m,
        "speed_mps": speed_mps,
        "heading_deg": heading_deg,
        "battery_percent": battery_percent,
    }))
}
