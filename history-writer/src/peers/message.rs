//! Questions and answers as bytes.
//!
//! ```text
//! question  when it was asked, from, to, the user
//! answer    how many logs, of each its id, whether all of it is here, until when it is durable, until when it is stored;
//!           the points as a log writes them
//! ```

use model::{Timestamp, UserId};
use segment_log::{Bytes, Malformed, put_i64, put_text, put_u64};

use super::ANSWER_BYTES_MAX;
use crate::log::codec;
use crate::{LOGS_MAX, LogId, Point, TimeRange};

/// The most points of an answer: of a user who sends one a second, an hour and more.
pub(crate) const ANSWERED_POINTS_MAX: usize = 8_192;

/// The fewest bytes of a log.
const LOG_BYTES_MIN: usize = 19;
/// The most bytes of the points: beside them there is room for as many logs as there may be.
const ROWS_BYTES_MAX: usize = ANSWER_BYTES_MAX - 256 * 1_024;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// When, by the clock of whoever asks.
    pub(crate) asked_at: Timestamp,
    /// Of which effective times.
    pub(crate) range: TimeRange,
    /// Whose points.
    pub(crate) user: UserId,
}

impl Question {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_i64(&mut bytes, self.asked_at.0);
        put_i64(&mut bytes, self.range.from.0);
        put_i64(&mut bytes, self.range.to.0);
        put_text(&mut bytes, self.user.as_str());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(bytes);
        let asked_at = Timestamp(bytes.i64()?);
        let range = TimeRange { from: Timestamp(bytes.i64()?), to: Timestamp(bytes.i64()?) };
        let user = UserId::parse(bytes.text()?).map_err(|_| Malformed)?;
        if bytes.is_empty() { Ok(Self { asked_at, range, user }) } else { Err(Malformed) }
    }
}

/// How much of a log an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnsweredLog {
    pub(crate) log: LogId,
    /// Whether all points of the user are here that aren't stored.
    pub(crate) is_all: bool,
    /// [`LogReader::durable_until`](crate::LogReader::durable_until).
    pub(crate) durable_until: Timestamp,
    /// [`LogReader::stored_until`](crate::LogReader::stored_until).
    pub(crate) stored_until: Timestamp,
}

impl AnsweredLog {
    /// Until when nothing of this log is missing.
    pub(crate) fn complete_until(&self) -> Timestamp {
        if self.is_all { self.durable_until } else { self.stored_until }
    }
}

/// What waits of a user in the logs of a process.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The logs that it speaks for.
    pub(crate) logs: Vec<AnsweredLog>,
    /// Points as they are written: some twenty bytes each.
    rows: Vec<u8>,
}

impl Waiting {
    /// Of these points, as many as fit.
    pub(crate) fn new(user: &UserId, points: &[Point], mut logs: Vec<AnsweredLog>) -> Self {
        let mut told = &points[..points.len().min(ANSWERED_POINTS_MAX)];
        let mut rows = Vec::new();
        loop {
            let start = codec::put_run(&mut rows, user, told);
            rows.drain(..start);
            if rows.len() <= ROWS_BYTES_MAX {
                break;
            }
            // Whoever changes their device with each point has long ones.
            told = &told[..told.len() / 2];
            rows.clear();
        }
        if told.len() < points.len() {
            for log in &mut logs {
                log.is_all = false;
            }
        }
        Self { logs, rows }
    }

    /// The points.
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> {
        codec::points(&self.rows).map_while(Result::ok)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_u64(&mut bytes, self.logs.len() as u64);
        for AnsweredLog { log, is_all, durable_until, stored_until } in &self.logs {
            bytes.extend_from_slice(&log.0.to_be_bytes());
            bytes.push((*is_all).into());
            put_i64(&mut bytes, durable_until.0);
            put_i64(&mut bytes, stored_until.0);
        }
        bytes.extend_from_slice(&self.rows);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(bytes);
        let count = bytes.u64()?;
        if count > LOGS_MAX as u64 {
            return Err(Malformed);
        }
        let mut logs = bytes.room(count, LOG_BYTES_MIN);
        for _ in 0..count {
            let log = LogId(u128::from_be_bytes(bytes.array()?));
            let is_all = match bytes.u8()? {
                0 => false,
                1 => true,
                _ => return Err(Malformed),
            };
            let durable_until = Timestamp(bytes.i64()?);
            let stored_until = Timestamp(bytes.i64()?);
            logs.push(AnsweredLog { log, is_all, durable_until, stored_until });
        }
        let rows = bytes.0.to_vec();
        // Whoever holds the key wrote them, but perhaps as a later version does.
        codec::points(&rows).try_for_each(|point| point.map(drop))?;
        Ok(Self { logs, rows })
    }
}

/// Says nothing of where anybody was.
impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Waiting");
        shown.field("logs", &self.logs).field("bytes", &self.rows.len());
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use model::{DeviceId, Fix, Position, Version};

    use super::*;

    fn ann() -> UserId {
        UserId::parse("ann").expect("an id")
    }

    fn point(second: i64) -> Point {
        let device = DeviceId::parse(&format!("phone-{}", second % 3)).expect("a device");
        let version = Version { effective: Timestamp(second * 1_000), device, seq: 1 };
        let fix = Fix::at(Position::new(48.1, 11.5).expect("on Earth"));
        Point::new(version, &fix, Timestamp(second * 1_000 + 7), None)
    }

    fn log(id: u128) -> AnsweredLog {
        let (durable_until, stored_until) = (Timestamp(9), Timestamp(4));
        AnsweredLog { log: LogId(id), is_all: true, durable_until, stored_until }
    }

    #[test]
    fn questions_and_answers_come_back() {
        let range = TimeRange { from: Timestamp(-5), to: Timestamp(i64::MAX) };
        let asked_at = Timestamp(1_700_000_000_000);
        let question = Question { asked_at, range, user: ann() };
        assert_eq!(Question::decode(&question.encode()), Ok(question.clone()));

        let points: Vec<_> = (0..100).map(point).collect();
        let answer = Waiting::new(&ann(), &points, vec![log(1), log(u128::MAX)]);
        let back = Waiting::decode(&answer.encode()).expect("an answer");
        assert_eq!((&back, back.logs[1].complete_until()), (&answer, Timestamp(9)));
        assert_eq!(back.points().collect::<Vec<_>>(), points);

        for bytes in [question.encode(), answer.encode()] {
            for end in 0..bytes.len() {
                // Some of an answer may be one; whatever it is, nothing panics.
                let _ = Waiting::decode(&bytes[..end]);
                assert_eq!(Question::decode(&bytes[..end]), Err(Malformed));
            }
        }
        let too_many = [&[255, 255, 3][..], &[0; 100]].concat();
        for bytes in [&[2, 0, 0][..], &[0, 255, 255], &too_many] {
            assert_eq!(Waiting::decode(bytes), Err(Malformed));
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_told() {
        let points: Vec<_> = (0..=ANSWERED_POINTS_MAX as i64).map(point).collect();
        let logs: Vec<_> = (0..LOGS_MAX as u128).map(log).collect();
        let answer = Waiting::new(&ann(), &points, logs);
        assert_eq!(answer.points().count(), ANSWERED_POINTS_MAX);
        assert!(answer.encode().len() < ANSWER_BYTES_MAX);
        assert!(answer.logs.iter().all(|log| log.complete_until() == Timestamp(4)));
    }
}
