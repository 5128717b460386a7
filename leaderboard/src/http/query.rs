use api::{Problem, Query};
use axum::extract::FromRequestParts;
use http::request::Parts;
use utoipa::IntoParams;

use super::cursor;
use super::request::{invalid, season, whole};
use crate::limits::{STANDINGS_DEFAULT, USERS_MAX};
use crate::{Board, Entry, PageStart, Refusal};

/// What is asked for of a board: a page, or some players.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ScoresQuery {
    /// The board.
    #[param(value_type = String, required = true, example = "weekly")]
    board: Option<String>,
    /// One of its seasons that are kept; the present one if absent.
    #[param(value_type = Option<u32>, minimum = 0)]
    season: Option<String>,
    /// The most players to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 10)]
    limit: Option<String>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
    /// Where to begin, counted from the top by players, from 1: where some share a rank, theirs may be a lower number.
    #[param(value_type = Option<u64>, minimum = 1)]
    from_rank: Option<String>,
    /// Instead of a page these players in this order, up to 100: repeat the parameter. `me` is the caller.
    #[param(rename = "user", value_type = Vec<String>, required = false)]
    users: Vec<String>,
}

const NAMES: &str = "`board`, `season`, `limit`, `cursor`, `from_rank`, `user`";

impl<S: Send + Sync> FromRequestParts<S> for ScoresQuery {
    type Rejection = Problem;

    /// As [`Query`] does, but one parameter may be repeated. A list by commas wouldn't do: ids may have some.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let wrong = |detail: String| invalid("invalid_parameter", detail);
        let mut query = Self::default();
        for (name, value) in pairs.0 {
            let field = match name.as_str() {
                "user" => {
                    query.users.push(value);
                    continue;
                }
                "board" => &mut query.board,
                "season" => &mut query.season,
                "limit" => &mut query.limit,
                "cursor" => &mut query.cursor,
                "from_rank" => &mut query.from_rank,
                _ => {
                    return Err(wrong(format!("unknown field `{name}`, expected one of {NAMES}")));
                }
            };
            if field.replace(value).is_some() {
                return Err(wrong(format!("duplicate field `{name}`")));
            }
        }
        query.check()
    }
}

impl ScoresQuery {
    fn check(self) -> Result<Self, Problem> {
        let wrong = |detail| Err(invalid("invalid_parameter", detail));
        if self.board.is_none() {
            return wrong("missing field `board`");
        }
        if self.cursor.is_some() && self.from_rank.is_some() {
            return wrong("a page begins at `cursor` or at `from_rank`, not at both");
        }
        let is_page = self.limit.is_some() || self.cursor.is_some() || self.from_rank.is_some();
        if is_page && !self.users.is_empty() {
            return wrong("with `user` there is no page: no `limit`, `cursor` or `from_rank`");
        }
        if self.users.len() > USERS_MAX {
            return Err(Refusal::Users.into());
        }
        Ok(self)
    }

    /// The board's name.
    pub(super) fn board(&self) -> &str {
        self.board.as_deref().unwrap_or_default()
    }

    /// The season that is named, if one is.
    pub(super) fn season(&self) -> Result<Option<u32>, Problem> {
        season(self.season.as_deref())
    }

    /// The players that are asked for; none: a page is.
    pub(super) fn users(&self) -> &[String] {
        &self.users
    }

    /// The most players of the page.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit.as_deref())
    }

    /// Where the page of `board` begins.
    pub(super) fn start(&self, board: &Board) -> Result<PageStart, Problem> {
        if let Some(rank) = self.from_rank.as_deref() {
            let place = whole::<u64>(rank).and_then(|rank| rank.checked_sub(1));
            let fault = "from_rank must be a whole number from 1";
            return place.map(PageStart::Place).ok_or_else(|| invalid("invalid_from_rank", fault));
        }
        let after = after(self.cursor.as_deref(), &cursor::list("scores", board))?;
        Ok(after.map_or(PageStart::Place(0), PageStart::After))
    }
}

/// How many players a page has; too large for a number is too large for a page.
pub(super) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let limit = text.map_or(Some(STANDINGS_DEFAULT), whole);
    limit.ok_or_else(|| Refusal::Limit.into())
}

/// The entry behind which a page of `list` begins.
pub(super) fn after(cursor: Option<&str>, list: &str) -> Result<Option<Entry>, Problem> {
    cursor.map(|text| cursor::decode(text, list)).transpose()
}
