//! What several endpoints take and answer alike, for the description of the API only.
#![expect(
    dead_code,
    reason = "only their descriptions are used; `request.rs` reads what they describe"
)]

use utoipa::{IntoParams, IntoResponses};

use super::body::BusinessBody;

/// Which business.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct BusinessPath {
    /// An id.
    business: String,
}

/// What a read must see.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct FreshHeader {
    /// Of a write that is to be seen.
    #[param(rename = "x-freshness")]
    freshness: Option<String>,
}

/// By what a repeated write is known.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct KeyHeader {
    /// Makes a repetition within a day do nothing.
    #[param(rename = "idempotency-key")]
    idempotency_key: Option<String>,
}

/// What a business must be for a write.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct MatchHeader {
    /// The `ETag` that it must have, or a list of such; without it, or with `*`, any will do. Tags that a proxy made of these, by
    /// compressing answers, are known.
    #[param(rename = "if-match")]
    if_match: Option<String>,
}

/// As it is now
#[derive(IntoResponses)]
#[response(status = 200, headers(("etag" = String), ("x-freshness" = String)))]
pub(super) struct Changed(BusinessBody);
