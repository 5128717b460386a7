//! What waits in the logs of other processes, which are asked, and what they are told of the own one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use model::{Monotonic, Timestamp, UserId};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::{AWAY_AFTER_MS, Known, SharedLogs};
use crate::metrics::{PEER_DURATION, PEER_QUESTIONS};
use crate::peers::message::{ANSWERED_POINTS_MAX, AnsweredLog, Question, Waiting};
use crate::service::{Deps, History, Incomplete, Shared};
use crate::{LogMark, OwnedLog, PeerAddress, PeerError, Point, TakePoints, TimeRange};

/// The most processes that are asked for one track. Of more, those are asked whose logs wait longest.
pub const PEERS_ASKED_MAX: usize = 64;
/// How long all of them are waited for.
const ANSWER_MAX: Duration = Duration::from_millis(300);
/// When a process that didn't answer is asked again, milliseconds: meanwhile no track waits for it.
const ASKED_AGAIN_MS: u64 = 1_000;
/// By how much the clocks of processes may differ, and how old a question may be, milliseconds.
const CLOCKS_DIFFER_MS_MAX: u64 = 5 * 60 * 1_000;

/// What the logs of other processes have of a user.
pub(in crate::service) struct Others {
    waiting: Vec<Waiting>,
    /// The logs that were this process' own, of which it asked nobody.
    own: Vec<LogMark>,
    complete_until: Timestamp,
    lacks: BTreeSet<Incomplete>,
}

impl Others {
    /// Before anything of them is read; `None` if they aren't known at all.
    fn new(known: Option<&Known>) -> Self {
        let complete_until = known.map_or(Timestamp(i64::MIN), |known| known.read_at);
        let lacks = known.is_none().then_some(Incomplete::LogAway).into_iter().collect();
        Self { waiting: Vec::new(), own: Vec::new(), complete_until, lacks }
    }

    /// Until when nothing of them is missing, where these logs are this process' own now; adds why something may be.
    pub(in crate::service) fn complete_until(
        &self,
        owned: &[OwnedLog],
        lacks: &mut BTreeSet<Incomplete>,
    ) -> Timestamp {
        lacks.extend(&self.lacks);
        // Another process took it over since, and wasn't asked.
        let lost = self.own.iter().filter(|mark| owned.iter().all(|it| it.id != mark.log));
        lost.fold(self.complete_until, |until, mark| {
            lacks.insert(Incomplete::LogAway);
            until.min(mark.stored_until)
        })
    }

    /// Their points.
    pub(in crate::service) fn points(&self) -> impl Iterator<Item = Point> {
        self.waiting.iter().flat_map(Waiting::points)
    }

    /// Takes what a process answered that should have these logs; answers which of them it doesn't speak for.
    fn add<'a>(&mut self, marks: &[&'a LogMark], answer: Waiting) -> Vec<&'a LogMark> {
        let mut rest = Vec::new();
        for mark in marks {
            let Some(log) = answer.logs.iter().find(|log| log.log == mark.log) else {
                rest.push(*mark);
                continue;
            };
            if !log.is_all {
                self.lacks.insert(Incomplete::Waiting);
            }
            self.complete_until = self.complete_until.min(log.complete_until());
        }
        self.waiting.push(answer);
        rest
    }

    /// Does without what a log has that isn't stored.
    fn lack(&mut self, mark: &LogMark, is_away: bool) {
        if is_away {
            self.lacks.insert(Incomplete::LogAway);
        }
        self.complete_until = self.complete_until.min(mark.stored_until);
    }
}

/// Who didn't answer, and when each is asked again.
#[derive(Debug, Default)]
pub(super) struct Silent {
    until: Mutex<HashMap<PeerAddress, Monotonic>>,
}

impl Silent {
    /// Whether this one is to be asked now; whoever asks first after it was silent is the only one for a while.
    fn may_ask(&self, address: &PeerAddress, now: Monotonic) -> bool {
        let mut until = self.until.lock();
        let Some(until) = until.get_mut(address) else { return true };
        let is_due = *until <= now;
        if is_due {
            *until = now.plus_ms(ASKED_AGAIN_MS);
        }
        is_due
    }

    fn heard(&self, address: &PeerAddress, error: Option<&PeerError>, now: Monotonic) {
        let mut until = self.until.lock();
        if let Some(error) = error {
            if until.insert(address.clone(), now.plus_ms(ASKED_AGAIN_MS)).is_none() {
                tracing::warn!(
                    %address, %error,
                    "tracks lack what waits in the log of another gateway: see that it runs, and its history.advertise"
                );
            }
        } else if until.remove(address).is_some() {
            tracing::info!(%address, "another gateway says again what waits in its log");
        }
    }

    /// Forgets those that aren't known any more.
    pub(super) fn retain(&self, known: &[LogMark]) {
        let known: BTreeSet<_> = known.iter().filter_map(|mark| mark.address.as_ref()).collect();
        self.until.lock().retain(|address, _| known.contains(address));
    }
}

/// The logs of others by where each is asked, and those that nobody can be asked for.
fn by_address<'a>(
    marks: impl Iterator<Item = &'a LogMark>,
    own: Option<&PeerAddress>,
) -> (Vec<(&'a PeerAddress, Vec<&'a LogMark>)>, Vec<&'a LogMark>) {
    let (mut asked, mut rest) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for mark in marks {
        // An address that means this machine on each machine isn't one of another.
        match &mark.address {
            Some(address) if Some(address) != own => asked.entry(address).or_default().push(mark),
            Some(_) | None => rest.push(mark),
        }
    }
    let mut asked: Vec<_> = asked.into_iter().collect();
    let waits_since = |marks: &[&LogMark]| marks.iter().map(|mark| mark.stored_until).min();
    asked.sort_by_key(|(_, marks)| waits_since(marks));
    let too_many = asked.drain(asked.len().min(PEERS_ASKED_MAX)..);
    rest.extend(too_many.flat_map(|(_, marks)| marks));
    (asked, rest)
}

