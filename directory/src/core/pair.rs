use model::UserId;

/// Two users, the smaller id first, so that both sides of a relation meet in one place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) low: UserId,
    pub(crate) high: UserId,
}

impl Pair {
    /// The pair of two different users; `None` if they are the same.
    pub(crate) fn new(one: &UserId, other: &UserId) -> Option<Self> {
        match one.cmp(other) {
            std::cmp::Ordering::Less => Some(Self { low: one.clone(), high: other.clone() }),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self { low: other.clone(), high: one.clone() }),
        }
    }
}
