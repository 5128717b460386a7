pub mod pages;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::ErrorKind;
use serde::Serialize;
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::BasePath;

/// A refusal as problem JSON (RFC 9457).
///
/// Its request id is put in by the [middleware](crate::with_middleware), so that whoever refuses needn't know it. There its cause is
/// logged too, which the client isn't told.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    request_id: Option<String>,
    base_path: Option<Arc<BasePath>>,
    retry_after_s: Option<u64>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What a refused request is answered with, as `application/problem+json` (RFC 9457).
#[derive(PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// `/problems/` and the code.
    #[schema(example = "/problems/no_such_user")]
    r#type: String,
    /// The meaning of the status in words.
    #[schema(example = "Not Found")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// A word for programs.
    #[schema(example = "no_such_user")]
    code: &'a str,
    /// A sentence for people.
    detail: &'a str,
    /// The id in the server's log, the same as in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// When the same request may succeed, seconds from now; the same as in the header `retry-after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

/// How long to wait before asking an unavailable part again, milliseconds.
const RETRY_AFTER_MS: u64 = 1_000;

/// The one table from the kind of an error to its status.
fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// A problem of a kind; `code` is a short `snake_case` word for programs, `detail` a sentence for people.
    pub fn new(kind: ErrorKind, code: &'static str, detail: impl Into<String>) -> Self {
        Self::with_status(status(kind), code, detail)
    }

    /// A problem of HTTP itself (405, 406, 408, 415, 426, 431), for which there is no kind.
    pub fn with_status(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            request_id: None,
            base_path: None,
            retry_after_s: None,
            cause: None,
        }
    }

    /// Says when to try again, in whole seconds rounded up, at least 1.
    #[must_use]
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_s = Some(ms.div_ceil(1_000).max(1));
        self
    }

    /// Keeps the error that led to it, which is logged once with the request's id, and with its own causes (`source`).
    #[must_use]
    pub fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(error));
        self
    }

    /// That a part couldn't answer, `what` says which, by the kind of its error: try again, or a fault of ours.
    pub fn failure(kind: ErrorKind, what: &str, error: impl Error + Send + Sync + 'static) -> Self {
        let problem = if kind == ErrorKind::Unavailable {
            let detail = format!("{what} can't be reached; try again");
            Self::new(kind, "unavailable", detail).retry_after_ms(RETRY_AFTER_MS)
        } else {
            Self::new(kind, "internal", "a fault of the service; its log says more")
        };
        problem.caused_by(error)
    }

    /// The error that led to it, if that is for the log.
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }

    /// A mistake in this program, whatever the request was.
    pub(crate) fn internal_error(error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Internal, "internal_error", "a fault of ours").caused_by(error)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people. It may repeat what the client sent: not for logs.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The body of the answer, where there is no request to answer.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.body()).expect("text and numbers become JSON")
    }

    pub(crate) fn with_request_id(mut self, id: &str) -> Self {
        self.request_id = Some(id.to_owned());
        self
    }

    /// Of a service that is reached under this path.
    #[must_use]
    pub fn below(mut self, base_path: &Arc<BasePath>) -> Self {
        self.base_path = Some(base_path.clone());
        self
    }

    fn body(&self) -> ProblemBody<'_> {
        let base_path = self.base_path.as_deref().map(ToString::to_string).unwrap_or_default();
        ProblemBody {
            r#type: format!("{base_path}/problems/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            request_id: self.request_id.as_deref(),
            retry_after_s: self.retry_after_s,
        }
    }

    /// Writes the problem over a response, whose other headers (such as `Allow`) stay.
    pub(crate) fn write_to(self, response: &mut Response) {
        let body = self.to_json();
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        *response.body_mut() = body.into();
        response.extensions_mut().insert(self);
    }
}

/// Whether a client is told the same; the cause isn't compared.
impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        self.body() == other.body()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        self.write_to(&mut response);
        response
    }
}

/// Lets a handler say `responses(…, Problem)`; the answer itself is described once, in [`openapi`](crate::openapi).
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let described = RefOr::Ref(Ref::from_response_name("Problem"));
        BTreeMap::from([("default".to_owned(), described)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status() {
        for (kind, expected) in [
            (ErrorKind::Invalid, 400),
            (ErrorKind::Unauthenticated, 401),
            (ErrorKind::Forbidden, 403),
            (ErrorKind::NotFound, 404),
            (ErrorKind::Conflict, 409),
            (ErrorKind::TooLarge, 413),
            (ErrorKind::RateLimited, 429),
            (ErrorKind::Unavailable, 503),
            (ErrorKind::Internal, 500),
        ] {
            assert_eq!(Problem::new(kind, "x", "y").into_response().status(), expected);
        }
    }

    #[test]
    fn the_headers_say_how_to_authenticate_and_when_to_come_back() {
        let response = Problem::new(ErrorKind::Unauthenticated, "x", "y").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let response =
            Problem::new(ErrorKind::RateLimited, "x", "y").retry_after_ms(1_001).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }
}
