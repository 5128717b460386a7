//! What breaks, goes away, stalls or comes back. Tests that measure have the machine to themselves: see `machine`.

mod resilience {
    mod cluster;
    mod durability;
    mod history;
    mod leaderboards;
    mod machine;
    mod reconnects;
    mod stalled;
}
