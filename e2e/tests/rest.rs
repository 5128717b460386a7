//! REST: requests that are right and wrong, businesses, leaderboards, and who users are.

mod rest {
    mod businesses;
    mod leaderboards;
    mod requests;
    mod user_ids;
}
