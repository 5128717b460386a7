use http::{HeaderMap, header};
use model::ErrorKind;

use crate::Problem;

/// What is wrong with an `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// The header stands more than once.
    #[error("the Authorization header stands more than once")]
    Repeated,
    /// Another scheme than `Bearer`.
    #[error("the Authorization header has another scheme than Bearer")]
    Scheme,
    /// `Bearer` and nothing behind it, or an empty header.
    #[error("the Authorization header has no token")]
    Empty,
    /// Characters that no token has.
    #[error("the Authorization header has characters that no token has")]
    Characters,
}

impl From<BearerError> for Problem {
    fn from(fault: BearerError) -> Self {
        Self::new(ErrorKind::Unauthenticated, "invalid_authorization", fault.to_string())
    }
}

/// The token of `Authorization: Bearer …`; `None` where the header is absent.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, BearerError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(BearerError::Repeated);
    }
    let text = value.to_str().map_err(|_| BearerError::Characters)?.trim();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.is_empty() {
        return Err(BearerError::Empty);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::Scheme);
    }
    let token = token.trim();
    if token.is_empty() {
        return Err(BearerError::Empty);
    }
    if token.bytes().any(|b| b == b' ' || b == b',') {
        return Err(BearerError::Characters);
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(values: &[&'static str]) -> Result<Option<String>, BearerError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        bearer(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_token_is_found_or_what_is_wrong_is_said() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Bearer a.b.c"]), Ok(Some("a.b.c".to_owned())));
        assert_eq!(read(&["bearer  a.b.c "]), Ok(Some("a.b.c".to_owned())));
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(BearerError::Repeated));
        assert_eq!(read(&["Basic YTpi"]), Err(BearerError::Scheme));
        assert_eq!(read(&["a.b.c"]), Err(BearerError::Scheme));
        assert_eq!(read(&["Bearer"]), Err(BearerError::Empty));
        assert_eq!(read(&["Bearer  "]), Err(BearerError::Empty));
        assert_eq!(read(&[""]), Err(BearerError::Empty));
        assert_eq!(read(&["Bearer a b"]), Err(BearerError::Characters));
        assert_eq!(read(&["Bearer a, Bearer b"]), Err(BearerError::Characters));
    }
}
