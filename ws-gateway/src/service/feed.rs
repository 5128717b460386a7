//! The directory's feed of changes, where gateways work together over servers: what was committed is told through every
//! server by one gateway, and whoever doesn't hear a server reads the feed instead.
//!
//! ```text
//! commit ─▶ tell at once, by whoever committed          (Gateway::commit)
//!      └─▶ feed ─▶ tell what wasn't, by whoever leads a server (here), so that one that died after its commit is made good
//!            └──▶ read here, by whoever doesn't hear a server at present
//! ```
//!
//! What comes twice is harmless: each change has its place, and sessions know which they have.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model::{ReadToken, UserId};
use tokio::time::timeout;

use crate::live::{Asked, Error, FeedServer};
use crate::service::Gateway;
use crate::service::friends::Replay;
use crate::session::circle::CircleChange;

/// How often it is looked whether there is anything to tell or to follow, milliseconds. With the lease of a leader
/// (`LEAD_LEASE_MS`) a change is told within a second, whoever dies.
const LOOK_MS: u64 = 200;
/// The spread of that, so that gateways don't look together, milliseconds.
const SPREAD_MS: u64 = 50;
/// Changes read at once.
const PAGE: usize = 1_000;
/// Pages read at one look; the next look goes on.
const PAGES_MAX: usize = 100;
/// How long a gateway that can't read the feed leaves it to others to lead, milliseconds.
const DECLINE_MS: u64 = 3_000;
/// How long a gateway that leads waits for the directory before it leaves that to others, as long as it takes,
/// milliseconds: it may be the only one that can't reach it.
const LEAD_WAIT_MS_MAX: u64 = 300;
/// How long telling through a server may hold up everything else, milliseconds. What isn't told by then is told at the
/// next look, by whoever leads the server then.
const RELAY_MS_MAX: u64 = 300;
/// How often a leader lets the directory forget changes beyond its horizon, milliseconds.
const FORGET_MS: u64 = 10_000;

/// Turns until the returned future is dropped; ends at once where only this process can change anything.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    if gateway.live.feed_servers().is_empty() && !gateway.deps.friends_are_shared {
        return;
    }
    let mut follower = Follower::default();
    loop {
        if let Err(error) = follower.look(&gateway).await {
            error.log("the feed of changes can't be read");
            follower.failed(&gateway);
        }
        let pause_ms = LOOK_MS + gateway.deps.random.next_u64() % SPREAD_MS;
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

/// How far one gateway has come.
#[derive(Default)]
struct Follower {
    /// All changes up to here have been heard or read.
    cursor: Option<ReadToken>,
    /// When the directory was last let forget, milliseconds of monotonic time.
    forgot_ms: u64,
    declined_ms: Option<u64>,
    /// By server: whether its users could be told of at the last look.
    current: Vec<bool>,
}

impl Follower {
    async fn look(&mut self, gateway: &Arc<Gateway>) -> Result<(), Error> {
        let now = gateway.now().monotonic;
        if self.declined_ms.is_some_and(|since| now.0 >= since + DECLINE_MS) {
            self.declined_ms = None;
            gateway.live.may_lead(true);
        }
        let servers = gateway.live.feed_servers();
        self.notice_regained(gateway, &servers);
        let Some(cursor) = self.cursor else {
            // Before the first session: nobody's circle is older than this.
            let state = self.wait(gateway, gateway.deps.friends.feed_state()).await?;
            self.cursor = Some(state);
            return Ok(());
        };
        match plan(cursor, &servers) {
            Plan::Heard(heard) => self.cursor = Some(heard),
            Plan::OtherTimeline(heard) => self.restart(gateway, heard),
            Plan::Read(from) => self.read(gateway, from, &servers).await?,
        }
        Ok(())
    }

    /// Lets sessions tell again what they had to withhold, as soon as a server's users may be told of again.
    fn notice_regained(&mut self, gateway: &Gateway, servers: &[FeedServer]) {
        let current: Vec<bool> = servers.iter().map(|server| server.current).collect();
        let regained = current.iter().zip(&self.current).any(|(is, was)| *is && !*was);
        if regained {
            gateway.registry.signal_all(|signals| signals.regained = true);
        }
        self.current = current;
    }

    /// Reads on from there, takes it in here, and tells it through the servers that this gateway leads.
    async fn read(
        &mut self,
        gateway: &Arc<Gateway>,
        mut from: ReadToken,
        servers: &[FeedServer],
    ) -> Result<(), Error> {
        let began = gateway.now().monotonic;
        for _ in 0..PAGES_MAX {
            let replay = self.wait(gateway, gateway.deps.friends.replay(from, PAGE)).await?;
            let (as_of, changes, more) = match replay {
                Replay::Changes { as_of, changes, more } => (as_of, changes, more),
                Replay::Unknown(as_of) => {
                    self.restart(gateway, as_of);
                    (as_of, Vec::new(), false)
                }
            };
            gateway.changed(&changes);
            let led = servers.iter().enumerate().filter(|(_, server)| server.leads);
            join_all(led.map(|(number, _)| relay(gateway, number, &changes, as_of))).await;
            from = as_of;
            if !more {
                self.cursor = Some(as_of);
                gateway.live.followed(began);
                return self.forget(gateway).await;
            }
        }
        Ok(())
    }

    /// What is known may lack changes that can't be read any more, or have some that never were.
    fn restart(&mut self, gateway: &Gateway, as_of: ReadToken) {
        tracing::warn!("the feed of changes can't be read on: all circles are read anew");
        self.cursor = Some(as_of);
        gateway.deps.friends.all_renamed();
        gateway.registry.signal_all(|signals| signals.circle_unknown = true);
    }

    async fn forget(&mut self, gateway: &Gateway) -> Result<(), Error> {
        let now_ms = gateway.now().monotonic.0;
        if now_ms < self.forgot_ms + FORGET_MS {
            return Ok(());
        }
        self.forgot_ms = now_ms;
        self.wait(gateway, gateway.deps.friends.forget_changes()).await
    }

    /// Waits for the directory, and leaves it to others to lead while that takes long.
    async fn wait<T>(&mut self, gateway: &Gateway, mut answer: Asked<'_, T>) -> Result<T, Error> {
        let soon = timeout(Duration::from_millis(LEAD_WAIT_MS_MAX), &mut answer).await;
        if let Ok(answer) = soon {
            return answer;
        }
        self.failed(gateway);
        answer.await
    }

    fn failed(&mut self, gateway: &Gateway) {
        if self.declined_ms.is_none() {
            self.declined_ms = Some(gateway.now().monotonic.0);
            gateway.live.may_lead(false);
        }
    }
}

/// Tells changes through a server that this gateway leads.
async fn relay(gateway: &Gateway, server: usize, changes: &[CircleChange], up_to: ReadToken) {
    let here = concerning(changes, |user| gateway.live.server_of(user) == server);
    let relaying = gateway.live.relay(server, here, up_to);
    match timeout(Duration::from_millis(RELAY_MS_MAX), relaying).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => error.log("changes can't be told through a server"),
        Err(_) => tracing::debug!(server, "changes can't be told through a server in time"),
    }
}

