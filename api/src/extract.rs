mod data_subject;
mod header;
mod json;
mod path;
mod query;

pub use data_subject::DataSubject;
pub use header::single_header;
pub(crate) use json::too_large;
pub use json::{BODY_ARRIVAL_MAX, Json};
pub use path::PathParams;
pub use query::Query;
