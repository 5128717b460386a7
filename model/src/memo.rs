use std::sync::OnceLock;

/// What a pure function makes of a value, kept beside the value: worked out at most once, by whoever asks first.
#[derive(Debug)]
pub struct Memo<T>(OnceLock<T>);

impl<T> Memo<T> {
    /// What is kept, or what `make` makes. All who share a memo must ask for the same.
    pub fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}
