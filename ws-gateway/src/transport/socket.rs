use std::cell::RefCell;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use api::Stream as ByteStream;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::metrics::Metrics;
use crate::protocol::reply;
use crate::session::Input;
use crate::session::messages::CloseCode;
use crate::transport::driver::{Driver, Out};
use crate::transport::frame_header::{BadLength, CheckedLengths};
use crate::transport::frames;

/// So much is put together for one write, bytes; a message that is begun is finished.
const BATCH_BYTES: usize = 32 * 1024;

/// So much is read at once of what is dropped, bytes.
const SCRATCH_BYTES: usize = 4 * 1024;

/// So many messages of one client are taken in before others get their turn.
const READS_PER_TURN: usize = 32;

thread_local! {
    /// Where a worker puts a write together, and each of its messages before: none of it outlives the write.
    static BATCH: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

pub(crate) type WebSocket = WebSocketStream<CheckedLengths<ByteStream>>;

/// A WebSocket and its session: reads, writes, and nothing else.
struct Connection {
    socket: WebSocket,
    driver: Driver,
    /// The library has frames of its own (pongs, a close) that the stream hasn't taken.
    unflushed: bool,
    /// What of our last write the stream hasn't taken; empty, and without memory, unless the client reads too slowly.
    rest: Vec<u8>,
    /// Something was written since the driver last heard that all was taken.
    owing: bool,
    /// The close that comes after what is being written.
    goodbye: Option<(CloseCode, String)>,
    ending: Ending,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    /// A close frame is on its way; the client's answer is awaited for a while.
    Closing,
    /// A close frame is on its way, and after it nothing that the client sends can be understood.
    Broken,
}

/// The connection can't be used any more.
struct Over;

/// Serves one connection to its end.
pub(crate) async fn serve(socket: WebSocket, driver: Driver) {
    let mut connection = Connection {
        socket,
        driver,
        unflushed: false,
        rest: Vec::new(),
        owing: false,
        goodbye: None,
        ending: Ending::No,
    };
    std::future::poll_fn(|cx| match connection.poll(cx) {
        Ok(poll) => poll,
        Err(Over) => Poll::Ready(()),
    })
    .await;
}

impl Connection {
    /// Ready when the connection has ended in good order.
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Over> {
        for _ in 0..READS_PER_TURN {
            self.driver.turn(cx);
            let written = self.write(cx)?;
            if self.driver.gave_up() {
                return Ok(Poll::Ready(()));
            }
            if self.ending == Ending::Broken {
                return Ok(if written.is_ready() { self.hang_up(cx) } else { Poll::Pending });
            }
            if !self.wants_input() {
                return Ok(Poll::Pending);
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Pending => return Ok(Poll::Pending),
                Poll::Ready(None) => return Ok(Poll::Ready(())),
                Poll::Ready(Some(Ok(message))) => self.take_in(&message),
                Poll::Ready(Some(Err(error))) => self.broken(&error)?,
            }
        }
        cx.waker().wake_by_ref();
        Ok(Poll::Pending)
    }

    /// Ends this side, and drops what the client still sends until it ends its own: to hang up on unread bytes resets the
    /// connection, and the client might never see why.
    fn hang_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut stream = Pin::new(self.socket.get_mut());
        if stream.as_mut().poll_shutdown(cx).is_pending() {
            return Poll::Pending;
        }
        let mut scratch = [0; SCRATCH_BYTES];
        loop {
            let mut dropped = ReadBuf::new(&mut scratch);
            match stream.as_mut().poll_read(cx, &mut dropped) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !dropped.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }

    /// While closing, what comes is read and dropped, to find the client's own close. In the middle of a frame of ours
    /// nothing is read: the library would answer a ping there and then.
    fn wants_input(&self) -> bool {
        self.rest.is_empty() && (self.ending == Ending::Closing || self.driver.takes_input())
    }

    /// Writes what there is. Ready when the socket has taken everything and nothing is left to say.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Over> {
        let mut is_all = false;
        loop {
            // What is begun is finished first, and the library's frames never fall into the middle of ours.
            if self.write_rest(cx)?.is_pending() || self.flush_library(cx)?.is_pending() {
                self.driver.stuck();
                return Ok(Poll::Pending);
            }
            if std::mem::take(&mut self.owing) && !self.driver.flushed() && is_all {
                return Ok(Poll::Ready(()));
            }
            if let Some((code, detail)) = self.goodbye.take() {
                self.close(code, &detail)?;
            } else if self.ending != Ending::No {
                return Ok(Poll::Ready(()));
            } else {
                is_all = self.write_batch(cx)?;
                if is_all && !self.owing {
                    return Ok(Poll::Ready(()));
                }
            }
        }
    }

    fn write_rest(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Over> {
        if self.rest.is_empty() {
            return Ok(Poll::Ready(()));
        }
        let written = write_some(self.socket.get_mut(), cx, &self.rest)?;
        self.unflushed |= self.socket.get_ref().keeps_back();
        if written < self.rest.len() {
            self.rest.drain(..written);
            return Ok(Poll::Pending);
        }
        self.rest = Vec::new();
        Ok(Poll::Ready(()))
    }

    fn flush_library(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Over> {
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Err(Over),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
    }

    /// Puts what is to say into one write. Answers whether that is all, or else there is more, or a close.
    fn write_batch(&mut self, cx: &mut Context<'_>) -> Result<bool, Over> {
        BATCH.with_borrow_mut(|(batch, text)| {
            batch.clear();
            let mut is_all = false;
            while !is_all && batch.len() < BATCH_BYTES {
                match self.driver.next() {
                    None => is_all = true,
                    Some(Out::Message(message)) => {
                        text.clear();
                        reply::encode(&message, text);
                        frames::text(batch, text);
                    }
                    Some(Out::Ping) => frames::ping(batch),
                    Some(Out::Close(code, detail)) => {
                        self.goodbye = Some((code, detail));
                        break;
                    }
                }
            }
            let written = write_some(self.socket.get_mut(), cx, batch)?;
            self.rest.extend(&batch[written..]);
            self.unflushed |= !batch.is_empty() && self.socket.get_ref().keeps_back();
            self.owing |= !batch.is_empty();
            Ok(is_all)
        })
    }

    /// Gives a close frame to the library, which knows what comes after one.
    fn close(&mut self, code: CloseCode, detail: &str) -> Result<(), Over> {
        self.ending = Ending::Closing;
        self.unflushed = true;
        let frame = close_frame(code, detail);
        Pin::new(&mut self.socket).start_send(frame).map_err(|_| Over)
    }

    fn take_in(&mut self, message: &Message) {
        if self.ending == Ending::Closing {
            return;
        }
        match message {
            Message::Text(text) => self.driver.text(text.as_str()),
            Message::Binary(bytes) => self.driver.input(Input::Binary(bytes.len())),
            Message::Ping(bytes) | Message::Pong(bytes) => {
                // The library has put a pong into its buffer; it goes out with the next flush.
                self.unflushed = true;
                self.driver.input(Input::Control(bytes.len()));
            }
            Message::Close(_) => {
                // Answered by the library.
                self.unflushed = true;
                self.ending = Ending::Closing;
                self.driver.closed_by_client();
            }
            Message::Frame(_) => {} // Never read.
        }
    }

    /// What the client sent can't be understood: says why if the connection still works.
    fn broken(&mut self, error: &WsError) -> Result<(), Over> {
        if self.ending != Ending::No {
            return Err(Over);
        }
        let code = match error {
            WsError::Capacity(_) => CloseCode::MessageTooBig,
            WsError::Utf8(_) => CloseCode::InvalidUtf8,
            WsError::Protocol(fault) if is_protocol_fault(fault) => CloseCode::ProtocolError,
            WsError::Io(fault) if is_bad_length(fault) => CloseCode::ProtocolError,
            _ => {
                Metrics::socket_error("read");
                return Err(Over);
            }
        };
        self.driver.closed_by_fault(code);
        self.close(code, &error.to_string())?;
        self.ending = Ending::Broken;
        Ok(())
    }
}

/// Writes as much as the stream takes now; answers how much that was.
fn write_some<S: AsyncWrite + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    bytes: &[u8],
) -> Result<usize, Over> {
    let mut written = 0;
    while written < bytes.len() {
        match Pin::new(&mut *stream).poll_write(cx, &bytes[written..]) {
            Poll::Ready(Ok(some)) if some > 0 => written += some,
            Poll::Ready(_) => {
                Metrics::socket_error("write");
                return Err(Over);
            }
            Poll::Pending => break,
        }
    }
    Ok(written)
}

/// Whether the client broke the protocol, rather than the connection.
fn is_protocol_fault(fault: &ProtocolError) -> bool {
    !matches!(fault, ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing)
}

fn is_bad_length(fault: &io::Error) -> bool {
    fault.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<BadLength>)
}

fn close_frame(code: CloseCode, detail: &str) -> Message {
    // A close frame has room for 123 bytes of reason (RFC 6455, 5.5).
    let mut reason = format!("{}: {detail}", code.as_str());
    let end = (0..=reason.len().min(123)).rev().find(|at| reason.is_char_boundary(*at));
    reason.truncate(end.unwrap_or(0));
    Message::Close(Some(CloseFrame { code: code.code().into(), reason: reason.into() }))
}
