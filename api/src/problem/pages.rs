//! What the words of problems mean, for the pages that `type` leads to: each crate has a table of those that it uses alone, and
//! here is that of those that several use.

mod shared;

use std::sync::Arc;

use http::StatusCode;

use super::Problem;
use crate::BasePath;
pub use shared::ALL;

/// The request id of examples.
const EXAMPLE_ID: &str = "3f0c1b9a5d2e4786";

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would be refused again.
    Never,
    /// Once what is in its way was seen to, by whoever can.
    Mended,
    /// Time alone is in its way.
    Later,
}

impl Retry {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Mended => "mended",
            Self::Later => "later",
        }
    }

    /// The same for people.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Never => "Don't send the same request again: it would be refused again.",
            Self::Mended => "Send it again once that is done, not before.",
            Self::Later => {
                "Send the same request again later: after the seconds in the header Retry-After, which are in the body as \
                 retry_after_s too, and where there are none after pauses that double from 1 to 60 seconds."
            }
        }
    }
}

/// One line of a table: what a word of problems means.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// The word.
    pub code: &'static str,
    /// With which HTTP statuses it is answered.
    pub statuses: &'static [u16],
    /// What it means, in sentences.
    pub means: &'static str,
    /// What a client should do, in sentences.
    pub remedy: &'static str,
    /// Whether to send the same again.
    pub retry: Retry,
    /// A detail that is answered with it.
    pub example: &'static str,
}

impl Meaning {
    /// An answer with it, of a service that is reached under this path: indented JSON.
    pub fn example_body(&self, base_path: &Arc<BasePath>) -> String {
        let status = self.statuses.first().and_then(|status| StatusCode::from_u16(*status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let problem = Problem::with_status(status, self.code, self.example);
        let problem = problem.with_request_id(EXAMPLE_ID).below(base_path);
        let says_when =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let problem = if says_when { problem.retry_after_ms(1_000) } else { problem };
        serde_json::to_string_pretty(&problem.body()).expect("text and numbers become JSON")
    }
}

/// Declares a crate's words of problems as `ALL`; the doc comments are what they mean.
///
/// ```
/// use api::problems::Retry;
///
/// mod problems {
///     api::problem_table! {
///         /// The oven is cold.
///         "no_oven" [503] Later, "Wait until it is hot.", "the oven has 20 °C";
///     }
/// }
///
/// fn main() {
///     assert_eq!(problems::ALL[0].means.trim(), "The oven is cold.");
///     assert_eq!(problems::ALL[0].retry, Retry::Later);
/// }
/// ```
#[macro_export]
macro_rules! problem_table {
    ($(
        $(#[doc = $means:literal])+
        $code:literal [$($status:literal),+] $retry:ident, $remedy:literal, $example:literal;
    )+) => {
        /// What the words of this crate's problems mean.
        pub const ALL: &[$crate::problems::Meaning] = &[$($crate::problems::Meaning {
            code: $code,
            statuses: &[$($status),+],
            means: concat!($($means),+),
            remedy: $remedy,
            retry: $crate::problems::Retry::$retry,
            example: $example,
        }),+];
    };
}
