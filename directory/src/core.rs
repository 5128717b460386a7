//! What is decided here: how two users stand, what a mutation makes of it, and what that changes of circles. Pure: no lock, no
//! I/O, no clock of its own.

mod changes;
mod limits;
mod mutation;
pub(crate) mod pair;
mod refusal;
mod relation;
pub(crate) mod transaction_state;
mod user;

pub use changes::{CHANGE_AGE_MS_MAX, CHANGES_MAX, Changes, CircleChange, CircleEdit, FeedGap};
pub use limits::Limits;
pub use mutation::{Mutation, Outcome, WriteRequest};
pub use refusal::Refusal;
pub use relation::{Relation, Verb, decide};
pub use user::{DisplayName, NAME_CHARS_MAX, NameError, User};
