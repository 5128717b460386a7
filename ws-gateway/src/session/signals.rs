use model::Moment;

use super::circle::Amendment;
use super::outbound::due::Due;
use super::{Effect, Phase, Session};

/// Changes of a circle that wait for one session; with more, it reads its circle anew.
const AMENDMENTS_WAITING_MAX: usize = 256;

/// Friends with other names that wait for one session; with more, all names are told again.
const RENAMED_WAITING_MAX: usize = 256;

/// Things a session must do, other than look at friends; left from outside, taken at its next turn.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent signals, each given by somebody else"
)]
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Signals {
    /// How the circle of friends changes, in order.
    pub(crate) amendments: Vec<Amendment>,
    /// The circle may have changed, and it isn't known how: read it, and tell nothing until then.
    pub(crate) circle_unknown: bool,
    /// Slots of friends who have other names now.
    pub(crate) renamed: Vec<u32>,
    /// Any friend may have another name now.
    pub(crate) names_unknown: bool,
    /// Something may have been missed: tell the client and start over from the cache.
    pub(crate) gap: bool,
    /// Those of whom nothing could be told for a while may be told of again.
    pub(crate) regained: bool,
    /// The server is going away.
    pub(crate) drain: bool,
    /// Keys were removed by which the session's token may be valid.
    pub(crate) keys: bool,
    /// Others need the place of this connection, which hasn't authenticated.
    pub(crate) crowded_out: bool,
    /// A deadline of the session's own has come.
    pub(crate) timer: bool,
}

impl Signals {
    /// One more change of the circle.
    pub(crate) fn amend(&mut self, amendment: Amendment) {
        if self.amendments.len() < AMENDMENTS_WAITING_MAX {
            self.amendments.push(amendment);
        } else {
            self.amendments = Vec::new();
            self.circle_unknown = true;
        }
    }

    /// The friend in this slot has another name now.
    pub(crate) fn rename(&mut self, slot: u32) {
        if self.renamed.len() < RENAMED_WAITING_MAX {
            self.renamed.push(slot);
        } else {
            self.renamed = Vec::new();
            self.names_unknown = true;
        }
    }
}

impl Session {
    pub(super) fn signals(
        &mut self,
        now: Moment,
        signals: &Signals,
        in_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        if signals.drain && self.closes_at.is_none() {
            self.closes_at = Some(now.monotonic.plus_ms(in_ms));
            self.due.insert(Due::Drain);
        }
        if signals.keys && self.key_ends_at.is_none() {
            self.key_ends_at = Some(now.monotonic.plus_ms(in_ms));
        }
        if signals.timer {
            self.deadlines(now, effects);
        }
        if !matches!(self.phase, Phase::Opening { .. } | Phase::Live) {
            return;
        }
        for amendment in &signals.amendments {
            self.amend(amendment, effects);
        }
        if signals.circle_unknown {
            self.circle_is_unknown();
        }
        if signals.gap {
            self.gap();
        }
        self.people_stir |=
            signals.names_unknown || signals.regained || !signals.renamed.is_empty();
        if signals.names_unknown {
            self.view.all_renamed();
        }
        for slot in &signals.renamed {
            self.view.renamed(*slot);
        }
        if signals.regained {
            self.view.look_at_withheld();
            self.view.want_missing_names();
        }
    }
}
