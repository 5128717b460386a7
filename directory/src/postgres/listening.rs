use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::UserId;
use sql::postgres::{Server, refuse_replica};
use sqlx::postgres::PgListener;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::notice::{CHANNEL, Notice};
use crate::changes::Feed;
use crate::{Change, Error};

/// How often the listening connection is asked whether it lives, and how long it may take to say so: a connection that
/// is dead while TCP lives is found within 3 s.
const BEAT: Duration = Duration::from_secs(1);
const BEAT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The pauses between attempts to connect again: the first, and the longest, to which they double.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What the store and its listening task share.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) feed: Feed,
    /// Names this store in its notices; given by the server, so that no two are alike.
    name: String,
    /// Commits of which it isn't known whether they happened.
    doubts: AtomicU64,
    /// Why changes made by other processes aren't heard at present.
    fault: Mutex<Option<String>>,
}

impl Hearing {
    pub(super) fn new(name: String) -> Self {
        Self { feed: Feed::default(), name, doubts: AtomicU64::new(0), fault: Mutex::default() }
    }

    /// What notices of this store begin with: those of others, and the doubtful ones of its own, are announced when
    /// they come; the rest was announced by a call.
    pub(super) fn origin(&self) -> String {
        format!("{}.{}", self.name, self.doubts.load(Ordering::SeqCst))
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn heard(&self, payload: &str) {
        match Notice::parse(payload) {
            Some(notice) if notice.origin == self.origin() => {}
            Some(notice) => self.feed.announce(&Change::Touched(notice.touched)),
            // Of a newer version, perhaps: whatever it says, something changed.
            None => self.feed.announce(&Change::Lost),
        }
    }
}

/// Stands for a commit whose answer hasn't come. Dropped without one, be it by an error or since nobody waits any
/// longer, it announces the change, for it may have happened; and if it is yet to happen, its notice comes and isn't
/// taken for one that was announced, since the origin is another one from here on.
pub(super) struct Doubt<'a> {
    pub(super) hearing: &'a Hearing,
    pub(super) touched: &'a [UserId],
}

impl Doubt<'_> {
    /// The answer has come: it happened.
    pub(super) fn settle(self) {
        self.announce();
        mem::forget(self);
    }

    fn announce(&self) {
        if !self.touched.is_empty() {
            self.hearing.feed.announce(&Change::Touched(self.touched.to_vec()));
        }
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        self.hearing.doubts.fetch_add(1, Ordering::SeqCst);
        self.announce();
    }
}

/// Starts to listen, and answers once nothing can be missed any more. The task ends when it is aborted.
pub(super) async fn start(
    primary: Arc<Server>,
    hearing: Arc<Hearing>,
) -> Result<JoinHandle<()>, sqlx::Error> {
    let listener = connect(&primary).await?;
    Ok(tokio::spawn(run(listener, primary, hearing)))
}

async fn run(mut listener: PgListener, primary: Arc<Server>, hearing: Arc<Hearing>) {
    loop {
        let why = hear(&mut listener, &hearing).await;
        drop(listener);
        tracing::warn!(why, server = %primary, "changes made by other processes aren't heard");
        hearing.set_fault(Some(format!(
            "changes made by other processes aren't heard: the connection to {primary} is lost: {why}"
        )));
        listener = reconnect(&primary).await;
        hearing.set_fault(None);
        hearing.feed.announce(&Change::Lost);
        tracing::info!(server = %primary, "changes made by other processes are heard again");
    }
}

/// Announces what comes, until the connection is lost; answers why.
async fn hear(listener: &mut PgListener, hearing: &Hearing) -> String {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            heard = listener.try_recv() => match heard {
                Ok(Some(notification)) => hearing.heard(notification.payload()),
                Ok(None) => return "it was closed".to_owned(),
                Err(error) => return error.to_string(),
            },
            _ = beat.tick() => {
                // What comes meanwhile is kept by the listener.
                let asked = sqlx::raw_sql("SELECT 1").execute(&mut *listener);
                match timeout(BEAT_TIMEOUT, asked).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "it is silent".to_owned(),
                }
            }
        }
    }
}

async fn reconnect(primary: &Server) -> PgListener {
    let mut pause = PAUSE;
    loop {
        let connected: Result<_, Error> = primary.answer(connect(primary)).await;
        match connected {
            Ok(listener) => return listener,
            Err(error) => tracing::debug!(%error, server = %primary, "still not listening"),
        }
        sleep(pause).await;
        pause = PAUSE_MAX.min(2 * pause);
    }
}

async fn connect(primary: &Server) -> Result<PgListener, sqlx::Error> {
    // One connection; its name tells it from the others in `pg_stat_activity`.
    let pool = primary
        .pool_options(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .after_connect(|connection, _| Box::pin(refuse_replica(connection)))
        .connect_lazy_with(primary.options_named("whereabouts listening"));
    let mut listener = PgListener::connect_with(&pool).await?;
    // Its own way to connect again would hide that something may have been missed.
    listener.eager_reconnect(false);
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(names: &[&str]) -> Vec<UserId> {
        names.iter().map(|name| UserId::parse(name).expect("an id")).collect()
    }

    /// What is shared, and what it announces.
    fn hearing() -> (Hearing, std::sync::mpsc::Receiver<Change>) {
        let (announced, announcements) = std::sync::mpsc::channel();
        let hearing = Hearing::new("us".to_owned());
        hearing.feed.listen(Box::new(move |change| drop(announced.send(change.clone()))));
        (hearing, announcements)
    }

    #[test]
    fn an_answered_change_is_announced_once_though_its_notice_comes_back() {
        let (hearing, announcements) = hearing();
        let touched = users(&["alice", "bob"]);
        let origin = hearing.origin();
        Doubt { hearing: &hearing, touched: &touched }.settle();
        hearing.heard(&format!("{origin} alice bob"));
        assert!(announcements.try_iter().eq([Change::Touched(touched)]));
    }

    #[test]
    fn a_change_without_an_answer_is_announced_now_and_again_if_it_happens_after_all() {
        let (hearing, announcements) = hearing();
        let touched = users(&["alice"]);
        let origin = hearing.origin();
        drop(Doubt { hearing: &hearing, touched: &touched });
        assert_eq!(announcements.try_recv(), Ok(Change::Touched(touched.clone())));
        hearing.heard(&format!("{origin} alice"));
        assert_eq!(announcements.try_recv(), Ok(Change::Touched(touched)));
        hearing.heard(&format!("{} alice", hearing.origin()));
        assert!(
            announcements.try_recv().is_err(),
            "what is answered from now on is told by a call"
        );
    }

    #[test]
    fn what_can_not_be_understood_may_be_anything() {
        let (hearing, announcements) = hearing();
        hearing.heard("of a later version: ?");
        assert!(announcements.try_iter().eq([Change::Lost]));
    }
}
