use std::ops::RangeInclusive;

use api::{Authenticated, DataSubject, Item, Json, Problem, ReadBack, ReadOnly, Work};
use axum::extract::State;
use model::{DeviceId, ErrorKind, Fix, Position, Timestamp, Version};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{invalid, services_only};
use crate::core::cost::TAKEN;
use crate::limits::POSTED_POINTS_MAX;
use crate::{History, Kept, Point, Unshown};

/// The years 1900 to 9999.
const TIME_MS: RangeInclusive<f64> = -2_208_988_800_000.0..=253_402_300_799_999.0;
/// Whole numbers that a double has exactly.
const SEQ: RangeInclusive<f64> = 0.0..=9_007_199_254_740_992.0;
/// When to post again what the log didn't take, milliseconds.
const RETRY_AFTER_MS: u64 = 5_000;

/// What the server says of a point that was read; it says it anew of one that is posted.
const POINT_READ_ONLY: &[&str] = &["received_ms", "unshown"];
/// The most names of members that are told to have been passed over, and characters of each.
const PASSED_OVER_MAX: usize = 8;
const PASSED_OVER_CHARS_MAX: usize = 64;

/// A point that wasn't received from a phone. One that was read may be sent as it is: `received_ms` and `unshown` are decided anew.
/// Members of newer programs are passed over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(super) struct PostedPoint {
    /// When, Unix milliseconds, from 1900 to 9999.
    #[schema(value_type = i64, example = 1_700_000_000_000_i64)]
    time_ms: f64,
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
    /// Which device made it.
    #[schema(example = "phone")]
    device: String,
    /// Its number on that device, up to 2^53. A point is named by device, time and number: what is posted again is one point.
    #[schema(value_type = u64)]
    seq: f64,
    /// Radius within which the phone believed itself to be, metres.
    accuracy_m: Option<f64>,
    /// Above the ellipsoid, metres.
    altitude_m: Option<f64>,
    /// Over ground, metres per second.
    speed_mps: Option<f64>,
    /// Clockwise from true north, degrees.
    heading_deg: Option<f64>,
    /// Charge, percent.
    battery_percent: Option<f64>,
}

/// Points of one user. A page that was read may be sent as it is; its `user` must be the same one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostTrackBody {
    /// 1 to 256, each by itself: some may be refused. What they have in all must fit into 64 KiB.
    #[schema(value_type = Vec<PostedPoint>, min_items = 1, max_items = 256)]
    points: Vec<Box<RawValue>>,
}

impl ReadOnly for PostTrackBody {
    const NAMES: &'static [&'static str] = &[
        "user",
        "next_cursor",
        "complete_until_ms",
        "incomplete",
        "incomplete_because",
        "tolerance_m",
    ];
}

/// Why a point isn't kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefusedPoint {
    /// A word for programs.
    #[schema(example = "invalid_time")]
    code: &'static str,
    /// A sentence for people.
    detail: String,
}

/// What became of a point.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostedOutcome {
    /// Whether it is kept.
    kept: bool,
    /// Why it isn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<RefusedPoint>,
    /// The names of some members of it that aren't known, so that nothing of them is kept; absent if there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    passed_over: Vec<String>,
}

/// What became of the points, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostedTrackBody {
    points: Vec<PostedOutcome>,
}

