//! Servers that hold no boards by the settings, and may hold some of before.

use std::time::Duration;

use redis::cmd;

use super::keys::Keys;
use super::scripts::Script;
use super::server::Server;
use crate::{BoardNumber, Error};

/// How soon it is tried again to reach a server.
const RETRY: Duration = Duration::from_secs(10);
/// How often it is looked again: processes with the settings of before may go on for a while.
const LOOK_INTERVAL: Duration = Duration::from_mins(10);

/// Removes all boards from a server, also those that processes with other settings put there later, until this is dropped:
/// nobody would remove the names of people there who are erased.
pub(super) async fn run(server: Server, keys: Keys) {
    loop {
        let pause = match clear(&server, &keys).await {
            Ok(0) => LOOK_INTERVAL,
            Ok(boards) => {
                tracing::info!(server = server.name(), boards, "removed boards of other settings");
                LOOK_INTERVAL
            }
            // It needn't be there for anything that boards need.
            Err(_) => RETRY,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Answers how many boards there were.
async fn clear(server: &Server, keys: &Keys) -> Result<usize, Error> {
    if !server.is_connected() {
        server.connect(|| {}).await?;
    }
    let boards: Vec<u64> = server.command(cmd("SMEMBERS").arg(keys.boards())).await?;
    for board in boards.iter().map(|number| BoardNumber(*number)) {
        let names = [keys.state(board), keys.build(board), keys.boards()];
        let _: u8 = server.run(Script::Remove, &names, &[]).await?;
    }
    Ok(boards.len())
}
