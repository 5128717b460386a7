use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use api::{Connections, Context, End, Peer, Stream, TrustedProxies};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::arrival::{Arrival, Refusal};

/// What hyper buffers of a request's head, bytes: more than the middleware accepts, so that it can say why.
const HEAD_BYTES_MAX: usize = 128 * 1024;

/// Pending connections that the kernel keeps.
const BACKLOG: i32 = 4_096;

/// How long to wait after a failed accept, such as for too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Connections that have lost their place and are still open: those whose tasks haven't come to it yet, and those of users whose
/// requests under way are finished, for so long.
pub(crate) const ENDING_MAX: usize = 8;
const FINISHING_MAX: usize = ENDING_MAX / 2;
const FINISH: Duration = Duration::from_secs(5);

/// How long requests may go on once the node goes away.
const DRAIN: Duration = Duration::from_secs(5);

/// What the kernel is told of every connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketOptions {
    /// Unsent bytes after which a socket counts as full: what waits in the kernel isn't the newest any more.
    pub(crate) unsent_bytes_max: u32,
    /// After how long without an acknowledgement the kernel gives a connection up, also one that is closed here.
    pub(crate) unacknowledged_max: Duration,
}

/// Where to listen, and for whom there is room.
#[derive(Clone)]
pub(crate) struct ListenerConfig {
    pub(crate) address: SocketAddr,
    pub(crate) connections_max: usize,
    /// How long a client may take to send the head of a request.
    pub(crate) head_timeout: Duration,
    pub(crate) socket: SocketOptions,
    /// Who may say that a request is somebody else's.
    pub(crate) proxies: Arc<TrustedProxies>,
    /// What comes before HTTP.
    pub(crate) arrival: Arrival,
}

/// Accepts connections and hands them to the router.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    config: ListenerConfig,
}

impl Listener {
    /// Takes the address.
    pub(crate) fn bind(config: ListenerConfig) -> std::io::Result<Self> {
        let kind = socket2::Domain::for_address(config.address);
        let socket = socket2::Socket::new(kind, socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&config.address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from_std(socket.into())?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, config })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until it is stopped, then lets requests under way finish. Upgraded connections are not its business.
    pub(crate) async fn run(self, router: Router, context: Context, stop: CancellationToken) {
        let connections = Connections::new(self.config.connections_max);
        // Whoever has lost their place is gone at once, or for a few of them soon: this limits open files whatever happens.
        let open_max = self.config.connections_max + ENDING_MAX;
        let open = Arc::new(Semaphore::new(open_max));
        let finishing = Arc::new(Semaphore::new(FINISHING_MAX));
        let serving = Serving { router, context, finishing };
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&open) => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, address, permit)) => {
                    let peer = connections.enter(address.ip());
                    let connection = self.serve(stream, (address.ip(), peer), &serving);
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    if serving.context.refusals().take().is_some() {
                        tracing::warn!(%error, "a connection can't be accepted");
                    }
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
        drop(self.socket);
        connections.stop();
        let all = u32::try_from(open_max).unwrap_or(u32::MAX);
        // Those that take longer are cut off with the process.
        let _ = tokio::time::timeout(DRAIN, open.acquire_many(all)).await;
    }

    async fn accept(
        &self,
        open: &Arc<Semaphore>,
    ) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = open.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, address) = self.socket.accept().await?;
        let socket = SockRef::from(&stream);
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_notsent_lowat(self.config.socket.unsent_bytes_max)?;
        socket.set_tcp_user_timeout(Some(self.config.socket.unacknowledged_max))?;
        Ok((stream, address, permit))
    }

    /// Serves a connection to its end, to that of the node, or until it has to make room for another one.
    fn serve(
        &self,
        stream: TcpStream,
        (address, peer): (IpAddr, Peer),
        serving: &Serving,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (config, serving) = (self.config.clone(), serving.clone());
        async move {
            let arrived = config.arrival.take(stream, address);
            let arrived = tokio::select! {
                arrived = tokio::time::timeout(config.head_timeout, arrived) => arrived,
                _ = peer.told_to_end() => return,
            };
            match arrived {
                Ok(Ok((stream, client))) => {
                    let peer = if client == address { peer } else { peer.at(client) };
                    serving.http(stream, &config, (client, peer)).await;
                }
                // Whoever says nothing isn't worth a line.
                Err(_) | Ok(Err(Refusal::Gone)) => {}
                Ok(Err(refusal)) => serving.context.refuse_connection(refusal.reason(), &refusal),
            }
        }
    }
}

/// What the connections of a listener share.
#[derive(Clone)]
struct Serving {
    router: Router,
    context: Context,
    /// How many connections that have lost their place may finish a request.
    finishing: Arc<Semaphore>,
}

impl Serving {
    async fn http(self, stream: Stream, config: &ListenerConfig, (client, peer): (IpAddr, Peer)) {
        let place = peer.clone();
        let proxies = config.proxies.trusts(client).then(|| config.proxies.clone());
        let base_path = self.context.base_path().clone();
        let router = self.router;
        let answer = service_fn(move |mut request: Request<Incoming>| {
            let peer = match &proxies {
                None => peer.clone(),
                Some(proxies) => peer.at(proxies.client(client, request.headers())),
            };
            request.extensions_mut().insert(peer);
            if let Some(within) = base_path.within(request.uri()) {
                *request.uri_mut() = within;
            }
            // A router is always ready. Wrapped for hyper as other services are it would be cloned and asked in steps.
            router.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(config.head_timeout)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), answer)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        // Errors here are clients that went away or sent what isn't HTTP; hyper has answered what can be.
        let end = tokio::select! {
            _ = connection.as_mut() => return,
            end = place.told_to_end() => end,
        };
        match end {
            End::Stop => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            End::CrowdedOut => {
                // Of a user a request may be under way, and clients know that connections end between two.
                if place.is_known()
                    && let Ok(_permit) = self.finishing.try_acquire()
                {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(FINISH, connection).await;
                }
            }
        }
    }
}
