//! Named moments at which a test may let the process die, as a power cut would, to see what survives.
//!
//! Compiled to nothing unless the feature `crash-points` is on, which no release has.

/// Ends the process without any cleaning up if the environment variable `WHEREABOUTS_CRASH_AT` names this point.
#[cfg(feature = "crash-points")]
pub fn point(name: &str) {
    if std::env::var_os("WHEREABOUTS_CRASH_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Does nothing: the feature `crash-points` is off.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn point(_name: &str) {}
