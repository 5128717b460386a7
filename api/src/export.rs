//! What a person is given of all that is held about them: each part hands in its piece, the server makes one archive of them.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use model::UserId;
use serde::Serialize;

use crate::{BodyPart, Problem};

/// The most bytes of one [`BodyPart`] of a piece: so much is in memory for each archive that is being made.
pub const PART_BYTES_MAX: usize = 1024 * 1024;

/// What comes next of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A file begins, of this name; `/` divides folders. Within one archive each name is used once.
    File(String),
    /// More of the file that began last, up to [`PART_BYTES_MAX`].
    Content(BodyPart),
}

/// What a part holds about a person.
///
/// **Order.** A file's name comes before its content.
///
/// **On an error.** The archive breaks off, so that nobody takes it for all there is: what can't be read now is an error, and never an
/// absent file.
pub trait Piece: Send + Sync {
    /// What the archive calls it: the folder or file that it begins with, in lower case.
    fn name(&self) -> &'static str;

    /// All that is held about the user. It is asked on as the client takes what came before; nothing is held that must not wait for
    /// minutes, such as a lock or a connection.
    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>>;
}

/// A whole file of JSON, which is small.
pub fn file(name: impl Into<String>, content: &impl Serialize, cost: u64) -> [Next; 2] {
    let mut bytes = serde_json::to_vec_pretty(content).expect("text and numbers become JSON");
    bytes.push(b'\n');
    [Next::File(name.into()), Next::Content(BodyPart { bytes, cost })]
}

/// The same of what is read first.
pub fn file_of<T: Serialize>(
    name: impl Into<String>,
    content: impl Future<Output = Result<T, Problem>> + Send + 'static,
    cost: u64,
) -> BoxStream<'static, Result<Next, Problem>> {
    let name = name.into();
    let read = stream::once(async move { content.await.map(|content| file(name, &content, cost)) });
    read.map_ok(|file| stream::iter(file.map(Ok))).try_flatten().boxed()
}

/// More of a file that has a line of JSON for each of some items.
pub fn lines<T: Serialize>(items: impl IntoIterator<Item = T>, cost: u64) -> Next {
    let mut bytes = Vec::new();
    for item in items {
        serde_json::to_writer(&mut bytes, &item).expect("text and numbers become JSON");
        bytes.push(b'\n');
    }
    Next::Content(BodyPart { bytes, cost })
}

/// Reads the page behind a place in a list, the first one without: more of its file, and where the next one begins, if there is one.
pub type ReadPage<P> =
    Box<dyn Fn(Option<P>) -> BoxFuture<'static, Result<(Next, Option<P>), Problem>> + Send + Sync>;

/// A file that is read page by page.
pub fn listed<P: Send + 'static>(
    name: impl Into<String>,
    read: ReadPage<P>,
) -> BoxStream<'static, Result<Next, Problem>> {
    let begun = stream::iter([Ok(Next::File(name.into()))]);
    // Where the next page begins; none once there is none.
    let pages = stream::try_unfold((Some(None), read), |(after, read)| async move {
        let Some(after) = after else { return Ok(None) };
        let (part, next) = read(after).await?;
        Ok(Some((part, (next.map(Some), read))))
    });
    begun.chain(pages).boxed()
}
