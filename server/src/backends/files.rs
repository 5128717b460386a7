use crate::config::{Backends, BusinessesBackend, Config, DirectoryBackend, LiveBackend};

/// Files of an embedded store: its file and its log for each of five connections, what they share, and one that is made anew.
const EMBEDDED_STORE: u64 = 16;
/// Connections to a Redis server: one for commands, one to hear on, and those that take their places.
const REDIS_SERVER: u64 = 4;
/// Connections to a database besides those of a setting: one that hears or looks, and one that takes its place.
const DATABASE: u64 = 2;

impl Backends {
    /// The most files that a process with these settings has open for its stores and servers at a time.
    pub(crate) fn files_max(self, config: &Config) -> u64 {
        let friends = if config.serves_friends() { self.files_of_friends(config) } else { 0 };
        friends + if config.serves_businesses() { self.files_of_businesses(config) } else { 0 }
    }

    fn files_of_friends(self, config: &Config) -> u64 {
        let live = match self.live {
            LiveBackend::Embedded => 0,
            LiveBackend::Redis => REDIS_SERVER * config.redis.shards.len() as u64,
        };
        live + match self.directory {
            DirectoryBackend::Embedded => EMBEDDED_STORE,
            DirectoryBackend::Postgres => {
                let directory = &config.postgres.directory;
                u64::from(directory.connections_max + directory.readers_max) + DATABASE
            }
        }
    }

    fn files_of_businesses(self, config: &Config) -> u64 {
        match self.businesses {
            BusinessesBackend::Embedded => EMBEDDED_STORE,
            BusinessesBackend::Postgres => {
                let databases = &config.postgres.businesses;
                let servers = 1 + databases.replicas.len() as u64;
                let to_each = u64::from(databases.readers_max) + DATABASE;
                u64::from(databases.writers_max) + servers * to_each
            }
        }
    }
}
