use axum::extract::{FromRequest, Request};
use model::ErrorKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::strict::{Found, UNNAMED};
use super::{check_content_type, parse, read};
use crate::Problem;

/// What a body may have beside what it changes, since that is what reading answers with.
pub trait ReadOnly: DeserializeOwned {
    /// The names of these members.
    const NAMES: &'static [&'static str];
}

/// A body as [`Json`](crate::Json), which may say again what was read and can't be changed: clients send back all of what they got.
#[derive(Debug)]
pub struct ReadBack<T> {
    /// What is to be changed.
    pub body: T,
    said: Found,
}

impl<T> ReadBack<T> {
    /// Whether it says anything that can't be changed; then [`check`](Self::check) must be asked.
    pub fn says_read_only(&self) -> bool {
        !self.said.is_empty()
    }

    /// Takes away what it says of a member that can't be changed: somebody else judges that.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.said.iter().position(|(said, _)| *said == name)?;
        Some(self.said.swap_remove(at).1)
    }

    /// Refuses what can't be changed and isn't as it is, by what reading answers with. Nothing is, if there is nothing to be read
    /// yet.
    pub fn check(&self, read: Option<&impl Serialize>) -> Result<(), Problem> {
        let read = read.map(serde_json::to_value).transpose().map_err(Problem::internal_error)?;
        let as_read = |(name, said): &&(&'static str, Value)| {
            read.as_ref().and_then(|read| read.get(name)).unwrap_or(&Value::Null) == said
        };
        // These aren't read by a type, which passes over `_`.
        let said = self.said.iter().map(|(name, said)| (*name, without_unnamed(said)));
        let said: Found = said.collect();
        match said.iter().find(|said| !as_read(said)) {
            Some((name, _)) => Err(Problem::read_only(name)),
            None => Ok(()),
        }
    }
}

fn without_unnamed(said: &Value) -> Value {
    match said {
        Value::Object(members) => {
            let named = members.iter().filter(|(name, _)| *name != UNNAMED);
            Value::Object(
                named.map(|(name, value)| (name.clone(), without_unnamed(value))).collect(),
            )
        }
        Value::Array(items) => items.iter().map(without_unnamed).collect(),
        other => other.clone(),
    }
}

impl Problem {
    /// A member of a body was to be changed that can't be.
    pub fn read_only(name: &str) -> Self {
        let detail = format!("{name} can't be chosen: leave it out, or send it as it was read");
        Self::new(ErrorKind::Invalid, "read_only_field", detail)
    }
}

impl<T: ReadOnly, S: Send + Sync> FromRequest<S> for ReadBack<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let bytes = read(request.into_body()).await?;
        parse(&bytes, T::NAMES).map(|(body, said)| Self { body, said })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pie {
        #[serde(default, rename = "slices")]
        _slices: u8,
    }

    impl ReadOnly for Pie {
        const NAMES: &'static [&'static str] = &["id", "baked_ms", "baker"];
    }

    async fn pie(body: Value) -> Result<ReadBack<Pie>, Problem> {
        let request = Request::post("/").header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).expect("a request");
        ReadBack::from_request(request, &()).await
    }

    #[tokio::test]
    async fn what_was_read_may_be_sent_back_and_nothing_else() {
        let read = json!({ "id": "apple", "baked_ms": 7, "slices": 8, "baker": { "name": "Ann" } });
        for (body, is_right) in [
            (json!({ "slices": 8 }), true),
            (read.clone(), true),
            (json!({ "id": "apple", "_": 1 }), true),
            (json!({ "baked_ms": 7.0 }), true),
            (json!({ "id": "apple", "baker": { "name": "Ann", "_": 1 } }), true),
            (json!({ "baker": ["Ann"] }), false),
            (json!({ "id": "cherry" }), false),
            (json!({ "id": "apple", "baked_ms": 8 }), false),
            (json!({ "baked_ms": null }), false),
        ] {
            let sent = pie(body.clone()).await.expect("an object");
            assert_eq!(sent.check(Some(&read)).is_ok(), is_right, "{body}");
        }
        let unknown = pie(json!({ "crust": 1 })).await.expect_err("unknown");
        assert!(unknown.detail().contains("crust"), "{}", unknown.detail());
        let first = pie(json!({ "id": "apple" })).await.expect("an object");
        assert!(first.says_read_only() && first.check(None::<&Value>).is_err());
        let mut sent = pie(read).await.expect("an object");
        assert_eq!(sent.take("baked_ms"), Some(json!(7)));
        assert!(sent.check(Some(&json!({ "id": "apple", "baker": { "name": "Ann" } }))).is_ok());
    }
}
