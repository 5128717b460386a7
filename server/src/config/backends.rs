use directory::postgres;
use serde::{Deserialize, Serialize};
use ws_gateway::redis;

/// Where state is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backends {
    /// Live positions, and the bus that carries them between gateways.
    pub live: LiveBackend,
    /// Users, friendships, blocks, settings.
    pub directory: DirectoryBackend,
    /// Businesses and where they are.
    pub businesses: BusinessesBackend,
}

/// Where live positions are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveBackend {
    /// In the memory of this process.
    #[default]
    Embedded,
    /// On the Redis servers of `[redis]`.
    Redis,
}

/// Where users and friendships are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DirectoryBackend {
    /// In a file of the data folder.
    #[default]
    Embedded,
    /// In the database of `[postgres]`.
    Postgres,
}

/// Where businesses are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BusinessesBackend {
    /// In a file of the data folder.
    #[default]
    Embedded,
}

impl Backends {
    /// Whether several processes can work with the same live positions and directory.
    pub fn are_shared(self) -> bool {
        self.live != LiveBackend::Embedded && self.directory != DirectoryBackend::Embedded
    }

    /// Whether something is kept in the data folder.
    pub(crate) fn need_data_dir(self) -> bool {
        self.directory == DirectoryBackend::Embedded
    }

    /// Says which settings of the chosen backends can't work, and what would. Nothing is reached.
    pub(crate) fn validate(
        self,
        redis: &redis::Config,
        postgres: &postgres::Config,
    ) -> Result<(), String> {
        if self.live == LiveBackend::Redis {
            redis.validate().map_err(|rule| format!("redis.{rule}"))?;
        }
        if self.directory == DirectoryBackend::Postgres {
            postgres.validate().map_err(|rule| format!("postgres.{rule}"))?;
        }
        Ok(())
    }
}
