//! Every metric has a name that says its unit, and a help text.

use std::collections::BTreeSet;

use api::metrics::{Kind, Metric};
use e2e::{LISBON, Sandbox};

use super::tree;

/// Distributions that aren't of time.
const COUNTS: [&str; 6] = [
    "whereabouts_directory_commit_mutations",
    "whereabouts_history_chunk_points",
    "whereabouts_leaderboard_commit_requests",
    "whereabouts_proximity_commit_writes",
    "whereabouts_proximity_search_rows",
    "whereabouts_proximity_search_scans",
];

fn all() -> impl Iterator<Item = &'static Metric> {
    server::metrics::tables().flatten()
}

#[test]
fn names_end_with_their_unit() {
    for Metric { name, kind, .. } in all() {
        assert!(name.starts_with("whereabouts_"), "{name}: whose it is");
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        assert!(name.bytes().all(allowed), "{name}");
        assert_eq!(
            name.ends_with("_total"),
            *kind == Kind::Counter,
            "{name}: counters, and only they, are totals"
        );
        if *kind == Kind::Histogram {
            let of_time = name.ends_with("_seconds");
            assert!(
                of_time != COUNTS.contains(name),
                "{name}: times are in seconds; counts are listed in this test"
            );
        }
    }
    let names: BTreeSet<_> = all().map(|metric| metric.name).collect();
    assert_eq!(names.len(), all().count(), "no name twice");
    assert!(COUNTS.iter().all(|name| names.contains(name)), "{COUNTS:?}");
}

#[test]
fn help_texts_are_sentences() {
    for Metric { name, help, .. } in all() {
        let help = help.trim();
        assert!(help.len() > 10 && help.ends_with('.'), "{name}: {help:?}");
    }
}

#[test]
fn a_metric_that_a_document_or_a_script_names_exists() {
    let words = |text: &str| -> BTreeSet<String> {
        let word = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        text.split(word).map(str::to_owned).collect()
    };
    let folders = [
        "_ws_",
        "_redis_",
        "_proximity_",
        "_directory_",
        "_leaderboard_",
        "_history_",
        "_http_",
        "_build_",
    ];
    for (path, text) in tree::texts() {
        for named in words(&text).iter().filter_map(|word| word.strip_prefix("whereabouts")) {
            let is_metric = folders.iter().any(|folder| named.starts_with(folder));
            let series = ["", "_bucket", "_sum", "_count"];
            let known = |metric: &Metric| {
                let rest = format!("whereabouts{named}");
                rest.strip_prefix(metric.name).is_some_and(|end| series.contains(&end))
            };
            assert!(!is_metric || all().any(known), "{path}: whereabouts{named} is in no table");
        }
    }
}

#[tokio::test]
async fn whatever_a_node_measures_is_in_a_table_with_its_help() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    bob.at(LISBON).await;
    alice.at(LISBON).await;
    alice.expect_near("bob").await;
    let page = world.metrics().await;
    let measured: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(measured.contains(&"whereabouts_ws_sessions"), "{page}");
    for name in ["process_cpu_seconds_total", "process_open_fds", "process_max_fds"] {
        assert!(measured.contains(&name), "{name} in {page}");
    }
    for name in ["process_resident_memory_bytes", "process_start_time_seconds"] {
        assert!(measured.contains(&name), "{name} in {page}");
    }
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("whereabouts_build_info{{version=\"{version}\"}} 1");
    assert!(page.contains(&build), "{page}");
    for name in measured.into_iter().filter(|name| !name.starts_with("process_")) {
        let metric = all().find(|metric| metric.name == name);
        let help = metric.unwrap_or_else(|| panic!("{name} is in no table")).help.trim();
        assert!(page.contains(&format!("# HELP {name} {help}")), "{name}");
    }
}
