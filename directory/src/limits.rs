/// How much one user may have, and how far they may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Friends per user.
    pub friends_max: u32,
    /// Pending requests that one user has made.
    pub requests_max: u32,
    /// Users whom one user blocks.
    pub blocks_max: u32,
    /// The smallest radius, metres.
    pub radius_m_min: u32,
    /// The largest radius, metres.
    pub radius_m_max: u32,
    /// The radius of whoever chose none, metres.
    pub radius_m_default: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            friends_max: 5_000,
            requests_max: 1_000,
            blocks_max: 5_000,
            radius_m_min: 100,
            radius_m_max: 50_000,
            radius_m_default: 8_047,
        }
    }
}
