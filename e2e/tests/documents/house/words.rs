//! One word per concept, and the field's: names that were retired don't come back.

use super::items::items;
use crate::documents::tree;

/// What isn't called so any more, by crate (`*` is any), with the word that took its place. A variant of an enum counts as
/// much as a type or function.
const RETIRED: &[(&str, &str)] = &[
    ("*::Async", "futures_util::future::BoxFuture"),
    ("*::of", "new, or from"),
    ("*::Parts", "Deps"),
    ("*::Terms", "what it is"),
    ("*::Doors", "AppState"),
    ("*::Desk", "AppState"),
    ("*::Visit", "RequestLog"),
    ("*::guard", "middleware"),
    ("*::door", "middleware"),
    ("*::Fault", "Rejection, ValidationError or StoreError"),
    ("*::Freshness", "ReadToken"),
    ("sql::history", "timeline"),
    ("proximity::history", "timeline"),
    ("directory::history", "timeline"),
    ("ws_gateway::Cell", "ChannelEntry"),
    ("ws_gateway::marks", "dirty set"),
    ("ws_gateway::Marks", "DirtySet"),
    ("ws_gateway::calls", "signals"),
    ("ws_gateway::Calls", "Signals"),
    ("ws_gateway::raise", "notify"),
    ("ws_gateway::Seat", "ConnectionPermit"),
    ("ws_gateway::Ring", "Hysteresis"),
    ("ws_gateway::intake", "fix validation"),
    ("ws_gateway::Intake", "fix validation"),
    ("ws_gateway::telling", "outbound"),
    ("ws_gateway::pull", "next_message"),
    ("ws_gateway::Pulled", "Outbound"),
    ("ws_gateway::pace", "SlowConsumer"),
    ("ws_gateway::Pace", "SlowConsumer"),
    ("ws_gateway::hint", "reporting hint"),
    ("ws_gateway::Hint", "ReportingHint"),
    ("ws_gateway::Hints", "ReportingHint"),
    ("ws_gateway::lengths", "frame header validation"),
    ("ws_gateway::ear", "subscriber"),
    ("ws_gateway::Ear", "Subscriber"),
    ("ws_gateway::wishes", "SubscriptionSet"),
    ("ws_gateway::Wishes", "SubscriptionSet"),
    ("ws_gateway::Keeper", "ShardTask"),
    ("ws_gateway::Link", "connections"),
    ("ws_gateway::Wire", "codec"),
    ("proximity::ladder", "expanding-radius search"),
    ("proximity::Ladder", "ExpandingRadius"),
    ("proximity::rung", "step"),
    ("proximity::Rung", "step"),
    ("proximity::climb", "run"),
    ("proximity::drive", "run"),
    ("proximity::bookmark", "cursor"),
    ("proximity::Bookmark", "SearchCursor"),
    ("proximity::tally", "count"),
    ("proximity::Tally", "Count"),
    ("proximity::sapling", "delta"),
    ("proximity::Sapling", "Delta"),
    ("proximity::seedling", "build input"),
    ("proximity::Seedling", "build input"),
    ("proximity::planted", "base"),
    ("proximity::Planted", "Base"),
    ("proximity::overgrown", "needs_rebuild"),
    ("proximity::wishes", "collector"),
    ("proximity::Wishes", "Collector"),
    ("proximity::Look", "visitor"),
    ("proximity::Spot", "Entry"),
    ("proximity::lookout", "health probe"),
    ("proximity::Lookout", "HealthProbe"),
    ("proximity::standing", "ReplicaState"),
    ("proximity::Standing", "ReplicaState"),
    ("proximity::progress", "primary positions"),
    ("proximity::Place", "Server"),
    ("sql::Place", "Server"),
    ("*::Order", "WriteRequest"),
    ("*::Author", "Actor"),
    ("*::Ledger", "transaction state"),
    ("*::ledger", "transaction state"),
    ("*::Account", "what it counts: commerce has accounts"),
    ("*::Accounts", "what it counts: commerce has accounts"),
    ("*::accounts", "what it counts: commerce has accounts"),
    ("proximity::Command", "Mutation"),
    ("directory::Command", "Mutation"),
    ("*::Dirty", "ChangeSet"),
    ("directory::hearing", "listener"),
    ("directory::doubt", "pending notices"),
    ("*::Doubt", "pending notices"),
    ("e2e::den", "temporary server directory"),
    ("e2e::Den", "temporary server directory"),
];

/// What keeps a word for what it means to everybody: a fault that a test injects.
const KEPT: &[&str] = &["e2e::Fault"];

#[test]
fn retired_names_are_gone() {
    let mut found = Vec::new();
    for (path, text) in tree::rust_files() {
        let Some((folder, _)) = path.split_once('/') else { continue };
        let krate = folder.replace('-', "_");
        let mut names = items(&text);
        let file = path.rsplit('/').next().unwrap_or_default();
        names.insert(file.trim_end_matches(".rs").to_owned());
        for (retired, instead) in RETIRED {
            let (of, name) = retired.split_once("::").expect("crate::name");
            let item = format!("{krate}::{name}");
            if (of == "*" || of == krate) && names.contains(name) && !KEPT.contains(&item.as_str())
            {
                found.push(format!("{path}: {item} is now {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "retired names; see the one that took their place: {found:#?}");
}
