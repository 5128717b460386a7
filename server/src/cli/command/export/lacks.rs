use std::collections::BTreeMap;

use model::Timestamp;

/// What the service says that an export may lack.
#[derive(Debug)]
pub(super) struct Lacks {
    /// All is there that was received until then.
    until: Timestamp,
    /// Why points may be missing that were received until then: how often it was said, and of whom first.
    reasons: BTreeMap<String, (u64, String)>,
}

impl Default for Lacks {
    fn default() -> Self {
        Self { until: Timestamp(i64::MAX), reasons: BTreeMap::new() }
    }
}

impl Lacks {
    /// Notes what is said of an answer about somebody.
    pub(super) fn note(&mut self, of: &str, until_ms: i64, reasons: Vec<String>) {
        self.until = self.until.min(Timestamp(until_ms));
        for reason in reasons {
            self.reasons.entry(reason).or_insert_with(|| (0, of.to_owned())).0 += 1;
        }
    }

    /// Notes what another export of the same lacks.
    pub(super) fn extend(&mut self, other: Self) {
        self.until = self.until.min(other.until);
        for (reason, (times, of)) in other.reasons {
            self.reasons.entry(reason).or_insert((0, of)).0 += times;
        }
    }

    /// Whether all is there that was received until a moment.
    pub(super) fn is_nothing(&self, until: Timestamp) -> bool {
        self.reasons.is_empty() && self.until >= until
    }

    /// A line for each reason.
    pub(super) fn lines(&self, until: Timestamp) -> Vec<String> {
        let because = self.reasons.iter().map(|(reason, (times, of))| {
            format!("points may be missing, {reason}: {times} answers, the first about {of}")
        });
        let late = (self.until < until)
            .then(|| format!("points may be missing that were received after {} ms", self.until.0));
        because.chain(late).collect()
    }
}
