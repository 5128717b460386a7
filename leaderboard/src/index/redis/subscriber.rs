use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;

use super::shard::Shard;
use crate::BoardPosition;
use crate::index::follower::Progress;

/// How long after a connection broke the next one is made.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Hears what other processes have brought a server to, so that those who watch a board here are told at once.
pub(super) struct Subscriber {
    shard: Weak<Shard>,
}

impl Subscriber {
    /// Of this server.
    pub(super) fn new(shard: &Arc<Shard>) -> Self {
        Self { shard: Arc::downgrade(shard) }
    }

    /// Hears until the server's shard is gone, or this is dropped.
    pub(super) async fn run(self) {
        while let Some(shard) = self.shard.upgrade() {
            let broken = Arc::new(Notify::new());
            let (keys, progress) = (shard.keys().clone(), shard.progress().clone());
            let tell = broken.clone();
            let hear = move |info: PushInfo| {
                match info.kind {
                    PushKind::PMessage => {
                        let heard = parse(&info.data, |channel| keys.parse_channel(channel));
                        hear(&progress, heard);
                    }
                    PushKind::Disconnection => tell.notify_one(),
                    _ => {}
                }
                Ok::<_, RedisError>(())
            };
            let subscribed = shard.server().subscribe(&shard.keys().channels(), hear).await;
            drop(shard);
            // That the server is away is told by the follower. What was missed meanwhile it finds out by itself.
            if let Ok(_connection) = subscribed {
                broken.notified().await;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

fn hear(progress: &Progress, heard: Option<(crate::BoardNumber, BoardPosition)>) {
    if let Some((board, position)) = heard {
        progress.seen(board, position);
    }
}

fn parse(
    data: &[Value],
    board: impl Fn(&[u8]) -> Option<crate::BoardNumber>,
) -> Option<(crate::BoardNumber, BoardPosition)> {
    let [_, Value::BulkString(channel), Value::BulkString(position)] = data else { return None };
    let position = std::str::from_utf8(position).ok()?.parse().ok()?;
    Some((board(channel)?, BoardPosition(position)))
}
