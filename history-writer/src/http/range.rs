use api::Problem;
use model::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::invalid;
use crate::TimeRange;

/// A stretch of a track.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RangeQuery {
    /// The first moment, Unix milliseconds; the beginning if absent.
    #[param(value_type = Option<i64>, example = 1_700_000_000_000_i64)]
    from: Option<String>,
    /// The first moment behind it, Unix milliseconds, later than `from`; the end if absent.
    #[param(value_type = Option<i64>, example = 1_700_086_400_000_i64)]
    to: Option<String>,
}

impl RangeQuery {
    pub(super) fn range(&self) -> Result<TimeRange, Problem> {
        range(self.from.as_deref(), self.to.as_deref())
    }
}

/// The stretch between two parameters.
pub(super) fn range(from: Option<&str>, to: Option<&str>) -> Result<TimeRange, Problem> {
    let from = moment("from", from)?.unwrap_or(TimeRange::ALL.from);
    let to = moment("to", to)?.unwrap_or(TimeRange::ALL.to);
    if to <= from {
        return Err(invalid("invalid_range", "to must be later than from"));
    }
    Ok(TimeRange { from, to })
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    // What is from, or before, a moment between two milliseconds is so of the later one.
    let ms = api::time_parameter(text, f64::ceil);
    let wrong = || invalid("invalid_time", format!("{name} must be a time in Unix milliseconds"));
    ms.map(|ms| Some(Timestamp(ms))).ok_or_else(wrong)
}
