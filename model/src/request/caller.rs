use crate::{Timestamp, UserId};

/// For whom a caller speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// For themself.
    User,
    /// A trusted program of the application: for any user.
    Service,
    /// A person who runs the deployment: for any user.
    Operator,
}

impl Role {
    /// The word in the claim `role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::User, Self::Service, Self::Operator].into_iter().find(|role| role.as_str() == word)
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
