use api::Problem;
use model::{Metres, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{cursor, invalid, range};
use crate::limits::{
    PAGE_POINTS, RESOLUTION_M_MAX, RESOLUTION_S_MAX, THINNED_POINTS_MAX, TRACK_LIMIT_DEFAULT,
    TRACK_LIMIT_MAX,
};
use crate::{Direction, Resolution, TrackFormat, TrackQuery};

/// Which part of a track, and how finely.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrackParams {
    /// The first moment, Unix milliseconds; the beginning if absent.
    #[param(value_type = Option<i64>, example = 1_700_000_000_000_i64)]
    from: Option<String>,
    /// The first moment behind it, Unix milliseconds, later than `from`; the end if absent.
    #[param(value_type = Option<i64>, example = 1_700_086_400_000_i64)]
    to: Option<String>,
    /// `asc`: the earliest first, as if absent; `desc`: the latest first.
    #[param(example = "asc")]
    order: Option<String>,
    /// The most points of the page. Pages are JSON without `max_points`; everything else is the whole track.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 10_000, default = 1_000)]
    limit: Option<String>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
    /// Leaves points out: `20m` those that are no farther than so many metres from the line of the others (1 to 100,000), `60s`
    /// those that come sooner than so many seconds after the one before (1 to 604,800). A page is simplified by itself, and has
    /// fewer points then.
    #[param(example = "20m")]
    resolution: Option<String>,
    /// Leaves out as many points as it takes to have no more than these, those first that change the line least.
    #[param(value_type = Option<u16>, minimum = 2, maximum = 10_000)]
    max_points: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TrackRequest {
    pub(super) query: TrackQuery,
    /// Whether it is one page of that; else all of it.
    pub(super) is_page: bool,
    pub(super) resolution: Option<Resolution>,
    pub(super) points_max: Option<usize>,
}

impl TrackParams {
    pub(super) fn parse(
        &self,
        user: &UserId,
        format: TrackFormat,
    ) -> Result<TrackRequest, Problem> {
        let range = range::range(self.from.as_deref(), self.to.as_deref())?;
        let direction = match self.order.as_deref() {
            None | Some("asc") => Direction::Ascending,
            Some("desc") => Direction::Descending,
            Some(_) => return Err(invalid("invalid_order", "order must be asc or desc")),
        };
        let is_page = format == TrackFormat::Json && self.max_points.is_none();
        if !is_page && (self.limit.is_some() || self.cursor.is_some()) {
            let detail =
                "limit and cursor are of pages, which are application/json without max_points";
            return Err(invalid("invalid_parameter", detail));
        }
        let limit_default = if is_page { TRACK_LIMIT_DEFAULT } else { PAGE_POINTS };
        let limit = self.limit.as_deref().map_or(Ok(limit_default), |text| {
            let rule = || format!("limit must be a whole number from 1 to {TRACK_LIMIT_MAX}");
            number(text, 1, TRACK_LIMIT_MAX).ok_or_else(|| invalid("invalid_limit", rule()))
        })?;
        let after = self.cursor.as_deref().map(|text| cursor::decode(text, user, direction));
        let resolution = self.resolution.as_deref().map(resolution).transpose()?;
        let points_max = self.max_points.as_deref().map(|text| {
            let rule =
                || format!("max_points must be a whole number from 2 to {THINNED_POINTS_MAX}");
            let points = number(text, 2, THINNED_POINTS_MAX);
            points.ok_or_else(|| invalid("invalid_max_points", rule()))
        });
        let query = TrackQuery { range, direction, limit, after: after.transpose()? };
        Ok(TrackRequest { query, is_page, resolution, points_max: points_max.transpose()? })
    }
}

fn resolution(text: &str) -> Result<Resolution, Problem> {
    let metres = text.strip_suffix('m').and_then(|text| number(text, 1, RESOLUTION_M_MAX));
    let seconds = text.strip_suffix('s').and_then(|text| number(text, 1, RESOLUTION_S_MAX));
    match (metres, seconds) {
        (Some(metres), _) => Ok(Resolution::Within(Metres(metres as f64))),
        (_, Some(seconds)) => Ok(Resolution::Every(seconds as i64 * 1_000)),
        (None, None) => Err(invalid(
            "invalid_resolution",
            format!(
                "resolution must be metres from 1m to {RESOLUTION_M_MAX}m or seconds from 1s to {RESOLUTION_S_MAX}s"
            ),
        )),
    }
}

/// A whole number in a range.
fn number(text: &str, least: usize, most: usize) -> Option<usize> {
    let number = api::whole_parameter(text).and_then(|number| usize::try_from(number).ok());
    number.filter(|number| (least..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(params: &TrackParams, format: TrackFormat) -> Result<TrackRequest, &'static str> {
        let user = UserId::parse("ann").expect("a user");
        params.parse(&user, format).map_err(|problem| problem.code())
    }

    #[test]
    fn nothing_said_is_the_first_page_of_all() {
        let asked = parsed(&TrackParams::default(), TrackFormat::Json).expect("nothing wrong");
        let expected = TrackQuery {
            range: crate::TimeRange::ALL,
            direction: Direction::Ascending,
            limit: 1_000,
            after: None,
        };
        assert!(asked.is_page && asked.query == expected && asked.resolution.is_none());
        let whole = parsed(&TrackParams::default(), TrackFormat::Csv).expect("nothing wrong");
        assert!(!whole.is_page);
        let few = TrackParams { max_points: Some("2".to_owned()), ..TrackParams::default() };
        assert!(!parsed(&few, TrackFormat::Json).expect("nothing wrong").is_page);
    }

    #[test]
    fn resolutions_have_a_unit() {
        let read = |text: &str| resolution(text).map_err(|problem| problem.code());
        assert_eq!(read("1m"), Ok(Resolution::Within(Metres(1.0))));
        assert_eq!(read("100000m"), Ok(Resolution::Within(Metres(100_000.0))));
        assert_eq!(read("1s"), Ok(Resolution::Every(1_000)));
        assert_eq!(read("604800s"), Ok(Resolution::Every(604_800_000)));
        for wrong in [
            "", "m", "5", "0m", "0s", "100001m", "604801s", "-1m", "+1m", "1.5m", "1 m", "1ms",
            "m1",
        ] {
            assert_eq!(read(wrong), Err("invalid_resolution"), "{wrong}");
        }
    }
}
