use model::{Caller, ErrorKind, Monotonic, RetryAfterMs, Role};

use crate::Problem;
use crate::usage::Usage;

/// How much one caller may use of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Units per second in the long run.
    pub per_second: u32,
    /// Units at once.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 100, burst: 200 }
    }
}

/// Counts one request of this caller. Services are exempt: they speak for many. What their requests cost is limited all
/// the same, see [`Work`](crate::Work).
pub(crate) fn charge(requests: &Usage, caller: &Caller, now: Monotonic) -> Result<(), Problem> {
    if caller.role == Role::Service {
        return Ok(());
    }
    requests.take(&caller.user, now, 1).map_err(|RetryAfterMs(ms)| {
        let detail = "more requests than allowed; wait and try again";
        Problem::new(ErrorKind::RateLimited, "rate_limited", detail).retry_after_ms(ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Timestamp, UserId};

    fn caller(name: &str, role: Role) -> Caller {
        let user = UserId::parse(name).expect("id");
        Caller { user, role, expires: Timestamp(0) }
    }

    #[test]
    fn callers_are_limited_each_for_themselves_and_services_not_at_all() {
        let requests = Usage::new(RateLimit { per_second: 1, burst: 2 });
        let now = Monotonic(10);
        let alice = caller("alice", Role::User);
        assert!(charge(&requests, &alice, now).is_ok());
        assert!(charge(&requests, &alice, now).is_ok());
        let refused = charge(&requests, &alice, now).expect_err("third");
        assert_eq!(refused.status(), 429);
        assert!(charge(&requests, &caller("bob", Role::User), now).is_ok());
        assert!(charge(&requests, &alice, Monotonic(1_010)).is_ok());
        for _ in 0..10 {
            assert!(charge(&requests, &caller("backend", Role::Service), now).is_ok());
        }
    }
}
