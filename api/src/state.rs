use axum::extract::FromRef;

use crate::Context;

/// What the routes of a part need: its handle, and what all endpoints share.
#[derive(Clone)]
pub struct AppState<P> {
    /// The part's handle; cheap to clone.
    pub part: P,
    /// What all endpoints share.
    pub context: Context,
}

impl<P> FromRef<AppState<P>> for Context {
    fn from_ref(state: &AppState<P>) -> Self {
        state.context.clone()
    }
}
