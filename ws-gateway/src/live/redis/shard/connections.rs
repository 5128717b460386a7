use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use super::super::endpoint::Endpoint;
use super::super::requests::ScriptSha;
use super::silence::{Liveness, SilenceLimit};
use super::subscriber::Subscriber;
use crate::live::Channel;
use crate::live::Error;
use std::sync::Arc;
use tokio::time::Instant;

/// Channels in one SUBSCRIBE. The server carries out one after the other of those that wait, one a gateway: with a thousand
/// gateways each waits for some 128,000 subscriptions, which is a good second at worst, far from a silence.
const SUBSCRIBE_MAX: usize = 128;

/// Two living connections to one server. Each is given up when nothing has come on it for too long while something is
/// owed, however long a single answer takes.
pub(in super::super) struct Connections {
    pub(super) script: ScriptSha,
    /// The name of what the server remembered when they were made.
    pub(super) epoch: String,
    pub(super) subscriber: Arc<Subscriber>,
    endpoint: Endpoint,
    /// How long the server may be silent.
    pub(super) limit: SilenceLimit,
    commands: (MultiplexedConnection, Liveness),
    subscribing: MultiplexedConnection,
}

impl Connections {
    /// Of connections that were just made, to a server that is being recovered.
    pub(super) fn new(
        endpoint: &Endpoint,
        (script, epoch): (ScriptSha, String),
        commands: MultiplexedConnection,
        (subscribing, subscriber): (MultiplexedConnection, Arc<Subscriber>),
    ) -> Self {
        let limit = SilenceLimit::new(endpoint.silence_timeout);
        let commands = (commands, Liveness::new());
        Self { script, epoch, subscriber, endpoint: endpoint.clone(), limit, commands, subscribing }
    }

    /// Sends commands, and answers what came back to each, if the server still is what it was when they were carried out.
    pub(in super::super) async fn run(&self, mut pipeline: Pipeline) -> Result<Vec<Value>, Error> {
        // Last, so that nothing before it can have been read from a server that had forgotten, or written where gateways
        // place users otherwise.
        pipeline.cmd("MGET").arg(self.endpoint.epoch_key()).arg(self.endpoint.map_key());
        let (connection, liveness) = &self.commands;
        let mut connection = connection.clone();
        let limit = || self.limit.at_least(self.endpoint.command_timeout);
        let sent = connection.send_packed_commands(&pipeline, 0, pipeline.len());
        let mut answers = match liveness.wait(limit, sent).await {
            Ok(answers) => answers.map_err(|error| self.endpoint.explain(error))?,
            Err(_) => return Err(self.endpoint.silent()),
        };
        let names = answers.pop();
        match answers.iter().chain(&names).find_map(begins_anew) {
            Some(error) => return Err(self.endpoint.fault(&error)),
            None => self.is_what_it_was(names.as_ref())?,
        }
        Ok(answers)
    }

    fn is_what_it_was(&self, names: Option<&Value>) -> Result<(), Error> {
        let Some(Value::Array(names)) = names else {
            return Err(self.endpoint.fault("it answered something else than was asked"));
        };
        let says = |name: Option<&Value>, ours: &str| matches!(name, Some(Value::BulkString(name)) if name == ours.as_bytes());
        if !says(names.first(), &self.epoch) {
            return Err(self.endpoint.fault("it has forgotten what it held"));
        }
        if !says(names.get(1), &self.endpoint.map_name.to_string()) {
            return Err(self.endpoint.fault("its shard map was replaced or forgotten"));
        }
        Ok(())
    }

    /// Subscribes to channels, and waits until the server has confirmed all of them. Answers how long the slowest step took.
    pub(super) async fn subscribe(&self, channels: &[Channel]) -> Result<Duration, Error> {
        let mut slowest = Duration::ZERO;
        for some in channels.chunks(SUBSCRIBE_MAX) {
            let asked = Instant::now();
            self.subscribe_to(self.names(some)).await?;
            slowest = slowest.max(asked.elapsed());
        }
        Ok(slowest)
    }

    /// The same for one SUBSCRIBE of channels by their names.
    pub(super) async fn subscribe_to(&self, names: Vec<String>) -> Result<(), Error> {
        let mut subscribing = self.subscribing.clone();
        self.confirmed(subscribing.subscribe(names)).await
    }

    /// Ends subscriptions, and waits until the server has confirmed that.
    pub(super) async fn unsubscribe(&self, channels: &[Channel]) -> Result<(), Error> {
        for some in channels.chunks(SUBSCRIBE_MAX) {
            let mut subscribing = self.subscribing.clone();
            self.confirmed(subscribing.unsubscribe(self.names(some))).await?;
        }
        Ok(())
    }

    /// Waits until the probe of this number, or a later one, has come; errs if nothing comes at all for too long.
    pub(super) async fn heard(&self, probe: u64, probe_timeout: Duration) -> Result<(), Error> {
        let limit = || self.limit.at_least(probe_timeout);
        let heard = self.subscriber.liveness.wait(limit, self.subscriber.heard(probe)).await;
        heard.map_err(|_| self.endpoint.fault("what is published doesn't arrive"))
    }

    async fn confirmed(
        &self,
        confirmation: impl Future<Output = redis::RedisResult<()>>,
    ) -> Result<(), Error> {
        // Each confirmation passes through the ear, so that a long step is not a silence.
        let limit = || self.limit.at_least(self.endpoint.command_timeout);
        match self.subscriber.liveness.wait(limit, confirmation).await {
            Ok(confirmed) => confirmed.map_err(|error| self.endpoint.explain(error)),
            Err(_) => Err(self.endpoint.silent()),
        }
    }

    fn names(&self, channels: &[Channel]) -> Vec<String> {
        channels.iter().map(|channel| self.endpoint.channel(channel)).collect()
    }
}

/// Answers that say that the server isn't what it was: all is begun anew.
fn begins_anew(answer: &Value) -> Option<String> {
    let Value::ServerError(error) = answer else { return None };
    let again = ["NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "NOPERM"];
    again.contains(&error.code()).then(|| error.to_string())
}
