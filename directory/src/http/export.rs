use api::Problem;
use api::export::{Next, Piece, file_of, lines, listed};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use model::UserId;
use serde_json::json;

use super::users::UserBody;
use crate::{Directory, Entry, List};

/// Entries of a list that are read at a time.
const PAGE: usize = 500;
/// What a page costs, and each entry.
const PAGE_COST: u64 = 100;
const ENTRY_COST: u64 = 2;

/// What the directory holds about a person: who they are, their friends, requests and blocks.
impl Piece for Directory {
    fn name(&self) -> &'static str {
        "directory"
    }

    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>> {
        let (directory, known) = (self.clone(), user.clone());
        let user_file = file_of(
            "directory/user.json",
            async move {
                let user = directory.user(&known).await?;
                Ok(user.as_ref().map(UserBody::in_full))
            },
            PAGE_COST,
        );
        let lists = List::ALL.iter().map(|list| entries(self, *list, user));
        user_file.chain(stream::iter(lists.collect::<Vec<_>>()).flatten()).boxed()
    }
}

fn entries(
    directory: &Directory,
    list: List,
    user: &UserId,
) -> BoxStream<'static, Result<Next, Problem>> {
    let (directory, user) = (directory.clone(), user.clone());
    let read = move |after: Option<UserId>| {
        let (directory, user) = (directory.clone(), user.clone());
        let page = async move {
            let entries = directory.page(list, &user, after.as_ref(), PAGE).await?;
            let next = entries.last().filter(|_| entries.len() == PAGE);
            let next = next.map(|entry| entry.other.clone());
            let line = |Entry { other, name, since }: &Entry| json!({ "id": other.as_str(), "name": name.as_str(), "since_ms": since.0 });
            let cost = PAGE_COST + ENTRY_COST * entries.len() as u64;
            Ok((lines(entries.iter().map(line), cost), next))
        };
        Box::pin(page) as _
    };
    listed(format!("directory/{}.ndjson", list.as_str()), Box::new(read))
}
