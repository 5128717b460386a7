use api::export::{Next, Piece, lines, listed};
use api::{Problem, Work};
use futures_util::stream::BoxStream;
use model::{Caller, Role, Timestamp, UserId};

use super::body::BusinessBody;
use crate::core::cost::BUSINESS;
use crate::{BusinessId, Proximity};

/// Businesses that are read at a time.
const PAGE: usize = 100;

/// What is held about a person here: the businesses that are theirs.
impl Piece for Proximity {
    fn name(&self) -> &'static str {
        "businesses"
    }

    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>> {
        // As the owner sees them.
        let owner = Caller { user: user.clone(), role: Role::User, expires: Timestamp(i64::MAX) };
        let proximity = self.clone();
        let read = move |after: Option<BusinessId>| {
            let (proximity, owner) = (proximity.clone(), owner.clone());
            let page = async move {
                // Whoever asked is charged for the part.
                let mut work = Work::unlimited();
                let found = proximity.owned(&owner.user, after, PAGE, None, &mut work).await?;
                let next = found.last().filter(|_| found.len() == PAGE).map(|last| last.id);
                let bodies = found.iter().map(|it| BusinessBody::for_caller(it, &owner));
                Ok((lines(bodies, BUSINESS * (1 + found.len() as u64)), next))
            };
            Box::pin(page) as _
        };
        listed("businesses/owned.ndjson", Box::new(read))
    }
}
