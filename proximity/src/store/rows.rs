use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use model::{CanonicalDigest, FeedPosition, Position, ReadToken, Timestamp, UserId};
use serde::{Deserialize, Serialize};
pub(crate) use sql::{Columns, damaged, missing};
use tokio::task::yield_now;

use crate::core::catalogue::business::{Business, IdempotencyKey, Source, SourceName};
use crate::core::catalogue::change::Change;
use crate::core::catalogue::details::{Details, Draft, Name};
use crate::core::catalogue::hours::OpeningHours;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Effect, Outcome};
use crate::core::catalogue::needs::{KeyOf, Remembered};
use crate::core::catalogue::request_digest::RequestDigest;
use crate::core::geo::cell::CountedCell;
use crate::core::geo::hexagon::Hexagon;
use crate::core::search::scan::Candidate;

fn number(row: &impl Columns, column: &str) -> Result<i64, sqlx::Error> {
    row.number(column)?.ok_or_else(|| missing(column))
}

fn natural(row: &impl Columns, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(number(row, column)?).map_err(damaged)
}

fn id(row: &impl Columns) -> Result<BusinessId, sqlx::Error> {
    BusinessId::from_integer(number(row, "id")?).ok_or_else(|| damaged("an id is negative"))
}

fn position(row: &impl Columns) -> Result<Position, sqlx::Error> {
    Position::new(row.fraction("latitude")?, row.fraction("longitude")?).map_err(damaged)
}

fn placed(row: &impl Columns) -> Result<FeedPosition, sqlx::Error> {
    natural(row, "placed").map(FeedPosition)
}

/// Up to where removals are forgotten.
pub(crate) fn horizon(row: &impl Columns) -> Result<FeedPosition, sqlx::Error> {
    natural(row, "horizon").map(FeedPosition)
}

fn hours_of(line: &str) -> Result<OpeningHours, sqlx::Error> {
    OpeningHours::from_line(line).ok_or_else(|| damaged("hours"))
}

/// What a business says besides what has a column of its own, as JSON.
#[derive(Serialize, Deserialize)]
struct Rest {
    categories: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    attributes: std::collections::BTreeMap<String, String>,
}

/// The column `rest`.
pub(crate) fn rest(details: &Details) -> String {
    let Details { categories, address, phone, site, attributes, .. } = details;
    let rest = Rest {
        categories: categories.iter().map(ToString::to_string).collect(),
        address: address.as_ref().map(ToString::to_string),
        phone: phone.as_ref().map(ToString::to_string),
        site: site.as_ref().map(|site| site.as_str().to_owned()),
        attributes: attributes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
    };
    serde_json::to_string(&rest).expect("text becomes JSON")
}

/// The column `hours`.
pub(crate) fn hours_line(details: &Details) -> Option<String> {
    details.hours.as_ref().map(OpeningHours::to_line)
}

fn details(
    name: &str,
    position: Position,
    hours: Option<OpeningHours>,
    rest: &str,
) -> Result<Details, sqlx::Error> {
    let rest: Rest = serde_json::from_str(rest).map_err(damaged)?;
    let Rest { categories, address, phone, site, attributes } = rest;
    let name = name.to_owned();
    Draft { name, categories, address, position, hours, phone, site, attributes }
        .check()
        .map_err(damaged)
}

fn source(name: Option<&str>, id: Option<&str>) -> Result<Option<Source>, sqlx::Error> {
    let line = |text: &str| SourceName::parse(text).map_err(damaged);
    let pair = name.zip(id).map(|(name, id)| Ok(Source { name: line(name)?, id: line(id)? }));
    pair.transpose()
}

fn owner(text: Option<&str>) -> Result<Option<UserId>, sqlx::Error> {
    text.map(|text| UserId::parse(text).map_err(damaged)).transpose()
}

/// A business: `id`, `version`, `placed`, `owner`, `source`, `source_id`, `name`, `latitude`, `longitude`, `hours`,
/// `rest`, `updated_ms`.
pub(crate) fn business(row: &impl Columns) -> Result<Business, sqlx::Error> {
    let name = row.text("name")?.ok_or_else(|| missing("name"))?;
    let rest = row.text("rest")?.ok_or_else(|| missing("rest"))?;
    let hours = row.text("hours")?.map(hours_of).transpose()?;
    Ok(Business {
        id: id(row)?,
        owner: owner(row.text("owner")?)?,
        source: source(row.text("source")?, row.text("source_id")?)?,
        details: details(name, position(row)?, hours, rest)?,
        version: natural(row, "version")?,
        updated: Timestamp(number(row, "updated_ms")?),
        placed: placed(row)?,
    })
}

/// After so many rows other tasks of the thread get their turn: well within a millisecond.
const YIELD_ROWS: usize = 500;

/// Candidates: `id`, `latitude`, `longitude`, `placed`, `name`, `hours`. Hours that are the same are read once: most of a
/// city's are.
pub(crate) async fn candidates<'r, R: Columns + Sync + 'r>(
    rows: impl Iterator<Item = &'r R> + Send,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let mut read: HashMap<&str, Arc<OpeningHours>> = HashMap::new();
    let mut candidates = Vec::new();
    for row in rows {
        let hours = match row.text("hours")? {
            None => None,
            Some(line) => Some(match read.entry(line) {
                Entry::Occupied(known) => Arc::clone(known.get()),
                Entry::Vacant(new) => Arc::clone(new.insert(Arc::new(hours_of(line)?))),
            }),
        };
        candidates.push(Candidate { hours, ..plain_candidate(row)? });
        if candidates.len().is_multiple_of(YIELD_ROWS) {
            yield_now().await;
        }
    }
    Ok(candidates)
}

