/// How much one user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Friends per user.
    pub friends_max: u32,
    /// Pending requests that one user has made.
    pub requests_max: u32,
    /// Users whom one user blocks.
    pub blocks_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { friends_max: 5_000, requests_max: 1_000, blocks_max: 5_000 }
    }
}
