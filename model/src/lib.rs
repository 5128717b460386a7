//! The words of the domain, pure: who ([`UserId`], [`DeviceId`]), where ([`Position`], [`Metres`]), when
//! ([`Timestamp`], [`Moment`], [`Clock`]), in which order ([`Version`], [`FeedPosition`]), who asks ([`Caller`]) and how
//! often ([`Gcra`]).
//!
//! Nothing here does I/O ([`crash`], which tests switch on, ends the process), reads a clock of its own or knows another
//! crate of the workspace. Values are checked once, where they are made; whoever holds one may rely on it.
//!
//! # Invariants
//! * A [`Position`] lies on Earth and is finite.
//! * `Debug` of a [`Position`] prints no coordinates, so that no log line can leak one.
//! * Distances come from one formula, [`distance`], for friends and businesses alike.

pub mod crash;
mod distance;
mod error;
mod fix;
mod hash;
mod id;
mod macros;
mod memo;
mod position;
mod random;
mod read_token;
mod request;
mod time;
mod viewer;

pub use distance::{Ecef, distance, distance_to_line};
pub use error::{ErrorChain, ErrorKind, Faults, SettingFault};
pub use fix::{Fix, FixError, Version, limits};
pub use hash::fnv1a;
pub use id::{BoardId, DeviceId, IdError, UserId};
pub use memo::Memo;
pub use position::{Metres, Position, PositionError};
pub use random::{Random, SeededRandom, token};
pub use read_token::{FeedPosition, ReadToken};
pub use request::{
    Caller, Canonical, CanonicalDigest, Gcra, RetryAfterMs, Role, WholeNumberError, whole_number,
};
pub use time::{
    CLOCK_OFFSET_MS_MAX, Clock, ManualClock, Moment, Monotonic, SystemClock, Timestamp,
    clock_is_off,
};
pub use viewer::ViewerClass;
