//! REST: requests that are right and wrong, businesses, leaderboards, movement history, and who users are.

mod rest {
    mod businesses;
    mod export;
    mod history;
    mod leaderboards;
    mod requests;
    mod user_ids;
}
