//! Frames to clients. Ours, since the WebSocket library would keep for every connection a buffer as large as the
//! largest message that ever went out, and copy everything once more.

/// The longest payload with a length of 7 bits, and of 16 bits (RFC 6455, 5.2).
const SHORT_MAX: usize = 125;
const MEDIUM_MAX: usize = 65_535;

/// The final frame of a text message, and of a ping.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// Appends a text message as one frame. What a server sends isn't masked.
pub(crate) fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(TEXT);
    match text.len() {
        length @ ..=SHORT_MAX => out.push(length as u8),
        length @ ..=MEDIUM_MAX => {
            out.push(126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(text);
}

/// Appends a ping without payload.
pub(crate) fn ping(out: &mut Vec<u8>) {
    out.extend([PING, 0]);
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn a_client_reads_what_was_written_at_every_length() {
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000];
        let mut bytes = Vec::new();
        for length in lengths {
            text(&mut bytes, "x".repeat(length).as_bytes());
            ping(&mut bytes);
        }
        // The client's pongs go nowhere.
        let stream = tokio::io::join(&bytes[..], tokio::io::sink());
        let mut client = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        for length in lengths {
            let message = client.next().await.expect("a message").expect("readable");
            assert_eq!(message, Message::text("x".repeat(length)));
            let message = client.next().await.expect("a ping").expect("readable");
            assert!(message.is_ping());
        }
    }
}