/// Adds points to a user's history that come from elsewhere, of any age: they are told with the reason `imported`, and nobody is
/// shown them as a present position. It may be repeated: a point that is there already is there once. What was read may be posted as
/// it is.
///
/// Services only.
#[utoipa::path(
    post,
    operation_id = "post_track",
    path = "/v1/users/{user}/track",
    tag = "history",
    params(("user" = String, Path, description = "An id")),
    request_body = PostTrackBody,
    responses(
        (status = 200, body = PostedTrackBody, description = "As durable as what is acknowledged to phones. Answered so even if some of the points, or all, were refused. 409 `history_off` if the user turned their history off"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn post(
    State(history): State<History>,
    Authenticated(caller): Authenticated,
    DataSubject(user): DataSubject,
    mut work: Work,
    mut sent: ReadBack<PostTrackBody>,
) -> Result<Json<PostedTrackBody>, Problem> {
    services_only(&caller)?;
    if sent.take("user").is_some_and(|said| said != user.as_str()) {
        return Err(Problem::read_only("user"));
    }
    let body = sent.body;
    if !(1..=POSTED_POINTS_MAX).contains(&body.points.len()) {
        let detail = format!("points must be 1 to {POSTED_POINTS_MAX}");
        return Err(invalid("invalid_points", detail));
    }
    work.spend(TAKEN * body.points.len() as u64).await?;
    let received = history.now();
    let read: Vec<_> = body.points.iter().map(|json| read(json, received)).collect();
    let points: Vec<Point> =
        read.iter().filter_map(|(point, _)| point.as_ref().ok()).cloned().collect();
    if !points.is_empty() {
        match history.import(&user, &points).await {
            Kept::Log => {}
            Kept::Nothing => {
                let detail = "this user turned their history off";
                return Err(Problem::new(ErrorKind::Conflict, "history_off", detail));
            }
            Kept::Memory => {
                let detail = "the log of movement history takes nothing now; post it again later";
                let problem = Problem::new(ErrorKind::Unavailable, "unavailable", detail);
                return Err(problem.retry_after_ms(RETRY_AFTER_MS));
            }
        }
    }
    let outcome = |(point, passed_over): (Result<Point, RefusedPoint>, _)| PostedOutcome {
        kept: point.is_ok(),
        problem: point.err(),
        passed_over,
    };
    Ok(Json(PostedTrackBody { points: read.into_iter().map(outcome).collect() }))
}

/// A point, if it is one, and what of it was passed over.
fn read(json: &RawValue, received: Timestamp) -> (Result<Point, RefusedPoint>, Vec<String>) {
    match Item::<PostedPoint>::read(json, POINT_READ_ONLY) {
        Ok(Item { value, unknown }) => {
            let names = unknown.into_iter().take(PASSED_OVER_MAX);
            let short = |name: String| name.chars().take(PASSED_OVER_CHARS_MAX).collect();
            (value.check(received), names.map(short).collect())
        }
        Err(detail) => (Err(refused("invalid_point", detail)), Vec::new()),
    }
}

fn refused(code: &'static str, detail: String) -> RefusedPoint {
    RefusedPoint { code, detail }
}

impl PostedPoint {
    /// The point, if every value can be.
    fn check(self, received: Timestamp) -> Result<Point, RefusedPoint> {
        if !TIME_MS.contains(&self.time_ms) {
            let detail = "time_ms must be Unix milliseconds of the years 1900 to 9999".to_owned();
            return Err(refused("invalid_time", detail));
        }
        if !SEQ.contains(&self.seq) || self.seq.fract() != 0.0 {
            let detail = "seq must be a whole number up to 2^53".to_owned();
            return Err(refused("invalid_seq", detail));
        }
        let device = DeviceId::parse(&self.device);
        let device =
            device.map_err(|fault| refused("invalid_device", format!("device {fault}")))?;
        let position = Position::new(self.latitude, self.longitude);
        let position = position.map_err(|fault| refused("invalid_position", fault.to_string()))?;
        let fix = Fix {
            position,
            accuracy_m: self.accuracy_m,
            altitude_m: self.altitude_m,
            speed_mps: self.speed_mps,
            heading_deg: self.heading_deg,
            battery_percent: self.battery_percent,
        };
        let fix = fix.checked().map_err(|fault| refused("invalid_value", fault.to_string()))?;
        // With a fraction it lies within that millisecond, before 1970 too.
        let effective = Timestamp(self.time_ms.floor() as i64);
        let version = Version { effective, device, seq: self.seq as u64 };
        Ok(Point::new(version, &fix, received, Some(Unshown::Imported)))
    }
}
