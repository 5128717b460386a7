use model::{UserId, ViewerClass};

/// One user as one class of viewers may see them: the unit of publishing, subscribing and caching.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    /// Who is seen.
    pub user: UserId,
    /// The class of viewers who see them.
    pub class: ViewerClass,
}

impl Channel {
    /// The channel of those who may see `user` precisely.
    pub fn precise(user: UserId) -> Self {
        Self { user, class: ViewerClass::Precise }
    }
}
