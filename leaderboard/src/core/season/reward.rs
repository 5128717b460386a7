use std::sync::Arc;

use crate::core::limits::{REWARD_BYTES_MAX, REWARDS_MAX};

/// Hundredths of a percent that make all.
const ALL: u16 = 10_000;

/// What some players of a season get: the deployment's own words, which a service reads once the season is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reward {
    /// Who.
    pub to: Rewarded,
    /// What, as JSON of up to [`REWARD_BYTES_MAX`] bytes.
    pub data: Arc<str>,
}

/// Who gets a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewarded {
    /// Those of these ranks, both ends included, from 1.
    Ranks {
        /// The best.
        from: u64,
        /// The worst, not above the best.
        to: u64,
    },
    /// The best of all players: of those who aren't among them none has a better score, and equal ones are in it together. A
    /// share that isn't a whole number of players is rounded up.
    Top {
        /// Their share in hundredths of a percent, 1 to 10,000.
        percent_hundredths: u16,
    },
}

/// Why there are no such rewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RewardError {
    /// Too many, or too much.
    #[error("are more than {REWARDS_MAX}, or have data of more than {REWARD_BYTES_MAX} bytes")]
    TooMany,
    /// Ranks that can't be.
    #[error("have ranks that aren't from 1 on, or end before they begin")]
    Ranks,
    /// A share that can't be.
    #[error("have a percent that isn't above 0 and up to 100, with two decimals at most")]
    Percent,
}

impl Reward {
    /// Errs if any of these can't be.
    pub fn check(rewards: &[Self]) -> Result<(), RewardError> {
        if rewards.len() > REWARDS_MAX {
            return Err(RewardError::TooMany);
        }
        rewards.iter().try_for_each(|it| match it.to {
            _ if it.data.len() > REWARD_BYTES_MAX => Err(RewardError::TooMany),
            Rewarded::Ranks { from, to } if from == 0 || to < from => Err(RewardError::Ranks),
            Rewarded::Top { percent_hundredths } if !(1..=ALL).contains(&percent_hundredths) => {
                Err(RewardError::Percent)
            }
            Rewarded::Ranks { .. } | Rewarded::Top { .. } => Ok(()),
        })
    }
}

impl Rewarded {
    /// Whether somebody of this rank gets it, of `count` players of whom so many have a better score.
    pub fn has(self, rank: u64, better: u64, count: u64) -> bool {
        match self {
            Self::Ranks { from, to } => (from..=to).contains(&rank),
            Self::Top { .. } => !self.ends_before(rank, better, count),
        }
    }

    /// Whether nobody of this rank gets it, nor anybody behind them.
    pub fn ends_before(self, rank: u64, better: u64, count: u64) -> bool {
        match self {
            Self::Ranks { to, .. } => rank > to,
            Self::Top { percent_hundredths } => {
                let share = u128::from(percent_hundredths) * u128::from(count);
                u128::from(better) * u128::from(ALL) >= share
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(percent_hundredths: u16) -> Rewarded {
        Rewarded::Top { percent_hundredths }
    }

    #[test]
    fn ranks_are_those_that_the_board_counts() {
        let second_to_fourth = Rewarded::Ranks { from: 2, to: 4 };
        let has = |rank| second_to_fourth.has(rank, rank - 1, 100);
        assert_eq!([1, 2, 4, 5].map(has), [false, true, true, false]);
        let ends = |rank| second_to_fourth.ends_before(rank, rank - 1, 100);
        assert_eq!([1, 2, 4, 5].map(ends), [false, false, false, true]);
    }

    #[test]
    fn a_share_of_players_is_rounded_up_and_equals_are_in_it_together() {
        let has = |percent_hundredths, better, count| {
            top(percent_hundredths).has(better + 1, better, count)
        };
        assert!(has(1_000, 0, 10) && !has(1_000, 1, 10), "one of ten");
        assert!(has(1_000, 1, 11) && !has(1_000, 2, 11), "two of eleven");
        assert!(has(1, 0, 1) && has(1, 0, 1_000_000) && !has(1, 100, 1_000_000));
        assert!(has(10_000, 9, 10), "all");
        // Three share the first place, and one in ten is rewarded.
        assert!((0..3).all(|_| has(1_000, 0, 10)) && !has(1_000, 3, 10));
        assert!(has(10_000, u64::MAX - 1, u64::MAX), "without an overflow");
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let reward = |to, bytes| Reward { to, data: "x".repeat(bytes).into() };
        let check = |to, bytes| Reward::check(&[reward(to, bytes)]);
        assert_eq!(check(Rewarded::Ranks { from: 1, to: 1 }, REWARD_BYTES_MAX), Ok(()));
        assert_eq!(check(Rewarded::Ranks { from: 0, to: 1 }, 1), Err(RewardError::Ranks));
        assert_eq!(check(Rewarded::Ranks { from: 2, to: 1 }, 1), Err(RewardError::Ranks));
        assert_eq!(check(top(0), 1), Err(RewardError::Percent));
        assert_eq!(check(top(10_001), 1), Err(RewardError::Percent));
        assert_eq!(check(top(10_000), REWARD_BYTES_MAX + 1), Err(RewardError::TooMany));
        let many = vec![reward(top(1), 1); REWARDS_MAX + 1];
        assert_eq!(Reward::check(&many[1..]), Ok(()));
        assert_eq!(Reward::check(&many), Err(RewardError::TooMany));
    }
}
