mod json;
mod path;
mod query;

pub(crate) use json::too_large;
pub use json::{BODY_ARRIVAL_MAX, Json};
pub use path::PathParams;
pub use query::Query;
