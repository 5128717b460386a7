mod item;
mod numbers;
mod read_back;
mod strict;
mod whole;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::ErrorKind;
use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer};

pub use item::Item;
pub use read_back::{ReadBack, ReadOnly};
use strict::{Apart, Found, Strict};
pub use whole::{Milliseconds, Whole};

use super::words;
use crate::{BODY_BYTES_MAX, Problem};

/// A whole body must have arrived within this time; otherwise one byte a second would hold a connection for hours.
pub const BODY_ARRIVAL_MAX: Duration = Duration::from_secs(10);

/// What a body may call itself. `PATCH` takes what RFC 7396 calls a merge patch, and is sent under that name by some.
const CONTENT_TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// What UTF-8 is called, also by some who mean it, and what is a part of it.
const UTF8_NAMES: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// Room for most answers from the start, bytes: a page of search results has some 2,500.
const ANSWER_BYTES: usize = 3 * 1_024;

/// A body that is one JSON object (RFC 8259), strictly; also an answer.
///
/// The type decides which fields there are: give it `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(ANSWER_BYTES);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => {
                let kind = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, kind)], body).into_response()
            }
            Err(error) => Problem::internal_error(error).into_response(),
        }
    }
}

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let bytes = read(request.into_body()).await?;
        parse(&bytes, &[]).map(|(body, _)| Self(body))
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |detail: &str| {
        Err(Problem::with_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        ))
    };
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return refused("the body needs one Content-Type: application/json");
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !CONTENT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return refused("the Content-Type must be application/json");
    }
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        let utf8 = UTF8_NAMES.iter().any(|known| known.eq_ignore_ascii_case(value));
        if name.trim().eq_ignore_ascii_case("charset") && !utf8 {
            return refused("the only charset is utf-8");
        }
    }
    Ok(())
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let body = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_ARRIVAL_MAX, body).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            let detail = "the body broke off or is not framed as HTTP asks";
            Err(Problem::new(ErrorKind::Invalid, "incomplete_body", detail))
        }
        Err(_) => {
            let detail = format!("the body did not arrive within {BODY_ARRIVAL_MAX:?}");
            Err(Problem::with_status(StatusCode::REQUEST_TIMEOUT, "slow_body", detail))
        }
    }
}

pub(crate) fn too_large() -> Problem {
    let detail = format!("the body is over {BODY_BYTES_MAX} bytes");
    Problem::new(ErrorKind::TooLarge, "body_too_large", detail)
}

/// Reads an object, and apart from it the members of these names.
fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    names: &'static [&'static str],
) -> Result<(T, Found), Problem> {
    let invalid = |detail: &str| Err(Problem::new(ErrorKind::Invalid, "invalid_json", detail));
    if bytes.is_empty() {
        return invalid("the body is empty; it must be a JSON object");
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        return invalid("the body starts with a byte order mark");
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
        return invalid("the body is not UTF-8; UTF-16 and UTF-32 are not read");
    }
    if std::str::from_utf8(bytes).is_err() {
        return invalid("the body is not UTF-8");
    }
    // What isn't an object is said in general, whatever the type calls itself.
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return invalid("the body must be a JSON object");
    }
    let bytes = numbers::with_whole_numbers(bytes);
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let mut found = Found::new();
    let apart = Apart { names, found: Some(&mut found), unknown: None };
    let value = within(Strict::new(&mut reader, apart));
    let value: T =
        value.map_err(|fault| Problem::new(ErrorKind::Invalid, "invalid_json", fault))?;
    match reader.end() {
        Ok(()) => Ok((value, found)),
        Err(_) => invalid("the body goes on after its JSON object"),
    }
}

/// Reads a value; else says where something is wrong, and what.
fn within<'de, T: DeserializeOwned, D>(json: D) -> Result<T, String>
where
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        // The parser doesn't know the way to what it couldn't read.
        let path = path.trim_end_matches('?').trim_end_matches('.');
        let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
        format!("{place}{}", words::plain(&error.inner().to_string()))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pie {
        name: String,
        #[serde(default)]
        slices: u8,
    }

    fn pie(body: &str) -> Pie {
        parse(body.as_bytes(), &[]).expect("right").0
    }

    fn detail(body: &[u8]) -> String {
        let problem = parse::<Pie>(body, &[]).expect_err("must be refused");
        assert_eq!(problem.status(), 400);
        problem.detail().to_owned()
    }

    #[test]
    fn an_object_is_read() {
        let pie = pie("{\"name\":\"\u{200f}apple\",\"slices\":8}");
        assert_eq!((pie.name.as_str(), pie.slices), ("\u{200f}apple", 8));
    }

    #[test]
    fn whole_numbers_are_whole_and_what_is_not_named_is_passed_over() {
        for slices in ["8", "8.0", "8e0"] {
            let body = format!("{{\"_\":1,\"name\":\"x\",\"slices\":{slices},\"_\":{{\"a\":2}}}}");
            assert_eq!(pie(&body).slices, 8, "{body}");
        }
        assert!(
            detail(b"{\"name\":\"x\",\"slices\":8.5}").contains("slices: must be a whole number")
        );
    }

    #[test]
    fn a_merge_patch_is_json() {
        let check = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            check_content_type(&headers)
        };
        for kind in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json; charset=utf8",
            "application/json ; Charset = \"us-ascii\"; x=y",
            "application/merge-patch+json",
            "application/merge-patch+json;charset=\"utf-8\"",
        ] {
            assert!(check(kind).is_ok(), "{kind}");
        }
        for kind in ["text/json", "application/json-patch+json", "application/json; charset=utf-7"]
        {
            assert!(check(kind).is_err(), "{kind}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let utf16: Vec<u8> = "{\"name\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let deep = format!("{{\"name\":{}", "[".repeat(10_000));
        for (body, word) in [
            (b"" as &[u8], "empty"),
            (b"  ", "must be a JSON object"),
            (b"null", "must be a JSON object"),
            (b"[]", "must be a JSON object"),
            (b"[\"x\"]", "must be a JSON object"),
            (b"\"x\"", "must be a JSON object"),
            (b"{}", "missing field `name`"),
            (b"{\"name\":7}", "name: must be a text, and is 7"),
            (b"{\"name\":\"x\",\"slices\":\"8\"}", "slices: must be a whole number"),
            (
                b"{\"name\":\"x\",\"slices\":256}",
                "slices: must be a whole number, at least 0, and is 256",
            ),
            (b"{\"name\":\"x\",\"slices\":1e400}", "slices: number out of range"),
            (b"{\"name\":\"x\",\"name\":\"y\"}", "duplicate field `name`"),
            (b"{\"name\":\"x\",\"crust\":1}", "unknown field `crust`"),
            (b"{\"name\":\"x\"} {}", "goes on"),
            (b"{\"name\":\"x\"}]", "goes on"),
            (b"{\"name\":\"x\" /* y */}", "expected"),
            (b"{\"name\":\"\\ud800\"}", "name"),
            (b"{\"name\":\"\xff\"}", "not UTF-8"),
            (b"\xef\xbb\xbf{\"name\":\"x\"}", "byte order mark"),
            (&utf16, "UTF-16"),
            (deep.as_bytes(), "name"),
        ] {
            let detail = detail(body);
            assert!(detail.contains(word), "{detail:?} should have {word:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_one_byte_a_second_is_given_up() {
        let drip = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(b" ")), ()))
        });
        assert_eq!(read(Body::from_stream(drip)).await.expect_err("too slow").status(), 408);
    }
}
