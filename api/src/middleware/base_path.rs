use std::fmt;

use http::Uri;
use http::uri::PathAndQuery;

/// The longest path that a service may be under, bytes.
const BASE_PATH_BYTES_MAX: usize = 200;

/// First segments of our own paths: under one of them it couldn't be told where a path begins.
const OWN: [&str; 8] =
    ["v1", "internal", "dev", "docs", "problems", "openapi.json", "live", "ready"];

/// The path under which a service is reached, such as `/geo`; empty where that is the root.
///
/// Requests are taken with it and without it: some proxies cut it off, others pass it on. Links begin with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// What can't be a base path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasePathError {
    /// It isn't a path.
    #[error(
        "must be a path such as \"/geo\" or \"/apps/geo\": letters, digits and - . _ ~ between single slashes, at most {BASE_PATH_BYTES_MAX} bytes"
    )]
    Malformed,
    /// It begins like a path of ours.
    #[error("must not begin with /{0}, as paths of the service do")]
    Own(String),
}

impl BasePath {
    /// Reads it; a slash at its end makes no difference.
    pub fn parse(text: &str) -> Result<Self, BasePathError> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let is_name = |segment: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
        };
        let segments = path.strip_prefix('/').ok_or(BasePathError::Malformed)?;
        if path.len() > BASE_PATH_BYTES_MAX || !segments.split('/').all(is_name) {
            return Err(BasePathError::Malformed);
        }
        match segments.split('/').next() {
            Some(first) if OWN.contains(&first) => Err(BasePathError::Own(first.to_owned())),
            _ => Ok(Self(path.to_owned())),
        }
    }

    /// What a request asks for within the service, if it begins with this path.
    pub fn within(&self, uri: &Uri) -> Option<Uri> {
        if self.0.is_empty() {
            return None;
        }
        let rest = uri.path_and_query()?.as_str().strip_prefix(self.0.as_str())?;
        let within = match rest.as_bytes().first() {
            Some(b'/') => PathAndQuery::try_from(rest),
            None | Some(b'?') => PathAndQuery::try_from(format!("/{rest}")),
            // Another path, which begins with the same letters.
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(within.ok()?);
        Uri::from_parts(parts).ok()
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_or_it_is_said_what_one_is() {
        for (text, expected) in [
            ("", ""),
            ("/", ""),
            ("/geo", "/geo"),
            ("/geo/", "/geo"),
            ("/a-b/c.d_e~", "/a-b/c.d_e~"),
        ] {
            assert_eq!(BasePath::parse(text).expect(text).to_string(), expected, "{text}");
        }
        for text in [
            "geo",
            "//",
            "/a//b",
            "/..",
            "/a/../b",
            "/a b",
            "/a%20b",
            "/a?b",
            "/a#b",
            "http://a/b",
            "/\u{e9}",
        ] {
            assert_eq!(BasePath::parse(text), Err(BasePathError::Malformed), "{text}");
        }
        assert_eq!(
            BasePath::parse(&format!("/{}", "a".repeat(200))),
            Err(BasePathError::Malformed)
        );
        for own in ["/v1", "/docs/geo", "/live"] {
            assert!(matches!(BasePath::parse(own), Err(BasePathError::Own(_))), "{own}");
        }
        assert!(BasePath::parse("/v2").is_ok() && BasePath::parse("/v1x").is_ok());
    }

    #[test]
    fn what_is_asked_for_within_is_found() {
        let base = BasePath::parse("/geo").expect("a path");
        let within = |uri: &str| base.within(&uri.parse().expect("a URI")).map(|it| it.to_string());
        for (asked, expected) in [
            ("/geo/v1/users/a?limit=1", Some("/v1/users/a?limit=1")),
            ("/geo/", Some("/")),
            ("/geo", Some("/")),
            ("/geo?x", Some("/?x")),
            ("/geo//v1", Some("//v1")),
            ("/geo/geo/live", Some("/geo/live")),
            ("/live", None),
            ("/geometry", None),
            ("/v1/geo", None),
            ("/Geo/live", None),
        ] {
            assert_eq!(within(asked).as_deref(), expected, "{asked}");
        }
        assert_eq!(within("http://a/geo/live").as_deref(), Some("http://a/live"));
        assert_eq!(BasePath::default().within(&"/live".parse().expect("a URI")), None);
    }
}
