//! What [`TrackWriter`](crate::TrackWriter) writes as JSON, for the description.

#![expect(dead_code, reason = "described, never made: the writer writes the text")]

use utoipa::ToSchema;

/// A page of a track, or a track of so many points.
#[derive(ToSchema)]
pub(super) struct TrackBody {
    /// Whose it is.
    #[schema(example = "alice")]
    user: String,
    /// The points, in the order that was asked for.
    points: Vec<TrackPointBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
    /// What was received until then is there, unless it is incomplete; Unix milliseconds.
    complete_until_ms: i64,
    /// Whether points may be missing that were received until then.
    incomplete: bool,
    /// Why: `refused` (the log took none for a while), `waiting` (more waits than is remembered), `store_away`, `unreadable` (damaged),
    /// `put_aside` (the store didn't take it); absent if none are.
    #[schema(required = false)]
    incomplete_because: Vec<String>,
    /// How far a point that was left out is from the line of the others at most, metres; absent where none was, or by time.
    #[schema(required = false)]
    tolerance_m: Option<f64>,
}

/// A point of a track; what the phone didn't tell is absent.
#[derive(ToSchema)]
struct TrackPointBody {
    /// Degrees north.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
    /// The time that it belongs to, Unix milliseconds.
    time_ms: i64,
    /// Radius within which the phone believed itself to be, metres.
    #[schema(required = false)]
    accuracy_m: Option<f64>,
    /// Above the ellipsoid, metres.
    #[schema(required = false)]
    altitude_m: Option<f64>,
    /// Over ground, metres per second.
    #[schema(required = false)]
    speed_mps: Option<f64>,
    /// Clockwise from true north, degrees.
    #[schema(required = false)]
    heading_deg: Option<f64>,
    /// Charge, percent.
    #[schema(required = false)]
    battery_percent: Option<f64>,
    /// The device that sent it.
    #[schema(example = "ios-3")]
    device: String,
    /// Its number among those of the device.
    seq: u64,
    /// When the server got it, Unix milliseconds.
    received_ms: i64,
    /// Why nobody was shown it: `older`, `too_old`, `ahead`, `repeated`, `imported` or `other`; absent if it was shown.
    #[schema(required = false)]
    unshown: Option<String>,
}
