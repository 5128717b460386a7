mod token_in_query;

use std::borrow::Cow;

use axum::extract::Request;
use http::{HeaderMap, StatusCode, header};
use model::ErrorKind;
use percent_encoding::percent_decode_str;

use crate::extract::too_large;
use crate::{Problem, TOKEN_BYTES_MAX};

/// The longest body, bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;
/// The longest header, name and value, bytes: the longest token that settings leave as it is, with what stands before it.
pub const HEADER_BYTES_MAX: usize = TOKEN_BYTES_MAX + AUTHORIZATION_BYTES;
/// All headers together, bytes.
pub const HEADERS_BYTES_MAX: usize = 16 * 1_024;

/// What stands before a token in its header, with room for odd spaces, bytes.
const AUTHORIZATION_BYTES: usize = 64;

/// What whoever sends a token in the query string is told, whatever else is wrong with the request.
const TOKEN_IN_QUERY: &str = "a token doesn't travel in the query string, which every proxy on the way logs: send it in the \
header Authorization: Bearer; where a WebSocket can't have that, open it without and send {\"type\":\"auth\",\"token\":\"…\"} \
as the first message. Take this token for known to others";

/// How long headers may be, bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderLimits {
    /// One of them, name and value.
    each: usize,
    /// All of them.
    all: usize,
}

impl HeaderLimits {
    /// With room for tokens of this length.
    pub(super) fn for_tokens(token_bytes_max: usize) -> Self {
        let more = token_bytes_max.saturating_sub(TOKEN_BYTES_MAX);
        Self { each: HEADER_BYTES_MAX + more, all: HEADERS_BYTES_MAX + more }
    }
}

/// Refuses what no route should have to think of.
pub(super) fn check(request: &Request, limits: HeaderLimits) -> Result<(), Problem> {
    if request.uri().query().is_some_and(token_in_query::has_token) {
        return Err(Problem::new(ErrorKind::Invalid, "token_in_query", TOKEN_IN_QUERY));
    }
    check_headers(request.headers(), limits)?;
    check_path(request.uri().path())
}

fn check_headers(headers: &HeaderMap, limits: HeaderLimits) -> Result<(), Problem> {
    let HeaderLimits { each, all } = limits;
    let mut total = 0;
    for (name, value) in headers {
        let bytes = name.as_str().len() + value.len();
        total += bytes;
        if bytes > each || total > all {
            let detail = format!("a header may have {each} bytes, all of them {all}");
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(Problem::with_status(status, "headers_too_large", detail));
        }
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let encoded = |value: &http::HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(encoded) {
        let detail = "compressed bodies are not read: send it without Content-Encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::with_status(status, "unsupported_encoding", detail));
    }
    Ok(())
}

/// A path that others would read differently: a proxy may have let it pass as something else.
fn check_path(path: &str) -> Result<(), Problem> {
    let invalid = |detail: &str| Err(Problem::new(ErrorKind::Invalid, "invalid_path", detail));
    if path.contains("//") {
        return invalid("the path has an empty segment");
    }
    let Some(decoded) = percent_decoded(path) else {
        return invalid("the path is not percent-encoded UTF-8");
    };
    if decoded.contains(char::is_control) {
        return invalid("the path has a control character");
    }
    if decoded.split('/').any(|segment| segment == "." || segment == "..") {
        return invalid("the path has a segment of dots");
    }
    Ok(())
}

/// `None` for what is not percent-encoded UTF-8 (RFC 3986, 2.1); the library lets wrong escapes stand.
fn percent_decoded(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(path.into());
    }
    let is_escape = |behind: &str| {
        behind.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_encoded = path.split('%').skip(1).all(is_escape);
    is_encoded.then(|| percent_decode_str(path).decode_utf8().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_pass() {
        for path in ["/", "/v1/users/a.b~c", "/v1/users/%C3%A9", "/v1/users/..a"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn ambiguous_paths_are_refused() {
        for path in [
            "//",
            "/v1//users",
            "/v1/%2e%2e/users",
            "/v1/.%2E/users",
            "/v1/../users",
            "/v1/./users",
            "/v1/users/%2e%2e%2fx",
            "/v1/users/a%00",
            "/v1/users/a%0a",
            "/v1/%zz",
            "/v1/%2",
            "/v1/%ff",
        ] {
            assert_eq!(check_path(path).map_err(|p| p.status().as_u16()), Err(400), "{path}");
        }
    }
}
