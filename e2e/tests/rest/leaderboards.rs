//! Leaderboards over REST: boards, scores that are posted, and who stands where.

mod world;

mod boards;
mod posting;
mod ranks;
mod readers;
