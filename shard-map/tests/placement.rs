//! Where users are placed, what a change of the map moves, and what a file of a map may say.

mod placement {
    pub(crate) mod lists;

    mod file;
    mod golden;
    mod hash;
    mod properties;
    mod refusals;
}
