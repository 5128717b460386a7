use std::sync::Arc;

use api::{Milliseconds, Problem, Whole};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::request::invalid;
use crate::limits::{ARCHIVES_MAX, REWARD_BYTES_MAX};
use crate::{Calendar, Reward, Rewarded, Schedule, Season, SeasonRules};

/// What is meant by milliseconds: up to the year 9999.
const AT_MS_MAX: i64 = 253_402_300_799_999;
const GRACE_MS_DEFAULT: i64 = 60_000;
const ARCHIVES_DEFAULT: usize = 10;

/// A rank, from 1.
type Rank = Whole<1, { i64::MAX }>;

/// How a board is played in seasons.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct SeasonRulesBody {
    /// When a season ends, and the next one begins: minute, hour, day of the month, month, day of the week. A time that clocks
    /// leave out is when they are set forward; one that they show twice is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0 0 * * mon")]
    cron: Option<String>,
    /// The time zone of `cron`, an IANA name; absent: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Instead of `cron`, when the one season ends, Unix milliseconds: later than now. A fraction is rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    ends_ms: Option<Milliseconds>,
    /// How long after its end a season takes events that say they happened before, milliseconds, 0 to a day; absent: a minute.
    /// It ends with the next season at the latest.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 86_400_000)]
    grace_ms: Option<Milliseconds>,
    /// How many seasons that ended are kept, 0 to 100; absent: 10.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100)]
    archives: Option<Whole<0, { ARCHIVES_MAX as i64 }>>,
    /// What those get who won, up to 20; a service reads it once a season is sealed.
    #[serde(default)]
    #[schema(max_items = 20)]
    rewards: Vec<RewardBody>,
}

/// What some players get: those from one rank to another, or a share of all.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct RewardBody {
    /// The best rank that gets it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, example = 1)]
    from_rank: Option<Rank>,
    /// The worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, example = 3)]
    to_rank: Option<Rank>,
    /// Instead of ranks the share of the best, percent: above 0, up to 100, with two decimals at most. A part of a player is
    /// rounded up, and who shares a score shares this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    top_percent: Option<f64>,
    /// Any JSON of up to 1,024 bytes: the deployment's own words.
    #[schema(value_type = serde_json::Value)]
    data: Box<RawValue>,
}

/// A season of a board.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SeasonBody {
    /// How many seasons the board had before.
    number: u32,
    /// Began at, Unix milliseconds.
    starts_ms: i64,
    /// Ends or ended at, Unix milliseconds; null: goes on for ever.
    ends_ms: Option<i64>,
    /// When it takes no more events, Unix milliseconds; null while it isn't known.
    closes_ms: Option<i64>,
    /// `open`: takes events; `grace`: takes late ones; `sealed`: who stands where is final.
    #[schema(example = "open")]
    state: &'static str,
}

impl From<&Season> for SeasonBody {
    fn from(season: &Season) -> Self {
        let ms = |at: Timestamp| at.0;
        Self {
            number: season.number,
            starts_ms: season.starts.0,
            ends_ms: season.ends.map(ms),
            closes_ms: season.ended.as_ref().map(|ended| ended.closes.0),
            state: season.state().as_str(),
        }
    }
}

impl From<&SeasonRules> for SeasonRulesBody {
    fn from(rules: &SeasonRules) -> Self {
        let (calendar, ends) = match &rules.schedule {
            Schedule::Ends(at) => (None, Some(at.0)),
            Schedule::Repeats(calendar) => (Some(calendar), None),
        };
        Self {
            cron: calendar.map(|it| it.expression().to_owned()),
            time_zone: calendar.map(|it| it.zone().to_owned()),
            ends_ms: ends.map(Milliseconds),
            grace_ms: Some(Milliseconds(rules.grace_ms)),
            archives: i64::try_from(rules.archives).ok().map(Whole),
            rewards: rules.rewards.iter().filter_map(RewardBody::new).collect(),
        }
    }
}

impl SeasonRulesBody {
    /// The rules, if every value can be.
    pub(in crate::http) fn rules(&self) -> Result<SeasonRules, Problem> {
        let wrong = |detail: String| invalid("invalid_season", format!("season: {detail}"));
        let schedule = match (&self.cron, self.ends_ms.map(|it| it.0)) {
            (Some(cron), None) => {
                let zone = self.time_zone.as_deref().unwrap_or("UTC");
                let calendar = Calendar::parse(cron, zone);
                Schedule::Repeats(calendar.map_err(|fault| wrong(fault.to_string()))?)
            }
            (None, Some(_)) if self.time_zone.is_some() => {
                return Err(wrong("time_zone belongs to cron".to_owned()));
            }
            (None, Some(ends)) if (0..=AT_MS_MAX).contains(&ends) => {
                Schedule::Ends(Timestamp(ends))
            }
            (None, Some(_)) => return Err(wrong("ends_ms must be Unix milliseconds".to_owned())),
            (Some(_), Some(_)) | (None, None) => {
                return Err(wrong("one of cron and ends_ms is needed, and not both".to_owned()));
            }
        };
        let rewards = self.rewards.iter().map(|it| it.reward().map_err(wrong));
        let rewards: Arc<[Reward]> = rewards.collect::<Result<_, _>>()?;
        Reward::check(&rewards).map_err(|fault| wrong(format!("rewards {fault}")))?;
        Ok(SeasonRules {
            schedule,
            grace_ms: self.grace_ms.map_or(GRACE_MS_DEFAULT, |it| it.0),
            // A negative number is as good as one that is too large.
            archives: self
                .archives
                .map_or(ARCHIVES_DEFAULT, |it| it.0.try_into().unwrap_or(usize::MAX)),
            rewards,
        })
    }
}

impl RewardBody {
    fn new(reward: &Reward) -> Option<Self> {
        let data = data(reward)?;
        let none = Self { from_rank: None, to_rank: None, top_percent: None, data };
        Some(match reward.to {
            Rewarded::Ranks { from, to } => {
                let rank = |rank: u64| i64::try_from(rank).ok().map(Whole);
                Self { from_rank: rank(from), to_rank: rank(to), ..none }
            }
            Rewarded::Top { percent_hundredths } => {
                Self { top_percent: Some(f64::from(percent_hundredths) / 100.0), ..none }
            }
        })
    }

    fn reward(&self) -> Result<Reward, String> {
        let to = match (self.from_rank, self.to_rank, self.top_percent) {
            (Some(from), Some(to), None) => {
                // What can't be is 0, which is refused.
                let rank = |rank: Rank| rank.0.try_into().unwrap_or(0);
                Rewarded::Ranks { from: rank(from), to: rank(to) }
            }
            (None, None, Some(percent)) => {
                let hundredths = (percent * 100.0).round();
                let is_exact = (percent * 100.0 - hundredths).abs() < 1e-6;
                let hundredths = if is_exact && hundredths <= 10_000.0 { hundredths } else { 0.0 };
                Rewarded::Top { percent_hundredths: hundredths as u16 }
            }
            _ => return Err("a reward has from_rank and to_rank, or top_percent".to_owned()),
        };
        if self.data.get().len() > REWARD_BYTES_MAX {
            return Err(format!("data of a reward is longer than {REWARD_BYTES_MAX} bytes"));
        }
        Ok(Reward { to, data: Arc::from(self.data.get()) })
    }
}

/// What a reward is, as it was given.
pub(in crate::http) fn data(reward: &Reward) -> Option<Box<RawValue>> {
    RawValue::from_string(reward.data.to_string()).ok()
}
