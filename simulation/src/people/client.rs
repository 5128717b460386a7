//! The thin shell of a simulated person: one task, one socket at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, StatusCode};
use model::SeededRandom;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::people::address::Address;
use crate::people::crowd::Crowd;
use crate::people::hear::Next;
use crate::people::wire::{ToServer, may_come_back};
use crate::plan::Tokens;
use crate::world::chance::{below, fraction};

const SUBPROTOCOL: HeaderValue = HeaderValue::from_static("whereabouts.v1.json");

/// How many people connect at the same moment.
const HANDSHAKES_MAX: usize = 64;

/// TCP and the upgrade together.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// A message that can't be written for so long means that the service stopped reading.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);

/// For the service's answer to our close.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

/// After so many attempts in a row without a welcome, somebody gives up.
const FAILURES_MAX: u32 = 20;

/// The delay before the first attempt to come back; it doubles up to the longest one, and varies by half.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
const BACKOFF_LONGEST: Duration = Duration::from_secs(8);

/// 5,000 friends fit into one snapshot of this size.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
const READ_BUFFER_BYTES: usize = 4 << 10;
const WRITE_BUFFER_BYTES: usize = 4 << 10;
const WRITE_BUFFER_BYTES_MAX: usize = 64 << 10;

type Socket = WebSocketStream<TcpStream>;

/// What all clients share to get in.
pub(crate) struct Service {
    addresses: Arc<[Address]>,
    tokens: Arc<dyn Tokens>,
    handshakes: Semaphore,
    random: SeededRandom,
}

/// How a connection, or the attempt at one, ended.
enum Ending {
    /// As ordered.
    Left,
    /// Another attempt may help.
    ComeBack(String),
    /// It wouldn't.
    Never(String),
}

impl Service {
    pub(crate) fn new(addresses: Arc<[Address]>, tokens: Arc<dyn Tokens>, seed: u64) -> Self {
        let handshakes = Semaphore::new(HANDSHAKES_MAX);
        Self { addresses, tokens, handshakes, random: SeededRandom::new(seed) }
    }

    /// Doubles with every failure, from 1 on, and is never the same for everybody.
    fn backoff(&self, failures: u32) -> Duration {
        let doubled = BACKOFF_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(BACKOFF_LONGEST).mul_f64(0.5 + fraction(&self.random))
    }

    /// Any address but this one, if there are several.
    fn another(&self, address: usize) -> usize {
        let others = self.addresses.len() - 1;
        (address + 1 + below(&self.random, others)) % self.addresses.len()
    }
}

/// Stays connected as person `me` until ordered to leave, or until coming back makes no sense. Comes back to where it
/// was; if it isn't let in there, it tries somewhere else.
pub(crate) async fn live(crowd: Arc<Crowd>, service: Arc<Service>, me: u32) {
    let mut failures = 0;
    let mut address = me as usize % service.addresses.len();
    loop {
        crowd.person(me).state().address = address;
        let ending = match connect(&crowd, &service, me, address).await {
            Ok(socket) => attend(&crowd, &service, me, socket).await,
            Err(ending) => ending,
        };
        let welcomed = crowd.person(me).part();
        let why = match ending {
            Ending::Left => return,
            Ending::Never(why) => Some(why),
            Ending::ComeBack(why) => {
                if welcomed {
                    failures = 1;
                } else {
                    failures += 1;
                    address = service.another(address);
                }
                (failures > FAILURES_MAX).then_some(why)
            }
        };
        if let Some(why) = why {
            crowd.fault(me, why);
            crowd.person(me).state().gave_up = true;
            return;
        }
        if timeout(service.backoff(failures), told_to_leave(&crowd, me)).await.is_ok() {
            return;
        }
    }
}

async fn told_to_leave(crowd: &Crowd, me: u32) {
    let person = crowd.person(me);
    while !person.state().orders.leave {
        person.wake.notified().await;
    }
}

