mod zip;

use std::collections::VecDeque;
use std::sync::Arc;

use api::export::{Next, Piece, file};
use api::{AppState, BodyPart, Context, DataSubject, Problem, Work, preferred, streamed};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use model::{Clock, UserId};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use zip::{TooLarge, Zip};

/// Bytes that are compressed for each unit of cost.
const COMPRESSED_A_UNIT: u64 = 100;
const MEDIA_TYPE: &str = "application/zip";

/// What the archive is made of.
#[derive(Clone)]
struct Exporting {
    pieces: Arc<[Arc<dyn Piece>]>,
    clock: Arc<dyn Clock>,
}

/// The endpoint that gives a person all that the parts of this process hold about them.
pub(crate) fn router(
    pieces: Vec<Arc<dyn Piece>>,
    clock: Arc<dyn Clock>,
    context: Context,
) -> OpenApiRouter {
    let part = Exporting { pieces: pieces.into(), clock };
    OpenApiRouter::new().routes(routes!(get)).with_state(AppState { part, context })
}

/// All that is held about a person, as one archive: a folder of each part, and `export.json`, which names these. What is kept
/// elsewhere, such as by processes that have other roles, isn't in it.
///
/// Only the user, or a service. It is sent while it is made: if something can't be read it breaks off, and never ends as if it were whole.
#[utoipa::path(
    get,
    operation_id = "export_user",
    path = "/v1/users/{user}/export",
    tag = "users",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses(
        (status = 200, description = "A zip archive of JSON and NDJSON", content_type = "application/zip", body = Vec<u8>),
        Problem,
    ),
    security(("bearer" = []))
)]
async fn get(
    State(AppState { part, .. }): State<AppState<Exporting>>,
    DataSubject(user): DataSubject,
    mut work: Work,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if preferred(&headers, &[MEDIA_TYPE]).is_none() {
        let detail = "the archive is application/zip; the Accept header excludes that";
        return Err(Problem::with_status(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail));
    }
    let mut archive = Archive::new(&part, user);
    // What fails at the beginning is told as a problem.
    let BodyPart { bytes, cost } = archive.next().await?.unwrap_or_default();
    work.spend(cost).await?;
    let first = stream::iter([Ok(BodyPart { bytes, cost: 0 })]);
    let body = streamed(work, first.chain(archive.rest()))?;
    let told = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"export.zip\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((told, body).into_response())
}

/// An archive that is being made.
struct Archive {
    user: UserId,
    made_ms: i64,
    names: Vec<&'static str>,
    left: VecDeque<Arc<dyn Piece>>,
    piece: Option<BoxStream<'static, Result<Next, Problem>>>,
    /// None once it is whole.
    zip: Option<Zip>,
}

impl Archive {
    fn new(exporting: &Exporting, user: UserId) -> Self {
        Self {
            user,
            made_ms: exporting.clock.now().wall.0,
            names: exporting.pieces.iter().map(|piece| piece.name()).collect(),
            left: exporting.pieces.iter().cloned().collect(),
            piece: None,
            zip: Some(Zip::default()),
        }
    }

    async fn next(&mut self) -> Result<Option<BodyPart>, Problem> {
        if self.zip.is_none() {
            return Ok(None);
        }
        if self.piece.is_none() {
            self.piece = self.left.pop_front().map(|piece| piece.read(&self.user));
        }
        let Some(piece) = &mut self.piece else { return self.finish().map(Some) };
        let next = piece.next().await.transpose()?;
        if next.is_none() {
            self.piece = None;
        }
        let mut made = BodyPart::default();
        if let (Some(next), Some(zip)) = (next, &mut self.zip) {
            add(zip, next, &mut made).map_err(too_large)?;
        }
        Ok(Some(made))
    }

    /// The last file, and the list of all.
    fn finish(&mut self) -> Result<BodyPart, Problem> {
        let about =
            json!({ "user": self.user.as_str(), "made_ms": self.made_ms, "parts": self.names });
        let mut made = BodyPart::default();
        if let Some(mut zip) = self.zip.take() {
            for next in file("export.json", &about, 0) {
                add(&mut zip, next, &mut made).map_err(too_large)?;
            }
            zip.finish(&mut made.bytes).map_err(too_large)?;
        }
        Ok(made)
    }

    fn rest(self) -> impl Stream<Item = Result<BodyPart, Problem>> + Send + 'static {
        stream::try_unfold(self, |mut archive| async move {
            let part = archive.next().await?;
            Ok(part.map(|part| (part, archive)))
        })
    }
}

fn add(zip: &mut Zip, next: Next, made: &mut BodyPart) -> Result<(), TooLarge> {
    match next {
        Next::File(name) => zip.begin(&name, &mut made.bytes),
        Next::Content(part) => {
            made.cost += part.cost + part.bytes.len() as u64 / COMPRESSED_A_UNIT;
            zip.write(&part.bytes, &mut made.bytes)
        }
    }
}

fn too_large(error: TooLarge) -> Problem {
    Problem::failure(model::ErrorKind::Internal, "the archive", error)
}
