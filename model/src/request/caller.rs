use crate::{Timestamp, UserId};

crate::words! {
    /// For whom a caller speaks, by the word in the claim `role`.
    pub enum Role {
        /// For themself.
        User = "user",
        /// A trusted program of the application: for any user.
        Service = "service",
        /// A person who runs the deployment: for any user.
        Operator = "operator",
    }
}

/// Who asks, as a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`.
    pub user: UserId,
    /// The token's `role`.
    pub role: Role,
    /// The token's `exp`; the leeway is not in it.
    pub expires: Timestamp,
}

impl Caller {
    /// Whether the caller may do for `user` what a user may do: it is themself, or they speak for any.
    pub fn may_act_for(&self, user: &UserId) -> bool {
        self.role != Role::User || self.user == *user
    }
}
