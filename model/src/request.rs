//! Who asks, how often they may, and whether it is the same request again.

mod caller;
mod canonical;
mod gcra;

pub use caller::{Caller, Role};
pub use canonical::{Canonical, CanonicalDigest};
pub use gcra::{Gcra, RetryAfterMs};
