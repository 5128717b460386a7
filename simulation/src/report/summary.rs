use std::fmt;
use std::time::Duration;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use crate::judge::checkpoint::Finding;
use crate::people::crowd::Counts;
use crate::report::latency::Quantiles;
use crate::report::memory::MemoryWatch;

/// How many complaints of the oracle a summary tells.
const EXAMPLES_MAX: usize = 10;

/// How wide the table is at most, columns: as terminals are that nobody has made wider.
const COLUMNS_MAX: u16 = 80;

/// What the oracle found in all checkpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Oracle {
    /// Checkpoints.
    pub checks: u64,
    /// Views judged.
    pub judged: u64,
    /// Pairs (watcher, friend) judged.
    pub pairs: u64,
    /// Friends who had to be seen and weren't.
    pub missed: u64,
    /// Friends, strangers or positions that were shown and must not be.
    pub wrong: u64,
    /// People who got no answer to a ping.
    pub unanswered: u64,
    /// The first complaints in words, without coordinates.
    pub examples: Vec<String>,
}

impl Oracle {
    /// Adds one checkpoint.
    pub(crate) fn add(&mut self, finding: &Finding) {
        self.checks += 1;
        self.judged += finding.judged;
        self.pairs += finding.verdict.pairs;
        self.missed += finding.verdict.missed;
        self.wrong += finding.verdict.wrong;
        self.unanswered += finding.unanswered;
        let room = EXAMPLES_MAX - self.examples.len();
        self.examples.extend(finding.verdict.examples.iter().take(room).cloned());
    }
}

/// What a run came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Simulated people.
    pub people: u64,
    /// Friendships among them.
    pub friendships: u64,
    /// From the first position to the last checkpoint, seconds.
    pub seconds: f64,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Per second, over the whole time.
    pub fixes_per_s: f64,
    /// Per second, over the whole time.
    pub pushes_per_s: f64,
    /// Per second, over the whole time.
    pub changes_per_s: f64,
    /// Positions that were not reported because the person would have exceeded the service's limit.
    pub skipped: u64,
    /// Fixes that were never acknowledged though the connection stood.
    pub lost: u64,
    /// From a fix to a friend who sees it.
    #[serde(flatten)]
    pub latency: Quantiles,
    /// The oracle's verdict.
    pub oracle: Oracle,
    /// The first errors in words, without positions and tokens.
    pub error_examples: Vec<String>,
    /// The service's memory, where a process was to be watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_rss: Option<MemoryWatch>,
}

impl Summary {
    /// Nobody missed, nobody shown wrongly, no fix lost, no ping unanswered.
    pub fn ok(&self) -> bool {
        let oracle = &self.oracle;
        let pings = oracle.unanswered + self.counts.pings_unanswered;
        [oracle.missed, oracle.wrong, pings, self.lost].iter().all(|count| *count == 0)
    }

