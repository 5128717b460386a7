//! REST: requests that are right and wrong, businesses, and who users are.

mod rest {
    mod businesses;
    mod requests;
    mod user_ids;
}
