use std::collections::HashSet;
use std::sync::Arc;

use model::{Clock, Moment, ReadToken};
use redis::{Pipeline, Value};
use tokio::sync::oneshot;

use super::endpoint::Endpoint;
use super::record_codec;
use crate::live::{Channel, Error, Written};
use crate::session::record::Sighting;

/// Something to ask a server.
pub(super) enum Request {
    /// Cache a sighting unless a newer one is cached; and publish it if it was news.
    Put(Put, Answer<Written>),
    /// Read the newest of these, in this order.
    Read { channels: Vec<Channel>, answer: Answer<Vec<Option<Sighting>>> },
    /// Publish changes of circles, each on these channels; and leave a note of what was told.
    Tell { changes: Arc<[(Channel, Vec<u8>)]>, note: Note, answer: Answer<()> },
    /// Read which changes up to there are noted one by one.
    Told { up_to: ReadToken, answer: Answer<HashSet<ReadToken>> },
}

/// What is left in a server once changes of circles were told through it. Last in a pipeline: whoever reads it, and
/// hears a probe that was sent after that, has heard all that it says.
#[derive(Debug, Clone)]
pub(super) enum Note {
    /// More is to come.
    None,
    /// These were told, whatever was before them.
    These(Arc<[ReadToken]>),
    /// All up to here were: the mark.
    UpTo(ReadToken),
}

/// For how long it is remembered that single changes were told, if no mark takes their place, milliseconds.
const TOLD_REMEMBERED_MS: u64 = 60_000;

/// A sighting to cache.
pub(super) struct Put {
    pub(super) channel: Channel,
    pub(super) sighting: Sighting,
    /// What it costs its user: so many milliseconds more until nothing is used up.
    pub(super) cost_ms: f64,
}

/// Where an answer goes; nobody listens any more once its patience is over.
pub(super) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// How a sighting is read and written: the same for requests and for what a shard does by itself.
pub(super) struct Codec {
    pub(super) endpoint: Endpoint,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) origin: u64,
}

/// What a server calls the script that caches and publishes.
pub(super) struct ScriptSha(pub(super) String);

impl Request {
    /// Whether nobody waits for the answer any more.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Put(_, answer) => answer.is_closed(),
            Self::Read { answer, .. } => answer.is_closed(),
            Self::Tell { answer, .. } => answer.is_closed(),
            Self::Told { answer, .. } => answer.is_closed(),
        }
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self, Self::Read { .. })
    }

    /// How many commands it takes, and so how many answers.
    pub(super) fn commands(&self) -> usize {
        match self {
            Self::Put(..) | Self::Told { .. } => 1,
            Self::Read { channels, .. } => channels.len() + 1,
            Self::Tell { changes, note, .. } => {
                changes.len() + if matches!(note, Note::None) { 0 } else { 2 }
            }
        }
    }
}

impl Codec {
    /// Adds the commands of a request.
    pub(super) fn pack(
        &self,
        pipeline: &mut Pipeline,
        request: &Request,
        script: &ScriptSha,
        now: Moment,
    ) {
        match request {
            Request::Put(put, _) => self.pack_put(pipeline, put, script, now),
            Request::Read { channels, .. } => self.pack_read(pipeline, channels),
            Request::Tell { changes, note, .. } => {
                for (channel, bytes) in changes.iter() {
                    pipeline.cmd("PUBLISH").arg(self.endpoint.channel(channel)).arg(&bytes[..]);
                }
                self.pack_note(pipeline, note);
            }
            Request::Told { up_to, .. } => {
                pipeline.cmd("ZRANGEBYSCORE").arg(self.endpoint.told_key()).arg("-inf");
                pipeline.arg(up_to.position.0);
            }
        }
    }

    fn pack_note(&self, pipeline: &mut Pipeline, note: &Note) {
        let told = self.endpoint.told_key();
        match note {
            Note::None => {}
            Note::These(these) => {
                pipeline.cmd("ZADD").arg(&told);
                for as_of in these.iter() {
                    pipeline.arg(as_of.position.0).arg(as_of.to_string());
                }
                pipeline.cmd("PEXPIRE").arg(&told).arg(TOLD_REMEMBERED_MS);
            }
            Note::UpTo(as_of) => {
                pipeline.cmd("SET").arg(self.endpoint.mark_key()).arg(as_of.to_string());
                pipeline.cmd("ZREMRANGEBYSCORE").arg(&told).arg("-inf").arg(as_of.position.0);
            }
        }
    }

