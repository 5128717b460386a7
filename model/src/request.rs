//! Who asks, how often they may, whether it is the same request again, and the numbers in it.

mod caller;
mod canonical;
mod gcra;
mod whole_number;

pub use caller::{Caller, Role};
pub use canonical::{Canonical, CanonicalDigest};
pub use gcra::{Gcra, RetryAfterMs};
pub use whole_number::{WholeNumberError, whole_number};
