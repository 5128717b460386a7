//! A gateway whose bus and position store fail when told to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use api::{Context, RateLimit, Signer, SystemRandom, Verifier, VerifyingKey};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use model::{BoardId, Caller, Clock, FeedPosition, Metres, ReadToken, Role, SystemClock, UserId};
use tokio::net::TcpListener;
use tokio::sync::watch;
use ws_gateway::Sighting;
use ws_gateway::live::embedded::Embedded;
use ws_gateway::live::{Channel, Error, FixLimit, Live, Sink, Written};
use ws_gateway::{
    BoardFailure, BoardShape, BoardView, Boards, Circle, CircleChange, CircleEdit, Config, Deps,
    Friends, Gateway, ShownRelation,
};

const SECRET: [u8; 32] = [7; 32];
const WORD: &str = "test";

/// The gateway, its address, and the handle on its faults.
pub(crate) struct Faulty {
    pub(crate) address: SocketAddr,
    /// A token of alice, whose friend bob never comes.
    pub(crate) token: String,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    writes_fail: AtomicBool,
    board_fails: watch::Sender<bool>,
    sink: OnceLock<Arc<dyn Sink>>,
}

/// The embedded bus and store, unless they are to fail.
struct Unreliable {
    inner: Arc<dyn Live>,
    faults: Arc<Faults>,
}

/// A board that nobody is on.
struct OneBoard(Arc<Faults>);

/// Everybody's only friend.
struct Bob;

fn bob() -> UserId {
    UserId::parse("bob").expect("an id")
}

impl Faulty {
    pub(crate) async fn start() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let random = Arc::new(SystemRandom);
        let key = VerifyingKey::hs256(WORD, &SECRET).expect("a long secret");
        let verifier = Arc::new(Verifier::new(vec![key], WORD, WORD, 0).expect("one key"));
        let signer = Signer::hs256(WORD, &SECRET, WORD, WORD).expect("a long secret");
        let alice = UserId::parse("alice").expect("an id");
        let token = signer.sign(&alice, Role::User, clock.now().wall, 3_600);

        let faults = Arc::new(Faults::default());
        let embedded = Embedded::new(clock.clone(), &*random, FixLimit::default());
        let deps = Deps {
            boards: Some(Arc::new(OneBoard(faults.clone()))),
            history: None,
            clock: clock.clone(),
            random: random.clone(),
            verifier: verifier.clone(),
            friends: Arc::new(Bob),
            friends_are_shared: false,
        };
        let gateway = Gateway::new(Config::default(), deps, |sink| {
            let inner = embedded.attach(sink.clone());
            assert!(faults.sink.set(sink).is_ok(), "attached once");
            Arc::new(Unreliable { inner, faults: faults.clone() })
        });
        tokio::spawn(gateway.clone().run());
        let context = Context::new(verifier, clock, random, RateLimit::default());
        let (router, _) = ws_gateway::router(gateway, context.clone()).split_for_parts();
        let service = TowerToHyperService::new(api::with_middleware(router, &context));

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = http1::Builder::new()
                    .serve_connection(TokioIo::new(api::Stream::Plain(stream)), service.clone())
                    .with_upgrades();
                tokio::spawn(connection);
            }
        });
        Self { address, token, faults }
    }

    /// From now on the store takes nothing, or takes it again.
    pub(crate) fn fail_writes(&self, fail: bool) {
        self.faults.writes_fail.store(fail, Ordering::SeqCst);
    }

    /// From now on the board can't be read, or can again.
    pub(crate) fn fail_board(&self, fail: bool) {
        self.faults.board_fails.send_replace(fail);
    }

    /// More changes of what alice is shown of bob than are kept for anybody.
    pub(crate) fn flood(&self) {
        let alice = UserId::parse("alice").expect("an id");
        let change = CircleChange {
            as_of: ReadToken { timeline: 1, position: FeedPosition(2) },
            edit: CircleEdit::Shown(alice, bob()),
        };
        self.faults.sink.get().expect("attached").changed(&vec![change; 1_000]);
    }

    /// The bus may have missed something.
    pub(crate) fn gap(&self) {
        let bob = Channel::precise(bob());
        self.faults.sink.get().expect("attached").gap(&[bob]);
    }
}

impl Boards for OneBoard {
    fn watch(&self, _: BoardId) -> BoxFuture<'_, Result<BoxStream<'static, ()>, BoardFailure>> {
        let changes = |mut fails: watch::Receiver<bool>| async move {
            fails.changed().await.ok()?;
            Some(((), fails))
        };
        let changes = stream::unfold(self.0.board_fails.subscribe(), changes).boxed();
        Box::pin(std::future::ready(Ok(changes)))
    }

    fn view(
        &self,
        _: Caller,
        _: BoardId,
        _: BoardShape,
    ) -> BoxFuture<'_, Result<BoardView, BoardFailure>> {
        let nobody = BoardView {
            as_of: "b1.0".to_owned(),
            as_of_highest: None,
            count: 0,
            place: None,
            standings: Vec::new(),
        };
        let fails = *self.0.board_fails.borrow();
        let view = if fails { Err(BoardFailure::Unavailable) } else { Ok(nobody) };
        Box::pin(std::future::ready(view))
    }
}

impl Live for Unreliable {
    fn announce(
        &self,
        sighting: (Channel, Sighting),
        fixes: u32,
    ) -> BoxFuture<'_, Result<Written, Error>> {
        if self.faults.writes_fail.load(Ordering::SeqCst) {
            let error = Error::unavailable("told to fail");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.inner.announce(sighting, fixes)
    }

    fn read(&self, channels: Vec<Channel>) -> BoxFuture<'_, Result<Vec<Option<Sighting>>, Error>> {
        self.inner.read(channels)
    }

    fn subscribe(&self, channels: Vec<Channel>) -> BoxFuture<'static, Result<(), Error>> {
        self.inner.subscribe(channels)
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        self.inner.unsubscribe(channels);
    }

    fn tell(&self, changes: Vec<CircleChange>) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.tell(changes)
    }

    fn epoch(&self) -> String {
        self.inner.epoch()
    }
}

impl Friends for Bob {
    fn circle(&self, _: UserId) -> BoxFuture<'_, Result<Circle, Error>> {
        let as_of = ReadToken { timeline: 1, position: FeedPosition(1) };
        let circle = Circle { as_of, friends: vec![bob()], radius: self.radius(None) };
        Box::pin(std::future::ready(Ok(circle)))
    }

    fn names(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<Vec<Arc<str>>, Error>> {
        let names = users.iter().map(|user| user.as_str().into()).collect();
        Box::pin(std::future::ready(Ok(names)))
    }

    fn relations(
        &self,
        _: UserId,
        _: Vec<UserId>,
    ) -> BoxFuture<'_, Result<Vec<ShownRelation>, Error>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn radius(&self, _: Option<u32>) -> Metres {
        Metres(1_000.0)
    }
}
