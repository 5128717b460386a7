use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use model::UserId;
use serde::Deserialize;

use super::lacks::Lacks;
use crate::cli::args::ExportPointsArgs;
use crate::cli::service::Service;

/// Users of a page: the most that the service answers with.
const PAGE_USERS: usize = 500;

/// Whose points are exported.
pub(super) enum Whose {
    /// All who have a track.
    All,
    /// These, in the order of their ids.
    Named(BTreeSet<UserId>),
}

/// A page of those who have a track.
#[derive(Deserialize)]
struct UsersPage {
    users: Vec<String>,
    next_cursor: Option<String>,
    complete_until_ms: i64,
    #[serde(default)]
    incomplete_because: Vec<String>,
}

impl Whose {
    pub(super) fn read(args: &ExportPointsArgs) -> Result<Self, String> {
        if args.all {
            return Ok(Self::All);
        }
        let mut named = BTreeSet::new();
        for user in &args.user {
            named.insert(UserId::parse(user).map_err(|fault| format!("--user {user:?} {fault}"))?);
        }
        if let Some(path) = &args.users {
            named.extend(from_file(path)?);
        }
        Ok(Self::Named(named))
    }

    /// A walk over all of them, in the order of their ids.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk { whose: self, path: Some(format!("/v1/tracks?limit={PAGE_USERS}")) }
    }
}

fn from_file(path: &Path) -> Result<Vec<UserId>, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("can't read {shown}: {error}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let parse = |(number, line): (usize, &str)| {
        UserId::parse(line).map_err(|fault| format!("{shown}, line {}: the id {fault}", number + 1))
    };
    lines.map(parse).collect()
}

pub(super) struct Walk<'a> {
    whose: &'a Whose,
    /// Where the next page is; `None` behind the last one.
    path: Option<String>,
}

impl Walk<'_> {
    /// The next ones; `None` if there are no more.
    pub(super) async fn next(
        &mut self,
        service: &Service,
        lacks: &mut Lacks,
    ) -> Result<Option<Vec<UserId>>, String> {
        let Some(path) = self.path.take() else { return Ok(None) };
        if let Whose::Named(users) = self.whose {
            return Ok(Some(users.iter().cloned().collect()));
        }
        let body = service.get_bytes(&path).await?;
        let page: UsersPage = serde_json::from_slice(&body)
            .map_err(|error| format!("{path}: the answer can't be read: {error}"))?;
        lacks.note("who has a track", page.complete_until_ms, page.incomplete_because);
        let next = |cursor| format!("/v1/tracks?limit={PAGE_USERS}&cursor={cursor}");
        self.path = page.next_cursor.map(next);
        let parse = |id: &String| UserId::parse(id).map_err(|fault| format!("{id:?} {fault}"));
        page.users.iter().map(parse).collect::<Result<_, _>>().map(Some)
    }
}
