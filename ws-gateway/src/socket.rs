use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::driver::{Driver, Out};
use crate::lengths::{BadLength, CheckedLengths};
use crate::protocol::CloseCode;
use crate::session::Input;

/// So much is put together for one write, bytes; a message that is begun is finished.
const BATCH_BYTES: usize = 32 * 1024;

/// So much is read at once of what is dropped, bytes.
const SCRATCH_BYTES: usize = 4 * 1024;

/// So many messages of one client are taken in before others get their turn.
const READS_PER_TURN: usize = 32;

pub(crate) type WebSocket = WebSocketStream<CheckedLengths<TcpStream>>;

/// A WebSocket and its session: reads, writes, and nothing else.
struct Connection {
    socket: WebSocket,
    driver: Driver,
    /// Something was given to the socket, and it hasn't taken all of it.
    unflushed: bool,
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
    let mut connection = Connection { socket, driver, unflushed: false, ending: Ending::No };
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

    /// While closing, what comes is read and dropped, to find the client's own close.
    fn wants_input(&self) -> bool {
        self.ending == Ending::Closing || self.driver.takes_input()
    }

    /// Writes what there is. Ready when the socket has taken everything and nothing is left to say.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Over> {
        loop {
            if self.unflushed {
                match Pin::new(&mut self.socket).poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        self.unflushed = false;
                        self.driver.flushed();
                    }
                    Poll::Ready(Err(_)) => return Err(Over),
                    Poll::Pending => {
                        self.driver.stuck();
                        return Ok(Poll::Pending);
                    }
                }
            }
            let mut bytes = 0;
            while bytes < BATCH_BYTES && self.ending == Ending::No {
                let Some(out) = self.driver.next() else { break };
                bytes += self.give(out)?;
            }
            if !self.unflushed {
                return Ok(Poll::Ready(()));
            }
        }
    }

    /// Puts one thing into the socket's buffer; answers its size.
    fn give(&mut self, out: Out) -> Result<usize, Over> {
        let (size, message) = match out {
            Out::Text(text) => (text.len(), Message::Text(text.into())),
            Out::Ping => (0, Message::Ping(Bytes::new())),
            Out::Close(code, detail) => {
                self.ending = Ending::Closing;
                (0, close_frame(code, &detail))
            }
        };
        self.unflushed = true;
        Pin::new(&mut self.socket).start_send(message).map_err(|_| Over)?;
        Ok(size)
    }

    fn take_in(&mut self, message: &Message) {
        if self.ending == Ending::Closing {
            return;
        }
        match message {
            Message::Text(text) => self.driver.input(Input::Text(text.as_str())),
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
            _ => return Err(Over),
        };
        self.driver.closed_by_fault(code);
        self.give(Out::Close(code, error.to_string()))?;
        self.ending = Ending::Broken;
        Ok(())
    }
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
    let mut reason = format!("{}: {detail}", code.name());
    let end = (0..=reason.len().min(123)).rev().find(|at| reason.is_char_boundary(*at));
    reason.truncate(end.unwrap_or(0));
    Message::Close(Some(CloseFrame { code: code.code().into(), reason: reason.into() }))
}
