model::words! {
    /// Which ranks those have who share a score. Among them whoever reached it first stands first.
    pub enum Ranking {
        /// The same, and the next is left out as often: 1, 2, 2, 4.
        Standard = "standard",
        /// The same, and none is left out: 1, 2, 2, 3.
        Dense = "dense",
        /// One each, whoever reached the score first: 1, 2, 3, 4.
        Ordinal = "ordinal",
    }
}
