use std::sync::Arc;

use api::Verifier;
use directory::Directory;
use model::{Clock, Random};
use tokio::task::JoinHandle;
use ws_gateway::{Deps, Gateway};

use crate::backends::OpenLive;
use crate::config::Config;
use crate::readiness::{Condition, Ends, Readiness, clock_fault};

/// Users and their friends, and the sockets over which they see each other.
pub(super) struct OpenFriends {
    pub(super) gateway: Arc<Gateway>,
    pub(super) directory: Directory,
    /// What `/ready` calls the servers that may be away.
    live_part: Option<&'static str>,
    directory_part: Option<&'static str>,
}

pub(super) async fn open_friends(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    verifier: &Arc<Verifier>,
) -> Result<Option<OpenFriends>, String> {
    if !config.serves_friends() {
        return Ok(None);
    }
    let data_dir = &config.data.dir;
    let stored = config.backends.open_directory(config, data_dir, clock, random).await?;
    let live = config.backends.open_live(config, clock, random).await?;
    let (live_part, directory_part) = (live.part, stored.part);
    let directory = Directory::start(stored.store, clock.clone(), config.directory);
    let is_shared = directory_part.is_some();
    let gateway = connect_gateway(config, clock, random, verifier, (&directory, is_shared), live);
    Ok(Some(OpenFriends { gateway, directory, live_part, directory_part }))
}

fn connect_gateway(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    verifier: &Arc<Verifier>,
    (directory, is_shared): (&Directory, bool),
    live: OpenLive,
) -> Arc<Gateway> {
    let deps = Deps {
        clock: clock.clone(),
        random: random.clone(),
        verifier: verifier.clone(),
        friends: Arc::new(directory.clone()),
        friends_are_shared: is_shared,
    };
    let gateway = Gateway::new(config.gateway.clone(), deps, live.attach);
    // Weakly: the gateway holds the directory.
    let told = Arc::downgrade(&gateway);
    directory.listen(move |change| match told.upgrade() {
        Some(gateway) => gateway.directory_changed(change),
        None => Box::pin(std::future::ready(())),
    });
    gateway
}

/// Looks after friends: whether positions flow, users can be changed, and their servers answer.
pub(super) fn watch_friends(readiness: &Readiness, opened: OpenFriends) -> Vec<JoinHandle<()>> {
    let OpenFriends { gateway, directory, live_part, directory_part } = opened;
    let writer = directory.clone();
    let mut tasks = vec![
        readiness.supervise("directory", Ends::Never, async move { writer.stopped().await }),
        readiness.supervise("gateway", Ends::Never, gateway.clone().run()),
    ];
    let (clocks, offsets) = (gateway.clone(), directory.clone());
    if live_part.is_some() || directory_part.is_some() {
        tasks.push(readiness.follow("clock", move || {
            let mut offsets_ms = clocks.clock_offsets_ms();
            offsets_ms.extend(offsets.clock_offset_ms());
            clock_fault(&offsets_ms)
        }));
    }
    tasks.extend(live_part.map(|part| {
        readiness.follow_in_parts(part, move || Condition {
            fault: gateway.fault(),
            is_broken: gateway.unfit().is_some(),
        })
    }));
    // While it is away it is so for every node, and positions and searches go on.
    tasks.extend(directory_part.map(|part| {
        let condition = move || Condition { fault: directory.fault(), is_broken: false };
        readiness.follow_in_parts(part, condition)
    }));
    tasks
}