impl Shared {
    /// What waits in the logs of the other processes, whoever answers; `None` if there are none.
    pub(in crate::service) async fn ask_others(
        &self,
        user: &UserId,
        range: TimeRange,
    ) -> Option<Others> {
        let shared_logs = self.deps.shared_logs.as_ref()?;
        let known = self.logs.known.lock().clone();
        let mut others = Others::new(known.as_ref());
        let Some(known) = known else { return Some(others) };
        let owned = self.deps.owned.now();
        let is_own = |mark: &&LogMark| owned.iter().any(|it| it.id == mark.log);
        others.own.extend(known.marks.iter().filter(is_own).cloned());
        let marks = known.marks.iter().filter(|mark| !is_own(mark));
        let (asked, mut rest) = by_address(marks, shared_logs.address.as_ref());
        let started = Instant::now();
        let answers = asked.iter().map(|(address, _)| self.ask(shared_logs, address, user, range));
        for ((_, marks), answer) in asked.iter().zip(join_all(answers).await) {
            match answer {
                Some(answer) => rest.extend(others.add(marks, answer)),
                None => {
                    for mark in marks {
                        others.lack(mark, true);
                    }
                }
            }
        }
        if !asked.is_empty() {
            ::metrics::histogram!(PEER_DURATION).record(started.elapsed());
        }
        let now = self.deps.clock.now().wall;
        for mark in rest {
            others.lack(mark, now - mark.told_at > AWAY_AFTER_MS);
        }
        Some(others)
    }

    /// What a process answers; `None` if it doesn't, or didn't a moment ago.
    async fn ask(
        &self,
        shared_logs: &SharedLogs,
        address: &PeerAddress,
        user: &UserId,
        range: TimeRange,
    ) -> Option<Waiting> {
        let (now, silent) = (self.deps.clock.now(), &self.logs.silent);
        if !silent.may_ask(address, now.monotonic) {
            return None;
        }
        let question = Question { asked_at: now.wall, range, user: user.clone() };
        let exchange = self.deps.exchange(shared_logs, address, &question);
        let late = || PeerError::Unreachable(format!("no answer within {ANSWER_MAX:?}"));
        let answer = timeout(ANSWER_MAX, exchange).await.unwrap_or_else(|_| Err(late()));
        let result = if answer.is_ok() { "answered" } else { "failed" };
        ::metrics::counter!(PEER_QUESTIONS, "result" => result).increment(1);
        silent.heard(address, answer.as_ref().err(), self.deps.clock.now().monotonic);
        answer.ok()
    }
}

impl Deps {
    async fn exchange(
        &self,
        shared_logs: &SharedLogs,
        address: &PeerAddress,
        question: &Question,
    ) -> Result<Waiting, PeerError> {
        let sealed = self.keys.seal_question(self.random.next_u64(), &question.encode());
        let answer = shared_logs.peers.ask(address, sealed.clone()).await?;
        let opened = self.keys.open_answer(&sealed, &answer).ok_or(PeerError::NotOurs)?;
        Waiting::decode(&opened).map_err(|_| PeerError::NotOurs)
    }

    /// What waits of a user in the logs of this process.
    fn waiting(&self, user: &UserId, range: TimeRange, now: Timestamp) -> Waiting {
        let (mut logs, mut points) = (Vec::new(), Vec::new());
        for OwnedLog { id, log } in self.owned.now().iter() {
            // First until when: what comes meanwhile may be among the points or not.
            let (durable_until, stored_until) = (log.durable_until(now), log.stored_until(now));
            let is_all = log.recent(user, &mut Asked { range, points: &mut points });
            logs.push(AnsweredLog { log: *id, is_all, durable_until, stored_until });
        }
        Waiting::new(user, &points, logs)
    }
}

/// Takes the points that were asked for.
struct Asked<'a> {
    range: TimeRange,
    points: &'a mut Vec<Point>,
}

impl TakePoints for Asked<'_> {
    fn may_want(&mut self, times: TimeRange) -> bool {
        // One more than fits tells that there are more.
        self.range.overlaps(times) && self.points.len() <= ANSWERED_POINTS_MAX
    }

    fn take(&mut self, point: Point) {
        if self.range.contains(point.effective()) && self.points.len() <= ANSWERED_POINTS_MAX {
            self.points.push(point);
        }
    }
}

/// Why a question isn't answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It isn't sealed by a key of this deployment, or isn't one that this version understands.
    #[error(
        "this isn't a question of this deployment: see that all processes have the same history.key_files"
    )]
    NotOurs,
    /// It is old, or the clocks differ.
    #[error("the question is more than five minutes old or ahead: see that the clocks agree")]
    Late,
}

impl History {
    /// Answers another process what waits in the logs of this one. Question and answer are sealed.
    pub fn answer_peer(&self, question: &[u8]) -> Result<Vec<u8>, Unanswered> {
        let deps = &self.shared.deps;
        let opened = deps.keys.open_question(question).ok_or(Unanswered::NotOurs)?;
        let asked = Question::decode(&opened).map_err(|_| Unanswered::NotOurs)?;
        let now = deps.clock.now().wall;
        if asked.asked_at.0.abs_diff(now.0) > CLOCKS_DIFFER_MS_MAX {
            return Err(Unanswered::Late);
        }
        let answer = deps.waiting(&asked.user, asked.range, now).encode();
        let nonce = deps.random.next_u64();
        deps.keys.seal_answer(question, nonce, &answer).ok_or(Unanswered::NotOurs)
    }
}
