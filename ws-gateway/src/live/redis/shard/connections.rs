use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use super::super::requests::{Fault, Terms};
use super::super::server::Place;
use super::silence::{Liveness, SilenceLimit};
use super::subscriber::Ear;
use crate::live::Channel;
use std::sync::Arc;
use tokio::time::Instant;

/// Channels in one SUBSCRIBE. The server carries out one after the other of those that wait, one a gateway: with a thousand
/// gateways each waits for some 128,000 subscriptions, which is a good second at worst, far from a silence.
const SUBSCRIBE_MAX: usize = 128;

/// Two living connections to one server. Each is given up when nothing has come on it for too long while something is
/// owed, however long a single answer takes.
pub(in super::super) struct Link {
    pub(in super::super) terms: Terms,
    pub(super) ear: Arc<Ear>,
    place: Place,
    limit: SilenceLimit,
    commands: (MultiplexedConnection, Liveness),
    hearing: MultiplexedConnection,
}

impl Link {
    /// Of connections that were just made, to a server that is being recovered.
    pub(super) fn new(
        place: &Place,
        terms: Terms,
        commands: MultiplexedConnection,
        (hearing, ear): (MultiplexedConnection, Arc<Ear>),
    ) -> Self {
        let limit = SilenceLimit::new(place.silence_timeout);
        let commands = (commands, Liveness::new());
        Self { terms, ear, place: place.clone(), limit, commands, hearing }
    }

    /// How long the server may be silent.
    pub(super) fn limit(&self) -> &SilenceLimit {
        &self.limit
    }

    /// Sends commands, and answers what came back to each, if the server still is what it was when they were carried out.
    pub(in super::super) async fn run(&self, mut pipeline: Pipeline) -> Result<Vec<Value>, Fault> {
        // Last, so that nothing before it can have been read from a server that had forgotten, or written where gateways
        // place users otherwise.
        pipeline.cmd("MGET").arg(self.place.epoch_key()).arg(self.place.map_key());
        let (connection, liveness) = &self.commands;
        let mut connection = connection.clone();
        let limit = || self.limit.of(self.place.command_timeout);
        let sent = connection.send_packed_commands(&pipeline, 0, pipeline.len());
        let mut answers = match liveness.wait(limit, sent).await {
            Ok(answers) => answers.map_err(|error| self.place.explain(&error))?,
            Err(_) => return Err(self.place.silent()),
        };
        let names = answers.pop();
        match answers.iter().chain(&names).find_map(begins_anew) {
            Some(error) => return Err(self.place.fault(&error)),
            None => self.is_what_it_was(names.as_ref())?,
        }
        Ok(answers)
    }

    fn is_what_it_was(&self, names: Option<&Value>) -> Result<(), Fault> {
        let Some(Value::Array(names)) = names else {
            return Err(self.place.fault("it answered something else than was asked"));
        };
        let says = |name: Option<&Value>, ours: &str| matches!(name, Some(Value::BulkString(name)) if name == ours.as_bytes());
        if !says(names.first(), &self.terms.epoch) {
            return Err(self.place.fault("it has forgotten what it held"));
        }
        if !says(names.get(1), &self.place.map_name.to_string()) {
            return Err(self.place.fault("its shard map was replaced or forgotten"));
        }
        Ok(())
    }

    /// Subscribes to channels, and waits until the server has confirmed all of them. Answers how long the slowest step took.
    pub(super) async fn subscribe(&self, channels: &[Channel]) -> Result<Duration, Fault> {
        let mut slowest = Duration::ZERO;
        for some in channels.chunks(SUBSCRIBE_MAX) {
            let asked = Instant::now();
            self.subscribe_to(self.names(some)).await?;
            slowest = slowest.max(asked.elapsed());
        }
        Ok(slowest)
    }

    /// The same for one SUBSCRIBE of channels by their names.
    pub(super) async fn subscribe_to(&self, names: Vec<String>) -> Result<(), Fault> {
        let mut hearing = self.hearing.clone();
        self.confirmed(hearing.subscribe(names)).await
    }

    /// Ends subscriptions, and waits until the server has confirmed that.
    pub(super) async fn unsubscribe(&self, channels: &[Channel]) -> Result<(), Fault> {
        for some in channels.chunks(SUBSCRIBE_MAX) {
            let mut hearing = self.hearing.clone();
            self.confirmed(hearing.unsubscribe(self.names(some))).await?;
        }
        Ok(())
    }

    /// Waits until the probe of this number, or a later one, has come; errs if nothing comes at all for too long.
    pub(super) async fn heard(&self, probe: u64, probe_timeout: Duration) -> Result<(), Fault> {
        let limit = || self.limit.of(probe_timeout);
        let heard = self.ear.liveness().wait(limit, self.ear.heard(probe)).await;
        heard.map_err(|_| self.place.fault("what is published doesn't arrive"))
    }

    async fn confirmed(
        &self,
        confirmation: impl Future<Output = redis::RedisResult<()>>,
    ) -> Result<(), Fault> {
        // Each confirmation passes through the ear, so that a long step is not a silence.
        let limit = || self.limit.of(self.place.command_timeout);
        match self.ear.liveness().wait(limit, confirmation).await {
            Ok(confirmed) => confirmed.map_err(|error| self.place.explain(&error)),
            Err(_) => Err(self.place.silent()),
        }
    }

    fn names(&self, channels: &[Channel]) -> Vec<String> {
        channels.iter().map(|channel| self.place.channel(channel)).collect()
    }
}

/// Answers that say that the server isn't what it was: all is begun anew.
fn begins_anew(answer: &Value) -> Option<String> {
    let Value::ServerError(error) = answer else { return None };
    let again = ["NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "NOPERM"];
    again.contains(&error.code()).then(|| error.to_string())
}
