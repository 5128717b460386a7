use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::SystemClock;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::conductor::Conductor;
use crate::judge::inspector::{ASKS_MAX, Ask, Inspector};
use crate::people::address::Address;
use crate::people::cast::Cast;
use crate::people::client::{Service, live};
use crate::people::crowd::Crowd;
use crate::people::rest::Rest;
use crate::plan::{Plan, Setup, Tokens};
use crate::report::scene::{Observer, Stage};
use crate::world::changes::Changer;
use crate::world::setup;
use crate::{Error, Summary};

/// Time for everybody to connect: this, and so much more for each.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
const CONNECT_DEADLINE_EACH: Duration = Duration::from_millis(20);

/// How often to look whether everybody is connected.
const CONNECT_LOOK_EVERY: Duration = Duration::from_millis(20);

/// Time for everybody to say goodbye.
const GOODBYE_DEADLINE: Duration = Duration::from_secs(10);

/// Simulates `plan` until its end or until `stop` is ready. Stopped runs skip the last checkpoint.
pub async fn run(
    plan: Plan,
    tokens: Arc<dyn Tokens>,
    observer: Arc<dyn Observer>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Summary, Error> {
    let mut stop = pin!(stop);
    let run = tokio::select! {
        begun = Run::begin(plan, tokens, observer) => begun?,
        () = &mut stop => return Ok(Summary::default()),
    };
    run.until(stop).await
}

/// A run in which everybody is connected.
pub struct Run {
    plan: Plan,
    cast: Cast,
    crowd: Arc<Crowd>,
    observer: Arc<dyn Observer>,
    /// One a person. Dropped on every way out, the set ends them.
    people: JoinSet<()>,
    changer: Option<Arc<Changer>>,
    ask: mpsc::Sender<Ask>,
    asks: mpsc::Receiver<Ask>,
}

impl Run {
    /// Makes users and friendships if they are to be made, and connects everybody.
    pub async fn begin(
        plan: Plan,
        tokens: Arc<dyn Tokens>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let addresses: Arc<[_]> =
            plan.addresses.iter().map(|text| Address::parse(text)).collect::<Result<_, _>>()?;
        if addresses.is_empty() {
            return Err(Error::Plan("no address of a service is given".into()));
        }
        let cast = Cast::prepare(&plan)?;
        let clock = Arc::new(SystemClock::start());
        let mut crowd = Crowd::new(Arc::clone(&cast.graph), clock);
        let rest = Rest::new(Arc::clone(&addresses));
        if plan.setup == Setup::Create {
            crowd.guests = setup::create(&rest, &cast.graph, &*tokens, &*observer).await?;
        }
        let crowd = Arc::new(crowd);
        let changer = plan.friendship_changes.map(|changes| {
            Changer::new(changes, Arc::clone(&crowd), rest, Arc::clone(&tokens)).map(Arc::new)
        });
        let changer = changer.transpose()?;
        let mut people = JoinSet::new();
        let service = Arc::new(Service::new(addresses, tokens, crowd.now_ms() as u64));
        for number in 0..crowd.people.len() as u32 {
            people.spawn(live(Arc::clone(&crowd), Arc::clone(&service), number));
        }
        all_connected(&crowd, &*observer).await?;
        let (ask, asks) = mpsc::channel(ASKS_MAX);
        Ok(Self { plan, cast, crowd, observer, people, changer, ask, asks })
    }

    /// Somebody to ask about it while it goes on.
    pub fn inspector(&self) -> Inspector {
        Inspector::new(Arc::clone(&self.crowd), self.ask.clone())
    }

    /// Lets people move until the end of the plan or until `stop` is ready. Stopped runs skip the last checkpoint.
    pub async fn until(self, stop: impl Future<Output = ()> + Send) -> Result<Summary, Error> {
        let Self { plan, cast, crowd, observer, people, changer, asks, .. } = self;
        observer.stage(Stage::Running { duration: plan.duration });
        let conductor = Conductor::new(&plan, Arc::clone(&crowd), cast, &*observer, asks)?;
        // Dropped, the set ends what is in it.
        let mut changing = JoinSet::new();
        changer.map(|changer| changing.spawn(changer.run()));
        let summary = conductor.conduct(pin!(stop)).await;
        drop(changing);
        observer.stage(Stage::Closing);
        say_goodbye(&crowd, people).await;
        summary
    }
}

async fn all_connected(crowd: &Crowd, observer: &dyn Observer) -> Result<(), Error> {
    let of = crowd.people.len();
    let deadline = Instant::now() + CONNECT_DEADLINE + CONNECT_DEADLINE_EACH * of as u32;
    loop {
        let done = crowd.connected();
        observer.stage(Stage::Connecting { done, of });
        if done == of {
            return Ok(());
        }
        if crowd.given_up() > 0 {
            return Err(Error::Connect(crowd.faults().swap_remove(0)));
        }
        if Instant::now() > deadline {
            return Err(Error::Connect(format!("only {done} of {of} people got in, in time")));
        }
        tokio::time::sleep(CONNECT_LOOK_EVERY).await;
    }
}

async fn say_goodbye(crowd: &Crowd, mut tasks: JoinSet<()>) {
    for person in &crowd.people {
        person.order(|orders| orders.leave = true);
    }
    let all_left = async { while tasks.join_next().await.is_some() {} };
    // Whoever is still there then is dropped with the set.
    let _ = tokio::time::timeout(GOODBYE_DEADLINE, all_left).await;
}

#[cfg(test)]
mod tests;
