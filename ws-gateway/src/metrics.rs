//! Every metric of the gateway, with its help text. Labels come from closed sets; nothing names a user or a place.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::protocol::{CloseCode, ErrorWord};
use crate::session::fixes::history::Kept;
use crate::session::fixes::validation::Unshown;
use crate::session::messages::LeftOut;

api::metric_table! {
    /// Open WebSocket sessions.
    Gauge SESSIONS = "whereabouts_ws_sessions";
    /// Users whose positions are followed by at least one session.
    Gauge CHANNELS = "whereabouts_ws_channels";
    /// Deadlines that wait in the timer wheel: expiries of positions, and of sessions pings, ticks and closes.
    Gauge TIMERS = "whereabouts_ws_timers";
    /// Fixes acknowledged, by whether they became the shown position.
    Counter FIXES = "whereabouts_ws_fixes_total";
    /// Acknowledgements of fixes, by what these survive (none, memory, disk, replicated).
    Counter ACKS = "whereabouts_ws_acks_total";
    /// Fixes that movement history doesn't take for their time, by reason (too_old: than seven days; ahead).
    Counter BEYOND_HISTORY = "whereabouts_ws_beyond_history_total";
    /// Values of fixes that were left out, or clamped, since they can't be or say "unknown", by field.
    Counter LEFT_OUT = "whereabouts_ws_values_left_out_total";
    /// From handing fixes to movement history to its answer, in whole milliseconds; what isn't awaited any more isn't in it.
    Histogram HISTORY_ANSWER = "whereabouts_ws_history_answer_seconds";
    /// Answers of movement history that were late, or too many at once, so that they weren't awaited any more.
    Counter HISTORY_LATE = "whereabouts_ws_history_late_total";
    /// Fixes handed to watchers: each counts once for every session on this gateway that follows the user.
    Counter DELIVERIES = "whereabouts_ws_deliveries_total";
    /// Push messages written to clients.
    Counter PUSHES = "whereabouts_ws_pushes_total";
    /// Changes of friends carried by pushes.
    Counter CHANGES = "whereabouts_ws_changes_total";
    /// Parts of snapshots written to clients.
    Counter SNAPSHOTS = "whereabouts_ws_snapshots_total";
    /// Messages with what boards show, written to clients.
    Counter BOARD_PUSHES = "whereabouts_ws_board_pushes_total";
    /// Times a client was told that something may have been missed.
    Counter GAPS = "whereabouts_ws_gaps_total";
    /// Times a client was degraded because it read too slowly, or recovered.
    Counter PACES = "whereabouts_ws_slow_consumer_changes_total";
    /// Connections closed by the server, by close code.
    Counter CLOSES = "whereabouts_ws_closes_total";
    /// Connections that broke rather than closed, by what failed (read, write).
    Counter SOCKET_ERRORS = "whereabouts_ws_socket_errors_total";
    /// Messages refused, by error word.
    Counter ERRORS = "whereabouts_ws_errors_total";
    /// WebSocket upgrades refused, by HTTP status.
    Counter REFUSED_UPGRADES = "whereabouts_ws_refused_upgrades_total";
    /// From the receipt of a fix to its being written to a friend, in whole milliseconds.
    Histogram FIX_TO_PUSH = "whereabouts_ws_fix_to_push_seconds";
}

/// Handles to the hot ones, looked up once.
pub(crate) struct Metrics {
    pub(crate) sessions: Gauge,
    pub(crate) channels: Gauge,
    pub(crate) timers: Gauge,
    fixes_shown: Counter,
    fixes_unshown: Counter,
    pub(crate) deliveries: Counter,
    pub(crate) pushes: Counter,
    pub(crate) changes: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) board_pushes: Counter,
    pub(crate) gaps: Counter,
    pub(crate) pace_changes: Counter,
    fix_to_push: Histogram,
    history_answer: Histogram,
    pub(crate) history_late: Counter,
    /// By [`Kept`].
    acks: [Counter; Kept::ALL.len()],
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            sessions: gauge!(SESSIONS),
            channels: gauge!(CHANNELS),
            timers: gauge!(TIMERS),
            fixes_shown: counter!(FIXES, "shown" => "yes"),
            fixes_unshown: counter!(FIXES, "shown" => "no"),
            deliveries: counter!(DELIVERIES),
            pushes: counter!(PUSHES),
            changes: counter!(CHANGES),
            snapshots: counter!(SNAPSHOTS),
            board_pushes: counter!(BOARD_PUSHES),
            gaps: counter!(GAPS),
            pace_changes: counter!(PACES),
            fix_to_push: histogram!(FIX_TO_PUSH),
            history_answer: histogram!(HISTORY_ANSWER),
            history_late: counter!(HISTORY_LATE),
            acks: std::array::from_fn(|n| counter!(ACKS, "kept" => Kept::ALL[n].as_str())),
        }
    }

    pub(crate) fn ack(&self, kept: Kept, shown: bool) {
        if shown { &self.fixes_shown } else { &self.fixes_unshown }.increment(1);
        self.acks[kept as usize].increment(1);
    }

    pub(crate) fn beyond_history(reason: Unshown, fixes: u32) {
        counter!(BEYOND_HISTORY, "reason" => reason.as_str()).increment(u64::from(fixes));
    }

    pub(crate) fn left_out(values: LeftOut) {
        for (field, count) in values.counts() {
            counter!(LEFT_OUT, "field" => field.as_str()).increment(u64::from(count));
        }
    }

    pub(crate) fn history_answer(&self, ms: u64) {
        self.history_answer.record(ms as f64 / 1e3);
    }

    pub(crate) fn fix_to_push(&self, ms: u64) {
        self.fix_to_push.record(ms as f64 / 1e3);
    }

    pub(crate) fn closed(code: CloseCode) {
        counter!(CLOSES, "code" => code.as_str()).increment(1);
    }

    pub(crate) fn socket_error(failed: &'static str) {
        counter!(SOCKET_ERRORS, "failed" => failed).increment(1);
    }

    pub(crate) fn error(word: ErrorWord) {
        counter!(ERRORS, "error" => word.as_str()).increment(1);
    }
}
