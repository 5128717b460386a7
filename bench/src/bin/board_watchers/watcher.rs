use std::sync::Arc;
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use model::Role;
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::Failure;
use crate::service::Service;

/// Somebody who watches the board, and when they were shown which position of it.
pub(crate) struct Watcher {
    heard: Arc<Mutex<Vec<(u64, Instant)>>>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Watches from now on; what it is shown first doesn't count.
    pub(crate) async fn start(service: &Service, user: String) -> Result<Self, Failure> {
        let mut request = format!("ws://{}/v1/ws", service.address).into_client_request()?;
        let token = format!("Bearer {}", Service::token(&user, Role::User)?);
        request.headers_mut().insert("authorization", token.parse()?);
        let stream = TcpStream::connect(service.address).await?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let watch = json!({ "type": "watch_board", "board": "b" });
        socket.send(Message::text(watch.to_string())).await?;
        loop {
            let message = socket.next().await.ok_or("closed")??;
            if message.to_text()?.starts_with(r#"{"type":"board""#) {
                break;
            }
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = heard.clone();
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let at = Instant::now();
                if let Some(position) = message.to_text().ok().and_then(position) {
                    hearing.lock().push((position, at));
                }
            }
        });
        Ok(Self { heard, task })
    }

    /// What it was shown until now.
    pub(crate) fn end(self) -> Vec<(u64, Instant)> {
        self.task.abort();
        std::mem::take(&mut *self.heard.lock())
    }
}

/// The position that a message about the board is as of: `b1.17` is 17.
fn position(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(r#""as_of":"b"#)?;
    let (state, _) = rest.split_once('"')?;
    state.split_once('.')?.1.parse().ok()
}