    pub(super) fn pack_put(
        &self,
        pipeline: &mut Pipeline,
        put: &Put,
        script: &ScriptSha,
        now: Moment,
    ) {
        let Put { channel, sighting, cost_ms } = put;
        // What has expired on the way here is written for a moment, so that it is judged all the same.
        let ttl_ms =
            u32::try_from(sighting.expires.since_ms(now.monotonic)).unwrap_or(u32::MAX).max(1);
        let bytes = record_codec::encode(&sighting.record, self.origin, ttl_ms);
        // All three are whole numbers below 2⁵³, or need not be exact.
        let numbers = [now.wall.0 as f64, sighting.record.version.effective.0 as f64, *cost_ms];
        let numbers = numbers.map(f64::to_be_bytes).concat();
        pipeline.cmd("EVALSHA").arg(&script.0).arg(1).arg(self.endpoint.key(channel));
        pipeline.arg(bytes).arg(ttl_ms).arg(numbers).arg(self.endpoint.channel(channel));
    }

    pub(super) fn pack_read(&self, pipeline: &mut Pipeline, channels: &[Channel]) {
        let keys: Vec<String> = channels.iter().map(|channel| self.endpoint.key(channel)).collect();
        pipeline.cmd("MGET").arg(&keys);
        for key in &keys {
            pipeline.cmd("PTTL").arg(key);
        }
    }

    pub(super) fn answer(&self, request: Request, answers: Vec<Value>, now: Moment) {
        // Who gave up waiting is not told: hence the ignored results.
        match request {
            Request::Put(_, answer) => {
                let written = match answers.first() {
                    Some(Value::Int(1)) => Ok(Written::Newest),
                    Some(Value::Int(0)) => Ok(Written::Older),
                    Some(Value::Int(wait_ms @ ..0)) => {
                        Ok(Written::Limited { retry_after_ms: wait_ms.unsigned_abs() })
                    }
                    other => Err(self.refused(other)),
                };
                let _ = answer.send(written);
            }
            Request::Tell { answer, .. } => {
                let failed = answers.iter().find(|a| matches!(a, Value::ServerError(_)));
                let _ = answer.send(failed.map_or(Ok(()), |why| Err(self.refused(Some(why)))));
            }
            Request::Told { answer, .. } => {
                let told = match answers.into_iter().next() {
                    Some(Value::Array(told)) => Ok(told.iter().filter_map(as_of).collect()),
                    other => Err(self.refused(other.as_ref())),
                };
                let _ = answer.send(told);
            }
            Request::Read { channels, answer } => {
                let _ = answer.send(self.unpack_read(&channels, answers, now));
            }
        }
    }

    pub(super) fn unpack_read(
        &self,
        channels: &[Channel],
        answers: Vec<Value>,
        now: Moment,
    ) -> Result<Vec<Option<Sighting>>, Error> {
        let mut answers = answers.into_iter();
        let values = match answers.next() {
            Some(Value::Array(values)) => values,
            other => return Err(self.refused(other.as_ref())),
        };
        let read = channels.iter().zip(values).zip(answers).map(|((channel, value), left)| {
            let (Value::BulkString(bytes), Value::Int(left_ms)) = (value, left) else {
                return None;
            };
            let left_ms = u64::try_from(left_ms).ok()?;
            let decoded = record_codec::decode_cached(channel.user.clone(), &bytes, now.monotonic)?;
            let expires = now.monotonic.plus_ms(left_ms);
            Some(Sighting { record: Arc::new(decoded.record), expires })
        });
        Ok(read.collect())
    }

    fn refused(&self, answer: Option<&Value>) -> Error {
        let why = match answer {
            Some(Value::ServerError(error)) => error.to_string(),
            _ => "it answered something else than was asked".to_owned(),
        };
        self.endpoint.fault(&why)
    }
}

/// A place in the feed as servers keep it.
pub(super) fn as_of(note: &Value) -> Option<ReadToken> {
    let Value::BulkString(text) = note else { return None };
    ReadToken::parse(std::str::from_utf8(text).ok()?)
}
