/// What the keys of a deployment are called.
#[derive(Debug, Clone)]
pub(super) struct Keys(String);

impl Keys {
    /// All begin with this.
    pub(super) fn new(prefix: &str) -> Self {
        Self(format!("{prefix}history:"))
    }

    /// Points that aren't stored yet.
    pub(super) fn stream(&self, stream: u32) -> String {
        format!("{}{stream}", self.0)
    }

    /// What is known of a stream.
    pub(super) fn known(&self, stream: u32) -> String {
        format!("{}{stream}", self.all_known())
    }

    /// What the names of all that is known of a stream begin with.
    pub(super) fn all_known(&self) -> String {
        format!("{}known:", self.0)
    }

    /// Which process reads a stream.
    pub(super) fn lease(&self, stream: u32) -> String {
        format!("{}lease:{stream}", self.0)
    }

    /// Entries of a stream that can't be read.
    pub(super) fn aside(&self, stream: u32) -> String {
        format!("{}aside:{stream}", self.0)
    }

    /// How many streams there ever were.
    pub(super) fn streams(&self) -> String {
        format!("{}streams", self.0)
    }

    /// The processes that read streams.
    pub(super) fn writers(&self) -> String {
        format!("{}writers", self.0)
    }
}
