use std::collections::VecDeque;

use redis::Pipeline;
use tokio::sync::{mpsc, watch};

use super::super::requests::{Codec, Request};
use super::Connections;
use crate::live::Error;

/// Requests that wait for one server; more wait at their sessions.
pub(in super::super) const WAITING_MAX: usize = 4_096;

/// Requests that are taken out of those waiting at once.
pub(in super::super) const BATCH_MAX: usize = 512;

/// Commands in one pipeline, unless a single request has more: a greater one would keep the server from everybody else.
const PIPELINE_COMMANDS_MAX: usize = 1_024;

/// Readings that are set aside while nobody may read; beyond, nothing is taken any more.
const ASIDE_MAX: usize = WAITING_MAX;

/// The requests of a shard. They outlive its connections: what a broken one didn't answer is asked again, since all of
/// them may be repeated.
pub(in super::super) struct Inbox {
    waiting: mpsc::Receiver<Request>,
    taken: VecDeque<Request>,
    /// Readings, while nobody may read.
    aside: VecDeque<Request>,
    in_hand: Vec<Request>,
}

/// There is nobody left who could ask.
struct Over;

impl Inbox {
    pub(in super::super) fn new(waiting: mpsc::Receiver<Request>) -> Self {
        Self { waiting, taken: VecDeque::new(), aside: VecDeque::new(), in_hand: Vec::new() }
    }

    /// Serves requests until the connection breaks. All that has come in while one pipeline was under way goes into the
    /// next: the busier, the larger, and the cheaper for the server. Readings wait until `may_read`.
    pub(in super::super) async fn serve(
        &mut self,
        codec: &Codec,
        connections: &Connections,
        mut may_read: watch::Receiver<bool>,
    ) -> Error {
        // What the connection before didn't answer comes first.
        for request in self.in_hand.drain(..).rev() {
            self.taken.push_front(request);
        }
        loop {
            if self.choose(&mut may_read).await.is_err() {
                return Error::unavailable("nobody asks any more");
            }
            let now = codec.clock.now();
            let mut pipeline = Pipeline::new();
            for request in &self.in_hand {
                codec.pack(&mut pipeline, request, &connections.script, now);
            }
            let answers = match connections.run(pipeline).await {
                Ok(answers) => answers,
                Err(fault) => return fault,
            };
            let mut answers = answers.into_iter();
            for request in self.in_hand.drain(..) {
                let answered = answers.by_ref().take(request.commands()).collect();
                codec.answer(request, answered, now);
            }
        }
    }

    /// Takes requests in hand that may be sent now, at least one.
    async fn choose(&mut self, may_read: &mut watch::Receiver<bool>) -> Result<(), Over> {
        loop {
            let reads = *may_read.borrow_and_update();
            if reads && !self.aside.is_empty() {
                self.aside.append(&mut self.taken);
                std::mem::swap(&mut self.aside, &mut self.taken);
            }
            while self.has_room()
                && let Ok(request) = self.waiting.try_recv()
            {
                self.taken.push_back(request);
            }
            self.fill_hands(reads);
            if !self.in_hand.is_empty() {
                return Ok(());
            }
            self.aside.retain(|request| !request.is_over());
            let has_room = self.has_room();
            tokio::select! {
                next = self.waiting.recv(), if has_room => self.taken.push_back(next.ok_or(Over)?),
                changed = may_read.changed(), if !reads => changed.map_err(|_| Over)?,
            }
        }
    }

    fn has_room(&self) -> bool {
        self.taken.len() < BATCH_MAX && self.aside.len() < ASIDE_MAX
    }

    fn fill_hands(&mut self, reads: bool) {
        let mut commands = 0;
        while let Some(request) = self.taken.pop_front() {
            if request.is_over() {
                continue;
            }
            if !reads && request.is_reading() {
                self.aside.push_back(request);
                continue;
            }
            commands += request.commands();
            if commands > PIPELINE_COMMANDS_MAX && !self.in_hand.is_empty() {
                self.taken.push_front(request);
                return;
            }
            self.in_hand.push(request);
        }
    }
}
