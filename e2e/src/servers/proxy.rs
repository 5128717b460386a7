use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Pieces of up to 16 KiB that may be on their way in one direction of a connection; then its sender waits.
const PIECES_MAX: usize = 1_024;

/// A TCP proxy that can fail in ways in which a server on the same machine can't.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    target: AtomicU16,
    mode: AtomicU8,
    delay_us: AtomicU64,
    cut: Notify,
}

const PASSES: u8 = 0;
const SWALLOWS: u8 = 1;
const SWALLOWS_ANSWERS: u8 = 2;
const REFUSES: u8 = 3;

impl Proxy {
    /// In front of this port on 127.0.0.1.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let own_port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            target: AtomicU16::new(port),
            mode: AtomicU8::new(PASSES),
            delay_us: AtomicU64::new(0),
            cut: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, state.clone()));
        Self { port: own_port, state, task }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on everything takes so long to arrive, in each direction, as over a longer way.
    pub fn delay(&self, one_way: Duration) {
        self.state.delay_us.store(one_way.as_micros() as u64, Ordering::SeqCst);
    }

    /// From now on bytes vanish in both directions, while all connections stay open.
    pub fn swallow(&self) {
        self.state.mode.store(SWALLOWS, Ordering::SeqCst);
    }

    /// From now on what the server says vanishes, while all connections stay open.
    pub fn swallow_answers(&self) {
        self.state.mode.store(SWALLOWS_ANSWERS, Ordering::SeqCst);
    }

    /// From now on no connection stands: those that are open are cut, and new ones end at once.
    pub fn sever(&self) {
        self.state.mode.store(REFUSES, Ordering::SeqCst);
        self.cut();
    }

    /// Works again. What vanished stays lost, so that connections made before are of no more use.
    pub fn pass(&self) {
        self.state.mode.store(PASSES, Ordering::SeqCst);
    }

    /// New connections go to this port on 127.0.0.1, as when an address is given to another server. Cuts the others.
    pub fn lead_to(&self, port: u16) {
        self.state.target.store(port, Ordering::SeqCst);
        self.cut();
    }

    /// Cuts every connection that is open.
    pub fn cut(&self) {
        self.state.cut.notify_waiters();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            let cut = state.cut.notified();
            if state.mode.load(Ordering::SeqCst) == REFUSES {
                return;
            }
            let target = (Ipv4Addr::LOCALHOST, state.target.load(Ordering::SeqCst));
            let Ok(server) = TcpStream::connect(target).await else { return };
            // Small messages must not wait for each other.
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::select! {
                () = pass(&mut from_client, &mut to_server, &state, &[SWALLOWS]) => {}
                () = pass(&mut from_server, &mut to_client, &state, &[SWALLOWS, SWALLOWS_ANSWERS]) => {}
                () = cut => {}
            }
        });
    }
}

async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    state: &State,
    swallowed_in: &[u8],
) {
    let (sender, mut on_the_way) = mpsc::channel(PIECES_MAX);
    let reading = async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if swallowed_in.contains(&state.mode.load(Ordering::SeqCst)) {
                continue;
            }
            let due = Instant::now() + Duration::from_micros(state.delay_us.load(Ordering::SeqCst));
            if sender.send((due, buffer[..count].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some((due, piece)) = on_the_way.recv().await {
            if due > Instant::now() {
                sleep_until(due).await;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    // What is on its way arrives also after the sender has ended.
    let read_out = async {
        reading.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = writing => {}
        () = read_out => {}
    }
}
