//! Leaderboards over REST: boards, scores that are posted, and who stands where. A node in this process for the rules, the
//! real program for what survives.

mod world;

mod amounts;
mod bad_inputs;
mod boards;
mod commands;
mod posting;
mod ranks;
mod readers;
mod recorded;
mod restarts;
mod roles;
mod seasons;
