/// How precisely a viewer may see somebody. Every channel and every friend on the wire carries one, so that coarser
/// classes can be added without changing either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ViewerClass {
    /// The position as the phone gave it.
    Precise,
}

impl ViewerClass {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Precise => "precise",
        }
    }
}
