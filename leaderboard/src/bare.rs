//! Standings without log and index around them, for measurements.

use model::UserId;

use crate::core::standings::Standings;
use crate::{Entry, Ranking, Standing, Wins};

/// The players of a board, in their order: what the embedded index ranks by.
#[derive(Debug)]
pub struct BareStandings(Standings);

impl BareStandings {
    /// Of nobody yet.
    pub fn new(wins: Wins, ranking: Ranking) -> Self {
        Self(Standings::new(wins, ranking))
    }

    /// A player has this from now on.
    pub fn put(&mut self, user: &UserId, entry: Entry) {
        self.0.put(user, entry, true);
    }

    /// Where a player stands.
    pub fn standing(&self, user: &UserId) -> Option<Standing> {
        self.0.standing(user)
    }

    /// A player with up to `each` neighbours above and below.
    pub fn around(&self, user: &UserId, each: usize) -> Vec<Standing> {
        self.0.around(user, each).map(|(_, _, standings)| standings).unwrap_or_default()
    }
}
