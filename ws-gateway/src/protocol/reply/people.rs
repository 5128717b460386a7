//! What people are called, and how they stand to the user.

use std::sync::Arc;

use model::UserId;
use serde_json::json;

use super::Object;
use crate::session::friends::people::ShownRelation;

pub(super) fn names(names: &[(UserId, Arc<str>)], out: &mut Vec<u8>) {
    let one =
        |(user, name): &(UserId, Arc<str>)| json!({ "id": user.as_str(), "display_name": **name });
    let all: Vec<_> = names.iter().map(one).collect();
    Object::new(out, "names").with("names", all).end();
}

pub(super) fn relation(user: &UserId, relation: &ShownRelation, out: &mut Vec<u8>) {
    Object::new(out, "relation")
        .with("id", user.as_str())
        .with_any("display_name", relation.name.as_deref())
        .with("state", relation.state.as_str())
        .end();
}
