//! A tiny service that speaks PROTOCOL.md as far as the tests need, honestly or not: no ticks, no expiry, no limits.

mod city;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;

use city::City;
use model::UserId;

use crate::plan::Tokens;

/// How long anything may take that a test waits for.
const DEADLINE: Duration = Duration::from_secs(10);

/// Tokens that begin as told; the service takes those that begin with [`TOKEN`].
pub(crate) struct GivenTokens(pub(crate) &'static str);

impl Tokens for GivenTokens {
    fn user(&self, user: &UserId) -> String {
        format!("{}{user}", self.0)
    }

    fn service(&self) -> String {
        "service".into()
    }
}

/// Waits until it is so, and not for ever.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let met = tokio::time::timeout(DEADLINE, wait).await;
    assert!(met.is_ok(), "never: {what}");
}

/// What the service does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Honest,
    /// Tells nobody of anybody.
    Secretive,
    /// Shows strangers.
    Indiscreet,
    /// Tells distances that are half a metre too long.
    Inexact,
    /// Tells of friends once, and not of their movements.
    Lazy,
    /// Acknowledges no fix.
    Silent,
    /// Answers no ping.
    Absent,
    /// Says that friendships are ended, and goes on showing.
    Stubborn,
    /// Does what it is asked to do with friendships, and says that it can't.
    Unsure,
}

pub(crate) struct Fake {
    pub(crate) address: String,
    city: Arc<City>,
}

/// A token is `token-of-` and the user.
pub(crate) const TOKEN: &str = "token-of-";

impl Fake {
    pub(crate) async fn start(habit: Habit, radius_m: f64, friends: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let both = friends.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let friends = both.map(|(a, b)| (a.to_owned(), b.to_owned())).collect::<BTreeSet<_>>();
        let friends = Mutex::new(friends);
        let city = Arc::new(City { habit, radius_m, friends, people: Mutex::default() });
        let service = Arc::clone(&city);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("a fresh connection has the option");
                tokio::spawn(open(Arc::clone(&service), stream));
            }
        });
        Self { address, city }
    }

    /// Closes somebody's connection with `code`.
    pub(crate) fn close(&self, user: &str, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.say(user, Message::Close(Some(frame)));
    }

    pub(crate) fn say(&self, user: &str, message: Message) {
        let people = self.city.people.lock();
        let session = people.get(user).and_then(|citizen| citizen.session.as_ref());
        // Nobody there, nobody to hear it.
        let _ = session.map(|session| session.send(message));
    }

    /// Somebody's other device says where they are.
    pub(crate) fn drag(&self, user: &str, latitude: f64, longitude: f64, time_ms: i64) {
        self.city.moved(user, (latitude, longitude, time_ms));
    }

    /// The `seq` of all fixes of somebody.
    pub(crate) fn seqs(&self, user: &str) -> Vec<u64> {
        self.city.people.lock().get(user).map(|c| c.seqs.clone()).unwrap_or_default()
    }

    /// How often somebody was connected.
    pub(crate) fn sessions(&self, user: &str) -> usize {
        self.city.people.lock().get(user).map_or(0, |c| c.sessions)
    }
}

/// What a socket begins with; anything else is REST.
const UPGRADE: &[u8] = b"GET /v1/ws";

async fn open(city: Arc<City>, stream: TcpStream) {
    let mut first = [0; UPGRADE.len()];
    // The first piece of a request is longer than that.
    match stream.peek(&mut first).await {
        Ok(_) if first == UPGRADE => attend(city, stream).await,
        _ => serve(city, stream).await,
    }
}

async fn serve(city: Arc<City>, stream: TcpStream) {
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let bearer = request.headers()[AUTHORIZATION].to_str().unwrap_or_default();
        let caller = bearer.trim_start_matches("Bearer ").trim_start_matches(TOKEN);
        let status = city.change(caller, request.method().as_str(), request.uri().path());
        let mut response = hyper::Response::new(String::new());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    // A client that goes away ends it.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

#[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
async fn attend(city: Arc<City>, stream: TcpStream) {
    let mut user = String::new();
    let callback = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|bearer| bearer.strip_prefix("Bearer "));
        let Some(known) = token.and_then(|token| token.strip_prefix(TOKEN)) else {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Err(refusal);
        };
        known.clone_into(&mut user);
        let protocol = HeaderValue::from_static("whereabouts.v1.json");
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, callback).await else { return };
    let (session, mut outbox) = unbounded_channel();
    city.enter(&user, session);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => city.hear(&user, &text),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            Some(message) = outbox.recv() => {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}
