mod data_subject;
mod header;
mod json;
mod number;
mod path;
mod query;
mod words;

pub use data_subject::DataSubject;
pub use header::single_header;
pub(crate) use json::too_large;
pub use json::{BODY_ARRIVAL_MAX, Item, Json, Milliseconds, ReadBack, ReadOnly, Whole};
pub use number::{is_whole_parameter, time_parameter, whole_parameter};
pub use path::PathParams;
pub use query::Query;
pub use words::plain;
