use serde::{Deserialize, Serialize};
use ws_gateway::live::redis;

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
    /// In the database of `[postgres.directory]`.
    Postgres,
}

/// Where businesses are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BusinessesBackend {
    /// In a file of the data folder.
    #[default]
    Embedded,
    /// In the databases of `[postgres.businesses]`.
    Postgres,
}

/// The databases of each part that has one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// Where `backends.directory` says so.
    pub directory: directory::postgres::Config,
    /// Where `backends.businesses` says so.
    pub businesses: proximity::postgres::Config,
}

impl Backends {
    /// Whether several processes can work with the same live positions and directory.
    pub fn are_shared(self) -> bool {
        self.live != LiveBackend::Embedded && self.directory != DirectoryBackend::Embedded
    }

    /// Says which settings of the chosen backends can't work, and what would. Nothing is reached.
    pub(crate) fn validate(self, redis: &redis::Config, postgres: &Postgres) -> Result<(), String> {
        if self.live == LiveBackend::Redis {
            redis.validate().map_err(|rule| format!("redis.{rule}"))?;
        }
        if self.directory == DirectoryBackend::Postgres {
            postgres.directory.validate().map_err(|rule| format!("postgres.directory.{rule}"))?;
        }
        if self.businesses == BusinessesBackend::Postgres {
            postgres.businesses.validate().map_err(|rule| format!("postgres.businesses.{rule}"))?;
        }
        Ok(())
    }
}