/// What is to be done at one look.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing: everything up to here was heard.
    Heard(ReadToken),
    /// The feed has begun anew.
    OtherTimeline(ReadToken),
    /// To read on from here.
    Read(ReadToken),
}

fn plan(cursor: ReadToken, servers: &[FeedServer]) -> Plan {
    // Nobody tells: whatever other processes change is read.
    if servers.is_empty() {
        return Plan::Read(cursor);
    }
    let other = |at: &ReadToken| at.timeline != cursor.timeline;
    let heard = || servers.iter().filter_map(|server| server.heard);
    if let Some(newer) = heard().find(other) {
        return Plan::OtherTimeline(newer);
    }
    // A server without a mark has lost its memory, or is new: what is known here is what was told through it.
    let mark = |server: &FeedServer| server.heard.unwrap_or(cursor);
    let led = servers.iter().filter(|server| server.leads).map(mark);
    let missed = servers.iter().filter(|server| server.missed).map(|_| cursor);
    if let Some(from) = led.chain(missed).min_by_key(|at| at.position) {
        return Plan::Read(from);
    }
    let heard = servers.iter().map(mark).min_by_key(|at| at.position);
    // A mark may be older than what was read here meanwhile.
    let later = heard.filter(|at| at.position > cursor.position);
    Plan::Heard(later.unwrap_or(cursor))
}

fn concerning(changes: &[CircleChange], is_here: impl Fn(&UserId) -> bool) -> Vec<CircleChange> {
    changes.iter().filter(|change| change.users().any(&is_here)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use model::FeedPosition;

    use super::*;

    fn at(position: u64) -> ReadToken {
        ReadToken { timeline: 1, position: FeedPosition(position) }
    }

    fn server(heard: Option<u64>, leads: bool, missed: bool) -> FeedServer {
        FeedServer { heard: heard.map(at), leads, missed, current: true }
    }

    #[test]
    fn who_hears_all_servers_reads_nothing_and_goes_on_with_the_slowest() {
        let servers = [server(Some(9), false, false), server(Some(7), false, false)];
        assert_eq!(plan(at(5), &servers), Plan::Heard(at(7)));
        assert_eq!(plan(at(8), &servers), Plan::Heard(at(8)), "never back");
        assert_eq!(plan(at(5), &[server(None, false, false)]), Plan::Heard(at(5)));
    }

    #[test]
    fn who_misses_a_server_reads_on_from_what_was_heard_of_all() {
        let servers = [server(Some(9), false, false), server(Some(6), false, true)];
        assert_eq!(plan(at(6), &servers), Plan::Read(at(6)));
    }

    #[test]
    fn who_leads_a_server_reads_on_from_its_mark() {
        let servers = [server(Some(9), false, false), server(Some(3), true, false)];
        assert_eq!(plan(at(8), &servers), Plan::Read(at(3)));
        assert_eq!(plan(at(8), &[server(None, true, false)]), Plan::Read(at(8)));
    }

    #[test]
    fn a_mark_of_another_timeline_begins_anew() {
        let elsewhere = ReadToken { timeline: 2, position: FeedPosition(1) };
        let servers = [FeedServer { heard: Some(elsewhere), ..server(None, false, false) }];
        assert_eq!(plan(at(8), &servers), Plan::OtherTimeline(elsewhere));
    }
}