async fn connect(
    crowd: &Crowd,
    service: &Service,
    me: u32,
    address: usize,
) -> Result<Socket, Ending> {
    let never = |what: &str| Ending::Never(what.to_owned());
    let address = &service.addresses[address];
    let uri = format!("ws://{}/v1/ws", address.host_and_port());
    let mut request =
        uri.into_client_request().map_err(|_| never("the address makes no request"))?;
    let bearer = format!("Bearer {}", service.tokens.user(crowd.id(me)));
    let mut bearer =
        HeaderValue::try_from(bearer).map_err(|_| never("the token fits no header"))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);

    let Ok(_permit) = service.handshakes.acquire().await else {
        return Err(never("the run is over"));
    };
    let upgrade = async {
        let stream = TcpStream::connect(address.host_and_port()).await?;
        stream.set_nodelay(true)?;
        client_async_with_config(request, stream, Some(limits())).await
    };
    match timeout(HANDSHAKE_DEADLINE, upgrade).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(Ending::ComeBack(format!("no answer from {address}"))),
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

fn refused(error: &WsError) -> Ending {
    match error {
        WsError::Http(response) => {
            let status = response.status();
            let why = format!("the upgrade was refused with {status}");
            let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            if later { Ending::ComeBack(why) } else { Ending::Never(why) }
        }
        WsError::Io(error) => Ending::ComeBack(format!("no connection: {error}")),
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => {
            Ending::ComeBack("the upgrade was cut off".into())
        }
        other => Ending::Never(format!("the upgrade failed: {other}")),
    }
}

async fn attend(crowd: &Crowd, service: &Service, me: u32, mut socket: Socket) -> Ending {
    let person = crowd.person(me);
    loop {
        let errand_at = person.state().next_errand();
        let next = tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => crowd.hear(me, &text, Instant::now()),
                Some(Ok(Message::Close(frame))) => return closed(frame.as_ref()),
                Some(Ok(Message::Binary(_))) => {
                    crowd.fault(me, "a binary message");
                    Next::Listen
                }
                Some(Ok(_)) => Next::Listen,
                Some(Err(error)) => return broken(&error),
                None => return Ending::ComeBack("the connection ended".into()),
            },
            () = person.wake.notified() => Next::RunErrands,
            () = at(errand_at) => Next::RunErrands,
        };
        if next == Next::RunErrands {
            match timeout(WRITE_DEADLINE, errands(crowd, service, me, &mut socket)).await {
                Ok(Ok(Onward::Stay)) => {}
                Ok(Ok(Onward::Leave)) => return leave(socket).await,
                Ok(Err(error)) => return broken(&error),
                Err(_) => return Ending::ComeBack("the service stopped reading".into()),
            }
        }
    }
}

/// Completes at this moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

enum Onward {
    Stay,
    Leave,
}

async fn errands(
    crowd: &Crowd,
    service: &Service,
    me: u32,
    socket: &mut Socket,
) -> Result<Onward, WsError> {
    let errands = crowd.person(me).errands(Instant::now());
    if errands.leave {
        return Ok(Onward::Leave);
    }
    if let Some(fix) = errands.fix {
        crowd.tally.fixes.fetch_add(1, Relaxed);
        socket.feed(Message::text(fix)).await?;
    }
    if let Some(ping) = errands.ping {
        socket.feed(Message::text(ping)).await?;
    }
    if errands.renew {
        let token = service.tokens.user(crowd.id(me));
        socket.feed(Message::text(ToServer::Renew { token: &token }.text())).await?;
    }
    socket.flush().await?;
    Ok(Onward::Stay)
}

fn closed(frame: Option<&CloseFrame>) -> Ending {
    let code = frame.map(|frame| u16::from(frame.code));
    let why = match code {
        Some(code) => format!("closed with {code}"),
        None => "closed without a code".into(),
    };
    if may_come_back(code) { Ending::ComeBack(why) } else { Ending::Never(why) }
}

fn broken(error: &WsError) -> Ending {
    match error {
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Ending::ComeBack("the connection broke".into())
        }
        WsError::Protocol(_) | WsError::Capacity(_) | WsError::Utf8(_) => {
            Ending::Never(format!("the service broke the WebSocket protocol: {error}"))
        }
        _ => Ending::ComeBack("the connection broke".into()),
    }
}

async fn leave(mut socket: Socket) -> Ending {
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") };
    let politely = async {
        if socket.close(Some(goodbye)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // Whoever doesn't answer in time is left without an answer.
    let _ = timeout(CLOSE_DEADLINE, politely).await;
    Ending::Left
}

#[cfg(test)]
mod tests;
