use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::{Monotonic, ReadToken};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::live::{CURRENT_LEASE_MS, FeedServer};

/// What one gateway hears of the changes that are told through one server. Written by the shard's task, read by sessions.
#[derive(Default)]
pub(super) struct FeedStatus {
    /// Until when what is heard counts as all there is, milliseconds of monotonic time.
    current_until: AtomicU64,
    /// Until when this gateway leads the server.
    leads_until: AtomicU64,
    /// Since when everything is subscribed; 0 while it isn't.
    subscribed_since: AtomicU64,
    /// Nothing has been missed since then: the feed was read to its end.
    caught_up: AtomicBool,
    /// Woken when that has come true.
    caught: Notify,
    /// Up to where the server's mark said that changes were told, when it was heard last.
    mark: Mutex<Option<ReadToken>>,
}

impl FeedStatus {
    /// The connection is lost: from here on changes are missed.
    pub(super) fn lost(&self) {
        self.caught_up.store(false, Ordering::Release);
        self.subscribed_since.store(0, Ordering::Release);
        self.leads_until.store(0, Ordering::Release);
    }

    /// Everything is subscribed from this moment on.
    pub(super) fn subscribed(&self, now: Monotonic) {
        self.subscribed_since.store(now.0.max(1), Ordering::Release);
    }

    /// A probe that was sent at this moment has come, and before it all that the mark says.
    pub(super) fn probed(&self, sent: Monotonic, mark: Option<ReadToken>) {
        if self.caught_up.load(Ordering::Acquire) {
            self.extend(sent);
            self.set_mark(mark);
        }
    }

    /// The feed was read to its end, and that began at this moment.
    pub(super) fn followed(&self, began: Monotonic) {
        let since = self.subscribed_since.load(Ordering::Acquire);
        if since > 0 && since <= began.0 && !self.caught_up.swap(true, Ordering::AcqRel) {
            self.extend(began);
            self.caught.notify_waiters();
        }
    }

    /// Completes when nothing can have been missed since everything was subscribed.
    pub(super) async fn caught_up(&self) {
        let caught = self.caught.notified();
        if !self.is_caught_up() {
            caught.await;
        }
    }

    /// All changes up to here were told through the server, by this gateway.
    pub(super) fn told(&self, up_to: ReadToken) {
        self.set_mark(Some(up_to));
    }

    /// Whether this gateway leads the server, as was answered to a question of this moment.
    pub(super) fn leads(&self, asked: Monotonic, lease_ms: Option<u64>) {
        let until = lease_ms.map_or(0, |ms| asked.plus_ms(ms).0);
        self.leads_until.store(until, Ordering::Release);
    }

    fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    pub(super) fn is_current(&self, now: Monotonic) -> bool {
        now.0 < self.current_until.load(Ordering::Acquire)
    }

    /// How this gateway stands to the server.
    pub(super) fn of_feed(&self, now: Monotonic) -> FeedServer {
        FeedServer {
            heard: *self.mark.lock(),
            leads: now.0 < self.leads_until.load(Ordering::Acquire),
            missed: !self.is_caught_up(),
            current: self.is_current(now),
        }
    }

    fn extend(&self, from: Monotonic) {
        self.current_until.fetch_max(from.plus_ms(CURRENT_LEASE_MS).0, Ordering::AcqRel);
    }

    fn set_mark(&self, mark: Option<ReadToken>) {
        *self.mark.lock() = mark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_followed_after_it_was_subscribed_is_current() {
        let status = FeedStatus::default();
        status.subscribed(Monotonic(100));
        status.probed(Monotonic(150), None);
        assert!(!status.is_current(Monotonic(151)), "something may have been missed before");
        status.followed(Monotonic(90));
        assert!(status.of_feed(Monotonic(151)).missed);
        status.followed(Monotonic(160));
        assert!(!status.of_feed(Monotonic(170)).missed);
        assert!(status.is_current(Monotonic(160 + CURRENT_LEASE_MS - 1)));
        assert!(!status.is_current(Monotonic(160 + CURRENT_LEASE_MS)));
        status.probed(Monotonic(1_000), None);
        assert!(status.is_current(Monotonic(1_000 + CURRENT_LEASE_MS - 1)));
        status.lost();
        status.probed(Monotonic(4_000), None);
        assert!(!status.is_current(Monotonic(1_000 + CURRENT_LEASE_MS)));
    }

    #[test]
    fn who_leads_does_so_until_the_lease_is_over() {
        let status = FeedStatus::default();
        status.leads(Monotonic(100), Some(600));
        assert!(status.of_feed(Monotonic(699)).leads && !status.of_feed(Monotonic(700)).leads);
        status.leads(Monotonic(200), None);
        assert!(!status.of_feed(Monotonic(201)).leads);
    }
}
