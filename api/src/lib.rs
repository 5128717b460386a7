//! What every REST endpoint shares: how a request is let in, who asks, how often, and how a refusal looks.
//!
//! ```text
//! request ─▶ middleware: request id, log line, metrics, checks of headers, path and size ─▶ route
//!         ─▶ Authenticated: token verified, rate charged ─▶ PathParams, Query, Json ─▶ handler ⇄ Work: cost charged, turns
//!         ─▶ answer, or a Problem that carries the request id
//! ```
//!
//! A part builds its routes with `utoipa-axum` over a state that a [`Context`] can be taken from, wraps them in
//! [`json_routes`], and the server puts all of them behind one middleware ([`with_middleware`]).
//!
//! # Invariants
//! * Every refusal is problem JSON (RFC 9457) with the request's id; one table turns an error's kind into a status.
//! * Neither a token nor a path, query string or body is ever logged; routes are logged by their pattern.
//! * Time is passed in: a token is judged by the [`model::Clock`] of the context.
//! * One caller has one heavy request worked on at a time, whatever they send; callers take turns.
//! * An answer that is made while it is sent ([`streamed`]) is made part by part as its client takes them, and one that can't go on
//!   breaks off: it never ends as if it were whole.
//! * Nothing is parsed leniently: a body is one JSON object in UTF-8, a parameter stands once and is known.
//!
//! # Limits
//! [`BODY_BYTES_MAX`], [`BODY_ARRIVAL_MAX`], [`HEADER_BYTES_MAX`], [`HEADERS_BYTES_MAX`], [`TOKEN_BYTES_MAX`],
//! [`TOKENS_REMEMBERED_BYTES_MAX`], [`JWKS_BYTES_MAX`], [`JWKS_KEYS_MAX`], [`FETCH_MS_MAX`], [`UNKNOWN_KEY_INTERVAL_MS`], [`REQUEST_ID_BYTES_MAX`], [`PROXY_HEADER_BYTES_MAX`], [`CALLERS_MAX`], [`STREAMS_PER_CALLER_MAX`], [`PAGE_LIMIT_MAX`], [`CURSOR_BYTES_MAX`]; those
//! of a deployment in [`Limits`].

mod accept;
mod auth;
mod context;
mod cursor;
pub mod export;
mod extract;
pub mod metrics;
mod middleware;
mod openapi;
mod page;
mod problem;
mod rate;
mod usage;
mod work;

pub use accept::{json_routes, preferred};
pub use auth::{
    Authenticated, BearerError, ClaimPath, FETCH_MS_MAX, FetchError, Issuer, IssuerRules,
    JWKS_BYTES_MAX, JWKS_KEYS_MAX, Jwks, JwksError, KeyError, KeySource, RSA_BITS_MIN, RoleRules,
    SECRET_BYTES_MIN, Signer, TOKEN_BYTES_MAX, TOKENS_REMEMBERED_BYTES_MAX, TokenError,
    UNKNOWN_KEY_INTERVAL_MS, Verified, Verifier, VerifyingKey, bearer, check_issuers, jwks,
};
pub use context::{AppState, Context, Limits, SystemRandom};
pub use cursor::{CURSOR_BYTES_MAX, Cursor};
pub use extract::{
    BODY_ARRIVAL_MAX, DataSubject, Item, Json, Milliseconds, PathParams, Query, ReadBack, ReadOnly,
    Whole, is_whole_parameter, plain, single_header, time_parameter, whole_parameter,
};
pub use middleware::{
    AllowedOrigins, BODY_BYTES_MAX, BasePath, BasePathError, ClientHeader, ClientNetwork,
    Connections, Duplex, End, HEADER_BYTES_MAX, HEADERS_BYTES_MAX, LineLimit, Origin,
    PROXY_HEADER_BYTES_MAX, Peer, Places, ProxyError, ProxyHeader, ProxyHeaderError, ProxyRead,
    REQUEST_ID_BYTES_MAX, Refused, Stream, TrustedProxies, with_middleware,
};
pub use openapi::openapi;
pub use page::{Limit, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, Page, PageQuery};
pub use problem::{Problem, pages as problems};
pub use rate::RateLimit;
pub use usage::{CALLERS_MAX, Usage};
pub use work::{BodyPart, Overspent, STREAMS_PER_CALLER_MAX, Work, WorkLimits, streamed};
