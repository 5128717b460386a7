//! Stores on real servers, PostgreSQL and Redis: what only servers can do to them.

mod stores {
    mod businesses_postgres;
    mod directory_postgres;
    mod leaderboards_postgres;
    mod leaderboards_redis;
    mod live_redis;
}