    pub(crate) fn with_rates(mut self, elapsed: Duration) -> Self {
        self.seconds = elapsed.as_secs_f64();
        let per_s = |count: u64| count as f64 / self.seconds.max(1e-3);
        self.fixes_per_s = per_s(self.counts.fixes);
        self.pushes_per_s = per_s(self.counts.pushes);
        self.changes_per_s = per_s(self.counts.changes);
        self
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counts, oracle, latency) = (&self.counts, &self.oracle, &self.latency);
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(COLUMNS_MAX);
        let mut row = |name: &str, value: String, note: String| {
            table.add_row(vec![name.to_owned(), value, note]);
        };
        let friendships = format!("{} people, {} friendships", self.people, self.friendships);
        row("connections", counts.connections.to_string(), friendships);
        let lost =
            format!("{:.1}/s, {} acknowledged, {} lost", self.fixes_per_s, counts.acks, self.lost);
        row("fixes", counts.fixes.to_string(), lost);
        let changes = format!("{:.1}/s, {:.1} changes/s", self.pushes_per_s, self.changes_per_s);
        row("pushes", counts.pushes.to_string(), changes);
        let p99 = format!("p99 {:.2} ms, max {:.2} ms", latency.p99_ms, latency.max_ms);
        row("fix to friend", format!("p50 {:.2} ms", latency.p50_ms), p99);
        let again = format!("{} gaps, {} snapshots", counts.gaps, counts.snapshots);
        row("reconnects", counts.reconnects.to_string(), again);
        let late = format!("{} not answered in time", counts.pings_unanswered);
        row("pings", counts.pings.to_string(), late);
        let unknown = format!("{} of which nobody knows", counts.friendships_unknown);
        row("changes of friendships", counts.friendships_changed.to_string(), unknown);
        row("errors", counts.errors.to_string(), self.error_examples.join("\n"));
        let verdict = format!("{} missed, {} wrong", oracle.missed, oracle.wrong);
        let looked = format!("in {} checks of {} pairs", oracle.checks, oracle.pairs);
        row("oracle", verdict, [vec![looked], oracle.examples.clone()].concat().join("\n"));
        if let Some(watch) = &self.server_rss {
            let now = watch.samples.last().map_or(0.0, |(_, bytes)| *bytes as f64 / 1e6);
            let slope = watch.slope_percent_per_10min;
            let slope =
                slope.map_or("too short for a slope".into(), |s| format!("{s:+.2} % in 10 min"));
            row("server memory", format!("{now:.1} MB"), slope);
        }
        if let Some(values) = table.column_mut(1) {
            values.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}")?;
        let word = if self.ok() { "passed" } else { "FAILED" };
        write!(f, "{word} after {:.1} s", self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::judge::oracle::Verdict;
    use crate::{Friendships, Graph};

    fn finding(missed: u64) -> Finding {
        let verdict = Verdict {
            pairs: 10,
            missed,
            wrong: 0,
            examples: vec!["a misses b".into(); missed as usize],
        };
        let graph = Arc::new(Graph::new(Vec::new(), []));
        let friendships = Friendships { steady: graph.clone(), possible: graph };
        Finding { verdict, judged: 5, unanswered: 0, excused: 0, lost: 0, friendships }
    }

    #[test]
    fn a_run_is_fine_when_nothing_was_missed_wrong_or_lost() {
        let mut summary = Summary::default();
        summary.oracle.add(&finding(0));
        assert!(summary.ok());
        assert!(summary.to_string().contains("passed"));
        summary.lost = 1;
        assert!(!summary.ok());
        summary.lost = 0;
        summary.oracle.add(&finding(4));
        assert!(!summary.ok());
        assert!(summary.to_string().contains("FAILED"));
    }

    #[test]
    fn the_table_fits_a_terminal_whatever_the_numbers() {
        let mut summary = Summary { people: 100_000, friendships: 9_999_999, ..Summary::default() };
        let large = 123_456_789_012;
        summary.counts.acks = large;
        summary.counts.fixes = large;
        summary.counts.connections = large;
        summary.counts.friendships_changed = large;
        summary.counts.friendships_unknown = large;
        summary.lost = large;
        summary.latency.max_ms = 1e9;
        summary.error_examples = vec!["a sentence of several words ".repeat(8).trim().to_owned()];
        let table = summary.to_string();
        let widest = table.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= usize::from(COLUMNS_MAX)), "{table}");
        let words: Vec<_> = table.split_whitespace().collect();
        for word in ["acknowledged,", "123456789012", "sentence", "friendships"] {
            assert!(words.contains(&word), "{word} is broken: {table}");
        }
    }

    #[test]
    fn checkpoints_add_up_and_examples_are_few() {
        let mut oracle = Oracle::default();
        for _ in 0..5 {
            oracle.add(&finding(4));
        }
        assert_eq!((oracle.checks, oracle.pairs, oracle.missed, oracle.judged), (5, 50, 20, 25));
        assert_eq!(oracle.examples.len(), EXAMPLES_MAX);
    }

    #[test]
    fn the_json_has_the_names_that_others_read() {
        let json = serde_json::to_value(Summary::default()).expect("JSON");
        for name in [
            "connections",
            "fixes",
            "fixes_per_s",
            "acks",
            "unavailable",
            "pushes",
            "pushes_per_s",
            "changes",
            "snapshots",
            "gaps",
            "reconnects",
            "errors",
            "p50_ms",
            "p99_ms",
            "max_ms",
            "lost",
            "skipped",
            "friendships_changed",
            "pings_unanswered",
        ] {
            assert!(json[name].is_number(), "{name}");
        }
        for name in ["checks", "pairs", "missed", "wrong"] {
            assert!(json["oracle"][name].is_number(), "oracle.{name}");
        }
        assert!(json["oracle"]["examples"].is_array());
        assert!(json.get("server_rss").is_none());
    }
}
