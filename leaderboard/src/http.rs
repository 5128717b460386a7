//! The REST endpoints of leaderboards.
