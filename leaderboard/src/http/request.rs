use api::{Authenticated, Context, Problem};
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{BoardId, Caller, ErrorKind, Role, UserId};

use crate::{Board, Leaderboard, Refusal};

/// Who asks, a service or an operator.
pub(super) struct Trusted(pub(super) Caller);

impl<S> FromRequestParts<S> for Trusted
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        if caller.role == Role::User {
            let detail = "only services and operators may do this";
            return Err(Problem::new(ErrorKind::Forbidden, "forbidden", detail));
        }
        Ok(Self(caller))
    }
}

/// Who asks, an operator.
pub(super) struct Operator;

impl<S> FromRequestParts<S> for Operator
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        if caller.role != Role::Operator {
            let detail = "only operators may do this";
            return Err(Problem::new(ErrorKind::Forbidden, "forbidden", detail));
        }
        Ok(Self)
    }
}

pub(super) fn invalid(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(ErrorKind::Invalid, code, detail)
}

/// The board of a parameter, if the caller may read it.
pub(super) async fn readable(
    leaderboard: &Leaderboard,
    name: &str,
    caller: &Caller,
) -> Result<Board, Problem> {
    let board = leaderboard.board(&board_id(name)?).await?;
    if board.is_read_by(caller.role) {
        return Ok(board);
    }
    Err(Refusal::ServicesOnly.into())
}

/// As [`readable`], in one of its seasons; in the present one, if none is named.
pub(super) async fn readable_in(
    leaderboard: &Leaderboard,
    name: &str,
    season: Option<u32>,
    caller: &Caller,
) -> Result<Board, Problem> {
    let board = readable(leaderboard, name, caller).await?;
    match season {
        Some(number) => Ok(board.in_season(number).ok_or(Refusal::NoSuchSeason)?),
        None => Ok(board),
    }
}

/// The number of a season in a parameter; too large for a number is none that was.
pub(super) fn season(text: Option<&str>) -> Result<Option<u32>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if !are_digits(text) && !api::is_whole_parameter(text) {
        return Err(invalid("invalid_season", "season must be a whole number from 0"));
    }
    Ok(Some(whole(text).ok_or(Refusal::NoSuchSeason)?))
}

/// The name of a board in a parameter or body.
pub(super) fn board_id(text: &str) -> Result<BoardId, Problem> {
    BoardId::parse(text).map_err(|fault| invalid("invalid_id", format!("board {fault}")))
}

/// A player in a body.
pub(super) fn user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|fault| invalid("invalid_id", format!("user {fault}")))
}

/// A player in a parameter; `me` is the caller.
pub(super) fn player(text: &str, caller: &Caller) -> Result<UserId, Problem> {
    if text == "me" { Ok(caller.user.clone()) } else { user_id(text) }
}

/// A whole number of this type; `None` for anything else, also if it is too large.
pub(super) fn whole<T: TryFrom<i64> + std::str::FromStr>(text: &str) -> Option<T> {
    if are_digits(text) {
        return text.parse().ok();
    }
    api::whole_parameter(text).and_then(|number| T::try_from(number).ok())
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