/// A candidate without hours.
pub(crate) fn plain_candidate(row: &impl Columns) -> Result<Candidate, sqlx::Error> {
    let (id, position, placed) = (id(row)?, position(row)?, placed(row)?);
    let name = row.text("name")?.map(Name::known);
    Ok(Candidate { id, position, placed, hours: None, name })
}

/// A state, in the columns of a candidate.
pub(crate) fn plain_token(row: &impl Columns) -> Result<ReadToken, sqlx::Error> {
    let timeline = number(row, "placed")? as u64;
    Ok(ReadToken { timeline, position: FeedPosition(natural(row, "id")?) })
}

/// A change: a business and its `feed_position`, or without a `name` only those, `id`, `version` and `updated_ms`.
pub(crate) fn change(row: &impl Columns) -> Result<Change, sqlx::Error> {
    let is_there = row.text("name")?.is_some();
    Ok(Change {
        position: FeedPosition(natural(row, "feed_position")?),
        id: id(row)?,
        version: natural(row, "version")?,
        at: Timestamp(number(row, "updated_ms")?),
        business: is_there.then(|| business(row)).transpose()?,
    })
}

/// How many businesses somebody has: `owner`, `owned`.
pub(crate) fn owned(row: &impl Columns) -> Result<(UserId, u32), sqlx::Error> {
    let owner = owner(row.text("owner")?)?.ok_or_else(|| missing("owner"))?;
    Ok((owner, u32::try_from(number(row, "owned")?).map_err(damaged)?))
}

/// How many: `cell`, `businesses`.
pub(crate) fn density(row: &impl Columns) -> Result<(CountedCell, u32), sqlx::Error> {
    let cell = u32::try_from(number(row, "cell")?).map_err(damaged)?;
    Ok((CountedCell(cell), u32::try_from(number(row, "businesses")?).map_err(damaged)?))
}

/// How many: `cell`, `businesses`.
pub(crate) fn hexagon(row: &impl Columns) -> Result<(Hexagon, u64), sqlx::Error> {
    let cell = Hexagon::from_integer(number(row, "cell")?);
    Ok((cell.ok_or_else(|| damaged("a cell is none of H3"))?, natural(row, "businesses")?))
}

/// What a write with a key was answered, as JSON. Degrees as bits: text might come back as a neighbour.
#[derive(Serialize, Deserialize)]
struct OutcomeRecord {
    effect: String,
    id: i64,
    version: u64,
    updated_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<(String, String)>,
    name: String,
    latitude_bits: u64,
    longitude_bits: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    rest: String,
}

/// The column `outcome`.
pub(crate) fn outcome_record(outcome: &Outcome) -> String {
    let Business { id, owner, source, details, version, updated, placed: _ } = &outcome.business;
    let record = OutcomeRecord {
        effect: outcome.effect.as_str().to_owned(),
        id: id.integer(),
        version: *version,
        updated_ms: updated.0,
        owner: owner.as_ref().map(ToString::to_string),
        source: source.as_ref().map(|source| (source.name.to_string(), source.id.to_string())),
        name: details.name.to_string(),
        latitude_bits: details.position.latitude().to_bits(),
        longitude_bits: details.position.longitude().to_bits(),
        hours: hours_line(details),
        rest: rest(details),
    };
    serde_json::to_string(&record).expect("text and numbers become JSON")
}

/// Reads the column `outcome`.
pub(crate) fn outcome(record: &str) -> Result<Outcome, sqlx::Error> {
    let record: OutcomeRecord = serde_json::from_str(record).map_err(damaged)?;
    let degrees = |bits| f64::from_bits(bits);
    let position = Position::new(degrees(record.latitude_bits), degrees(record.longitude_bits))
        .map_err(damaged)?;
    let hours = record.hours.as_deref().map(hours_of);
    let (source_name, source_id) = record.source.unzip();
    let business = Business {
        id: BusinessId::from_integer(record.id).ok_or_else(|| damaged("an id is negative"))?,
        owner: owner(record.owner.as_deref())?,
        source: source(source_name.as_deref(), source_id.as_deref())?,
        details: details(&record.name, position, hours.transpose()?, &record.rest)?,
        version: record.version,
        updated: Timestamp(record.updated_ms),
        placed: FeedPosition(0),
    };
    let effect = Effect::parse(&record.effect).ok_or_else(|| damaged("an unknown effect"))?;
    Ok(Outcome { effect, business })
}

/// What is remembered of a request with a key: `caller`, `key`, `fingerprint`, `digest` (hexadecimal; none where a process
/// that knows no digests stored it), `at_ms`, `outcome`.
pub(crate) fn remembered(row: &impl Columns) -> Result<(KeyOf, Remembered), sqlx::Error> {
    let text = |column| row.text(column)?.ok_or_else(|| missing(column));
    let caller = UserId::parse(text("caller")?).map_err(damaged)?;
    let key = IdempotencyKey::parse(text("key")?).map_err(damaged)?;
    let digest = row
        .text("digest")?
        .map(|hex| CanonicalDigest::from_hex(hex).ok_or_else(|| damaged("a digest is none")));
    let debug_hash = number(row, "fingerprint")? as u64;
    let request = RequestDigest { debug_hash, digest: digest.transpose()? };
    let (at, outcome) = (Timestamp(number(row, "at_ms")?), outcome(text("outcome")?)?);
    Ok(((caller, key), Remembered { request, at, outcome }))
}
