//! What must be right before a connection becomes a WebSocket.

use std::sync::Arc;

use api::{AppState, ClientNetwork, Peer, Problem, Stream, TokenError, Verified};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::BASE64;
use hyper_util::rt::TokioIo;
use metrics::counter;
use model::{ErrorKind, RetryAfterMs};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::metrics::REFUSED_UPGRADES;
use crate::protocol::SUBPROTOCOL_JSON;
use crate::service::Gateway;
use crate::transport::driver::Driver;
use crate::transport::frame_header::CheckedLengths;
use crate::transport::socket;

/// The socket's read buffer, bytes: the library zero-fills and keeps it, so that its default of 128 KiB costs more than
/// everything else of a connection.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// The library writes only pongs and closes: from how many bytes on without being asked to flush, and how many at most.
const WRITE_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// When somebody who found the server full may try again.
const RETRY_MS: u64 = 5_000;

/// The version of the WebSocket protocol (RFC 6455) that is spoken here.
const WEBSOCKET_VERSION: &str = "13";

/// The length of `Sec-WebSocket-Key`, decoded.
const KEY_BYTES: usize = 16;

/// `GET /v1/ws`: the upgrade to a WebSocket.
pub(crate) async fn upgrade(
    State(state): State<AppState<Arc<Gateway>>>,
    request: Request,
) -> Response {
    let problem = match try_upgrade(&state.part, request).await {
        Ok(response) => return response,
        Err(problem) => problem,
    };
    let status = problem.status();
    counter!(REFUSED_UPGRADES, "status" => status.as_u16().to_string()).increment(1);
    let mut response = problem.into_response();
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let version = HeaderValue::from_static(WEBSOCKET_VERSION);
        headers.insert(header::SEC_WEBSOCKET_VERSION, version);
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

async fn try_upgrade(gateway: &Arc<Gateway>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers();
    check_upgrade(&request)?;
    let accept = accept_key(headers)?;
    check_origin(gateway, headers)?;
    let subprotocol = check_subprotocol(headers)?;
    let verified = check_token(gateway, headers).await?;
    if gateway.is_draining() {
        return Err(unavailable("this server is going away"));
    }
    if verified.is_some()
        && let Err(RetryAfterMs(ms)) = gateway.admission.admit(gateway.now().monotonic)
    {
        return Err(unavailable("too many sessions are being opened").retry_after_ms(ms));
    }
    let network = request.extensions().get().map_or_else(ClientNetwork::default, Peer::network);
    let permit = gateway
        .permit(verified.as_ref().map(|it| &it.caller), network)
        .map_err(|_full| unavailable("too many connections"))?;
    let config = websocket_config(gateway.config.message_bytes_max);
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        // The client may have gone before the answer reached it.
        let Ok(upgraded) = upgrading.await else { return };
        // The bare stream: what the HTTP library keeps around it costs more than all the rest of a connection.
        let Ok(parts) = upgraded.downcast::<TokioIo<Stream>>() else {
            tracing::error!(
                "a WebSocket came over something else than a connection of the listener"
            );
            return;
        };
        // A copy: even an empty piece of the library's buffer would keep all of its 8 KiB.
        let early = Bytes::copy_from_slice(&parts.read_buf);
        drop(parts.read_buf);
        let stream = CheckedLengths::new(parts.io.into_inner(), early);
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        socket::serve(socket, Driver::new(permit, verified)).await;
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(name) = subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
    }
    Ok(response)
}

fn websocket_config(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

fn check_upgrade(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let asks = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    // The route for GET takes HEAD too.
    if request.method() != Method::GET {
        let (status, detail) = (StatusCode::METHOD_NOT_ALLOWED, "a WebSocket is opened with GET");
        return Err(Problem::with_status(status, "method_not_allowed", detail));
    }
    if request.version() < Version::HTTP_11 {
        return Err(upgrade_required("a WebSocket needs HTTP/1.1"));
    }
    if !asks(header::CONNECTION, "upgrade") || !asks(header::UPGRADE, "websocket") {
        return Err(upgrade_required(
            "this is a WebSocket: ask with Connection: Upgrade and Upgrade: websocket",
        ));
    }
    let mut spoken = headers.get_all(header::SEC_WEBSOCKET_VERSION).iter();
    if spoken.next().is_none_or(|v| v != WEBSOCKET_VERSION) || spoken.next().is_some() {
        return Err(upgrade_required("Sec-WebSocket-Version must be 13"));
    }
    Ok(())
}

/// The answer to the client's key.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let key = keys
        .next()
        .filter(|key| BASE64.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == KEY_BYTES));
    let accept = key.and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok());
    accept
        .filter(|_| keys.next().is_none())
        .ok_or_else(|| bad_request("Sec-WebSocket-Key must be 16 bytes in base64, once"))
}

/// Browsers say from which page a connection comes. Others' pages must not ride on a user's login.
fn check_origin(gateway: &Gateway, headers: &HeaderMap) -> Result<(), Problem> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let origin = origin.to_str().unwrap_or("");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if gateway.origins.allow_at(origin, host) && origins.next().is_none() {
        return Ok(());
    }
    let detail = api::Refused { origin, host }.to_string();
    Err(Problem::new(ErrorKind::Forbidden, "origin_not_allowed", detail))
}

/// The subprotocol to name in the answer, if any was offered.
fn check_subprotocol(headers: &HeaderMap) -> Result<Option<&'static str>, Problem> {
    let mut offered = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .map(str::trim)
        // Some clients that offer none send the header all the same.
        .filter(|name| !name.is_empty())
        .peekable();
    if offered.peek().is_none() {
        return Ok(None);
    }
    if offered.any(|name| name == SUBPROTOCOL_JSON) {
        return Ok(Some(SUBPROTOCOL_JSON));
    }
    Err(bad_request("none of the subprotocols offered is whereabouts.v1.json"))
}

async fn check_token(gateway: &Gateway, headers: &HeaderMap) -> Result<Option<Verified>, Problem> {
    let Some(token) = api::bearer(headers)? else { return Ok(None) };
    match gateway.deps.verifier.verify_asking(token, gateway.now()).await {
        // Whoever is refused here may stay away for good.
        Err(fault @ TokenError::NotAskedYet(RetryAfterMs(ms))) => {
            let problem = Problem::new(ErrorKind::Unavailable, "unavailable", fault.to_string());
            Err(problem.retry_after_ms(ms))
        }
        verified => Ok(Some(verified?)),
    }
}

fn upgrade_required(detail: &'static str) -> Problem {
    Problem::with_status(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
}

fn bad_request(detail: &'static str) -> Problem {
    Problem::new(ErrorKind::Invalid, "invalid_handshake", detail)
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(ErrorKind::Unavailable, "unavailable", detail).retry_after_ms(RETRY_MS)
}
