/// Names of moments for [`model::crash::point`], and a list of all of them.
macro_rules! crash_points {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        $( $(#[$doc])* pub(super) const $name: &str = $word; )+

        /// All of them.
        pub const ALL: &[&str] = &[$($name),+];
    };
}
