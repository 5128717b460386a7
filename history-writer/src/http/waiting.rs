use api::{BODY_ARRIVAL_MAX, Problem};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, header};
use http_body_util::{BodyExt as _, Limited};
use model::ErrorKind;
use tokio::time::timeout;

use crate::{History, QUESTION_BYTES_MAX, Unanswered};

/// Answers another process of the deployment: whoever doesn't have its key learns nothing, and makes nothing of the answer.
pub(super) async fn post(
    State(history): State<History>,
    body: Body,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Problem> {
    let question = read(body).await?;
    let answer = history.answer_peer(&question).map_err(refused)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer))
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = timeout(BODY_ARRIVAL_MAX, Limited::new(body, QUESTION_BYTES_MAX).collect());
    match read.await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(_)) | Err(_) => Err(refused(Unanswered::NotOurs)),
    }
}

fn refused(why: Unanswered) -> Problem {
    let code = match why {
        Unanswered::NotOurs => "not_ours",
        Unanswered::Late => "late",
    };
    Problem::new(ErrorKind::Forbidden, code, why.to_string())
}
