//! Stores on real servers, PostgreSQL, Redis and Cassandra: what only servers can do to them.

mod stores {
    mod businesses_postgres;
    mod directory_postgres;
    mod history_cassandra;
    mod history_postgres;
    mod history_redis;
    mod leaderboards_postgres;
    mod leaderboards_redis;
    mod live_redis;
}
