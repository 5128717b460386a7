use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use model::ErrorKind;
use serde::de::DeserializeOwned;

use super::words;
use crate::Problem;

/// The parameters behind the `?`, each known and at most once.
///
/// The type decides which there are: give it `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let named = without_unnamed(&parts.uri);
        let parsed = axum::extract::Query::<T>::try_from_uri(named.as_ref().unwrap_or(&parts.uri));
        parsed.map(|query| Self(query.0)).map_err(|rejection| {
            let text = rejection.body_text();
            let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::new(ErrorKind::Invalid, "invalid_parameter", words::parameter(detail))
        })
    }
}

/// The address without the parameter `_`, which libraries add so that no cache answers; `None` if it has none.
fn without_unnamed(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    let is_unnamed = |pair: &&str| *pair == "_" || pair.starts_with("_=");
    query.split('&').find(is_unnamed)?;
    let named: Vec<_> = query.split('&').filter(|pair| !is_unnamed(pair)).collect();
    format!("{}?{}", uri.path(), named.join("&")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cursor, PageQuery};
    use http::Request;

    async fn page(query: &str) -> Result<(usize, Option<String>), Problem> {
        let uri = format!("/friends?{query}");
        let (mut parts, ()) = Request::get(uri).body(()).expect("a request").into_parts();
        let Query(page) = Query::<PageQuery>::from_request_parts(&mut parts, &()).await?;
        let page = page.page("friends/alice")?;
        Ok((page.limit, page.after.map(|cursor| cursor.last().to_owned())))
    }

    #[tokio::test]
    async fn a_page_is_described() {
        assert_eq!(page("").await, Ok((50, None)));
        for one in ["limit=1", "limit=1.0", "limit=1e0", "limit=01"] {
            assert_eq!(page(one).await, Ok((1, None)), "{one}");
        }
        assert_eq!(page("_=1700000000000&limit=1&_").await, Ok((1, None)));
        assert_eq!(page("_=1").await, Ok((50, None)));
        let cursor = Cursor::after("bob").encode("friends/alice");
        assert_eq!(
            page(&format!("limit=500&cursor={cursor}")).await,
            Ok((500, Some("bob".into())))
        );
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        for (query, word) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=501", "limit"),
            ("limit=1000000000", "limit"),
            ("limit=abc", "limit"),
            ("limit=1.5", "limit"),
            ("limit=", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=1&limit=1", "duplicate field `limit`"),
            ("order=up", "unknown field `order`"),
            ("cursor=AAAA", "cursor"),
        ] {
            let problem = page(query).await.expect_err(query);
            assert_eq!(problem.status(), 400, "{query}");
            assert!(problem.detail().contains(word), "{query}: {}", problem.detail());
        }
    }
}
