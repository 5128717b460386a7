/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Which run of which server it is: another one after it started again.
    pub run_id: String,
    /// By which policy it may throw keys away when it is full, if it may.
    pub evicts: Option<String>,
    /// Whether it is a node of a Redis Cluster.
    pub is_of_cluster: bool,
    /// The memory that its data and buffers take, bytes.
    pub memory_used_bytes: u64,
    /// The memory that it may take, bytes; 0 if it has no limit.
    pub memory_max_bytes: u64,
    /// How long nobody was answered while it last forked for a background save, microseconds.
    pub fork_us: u64,
    /// The memory that was copied while it last saved in the background, bytes: needed beside what is used.
    pub save_copied_bytes: u64,
}

impl Facts {
    /// Reads the answer to INFO.
    pub(crate) fn parse(info: &str) -> Self {
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let number = |name: &str| field(name).parse().unwrap_or(0);
        let policy = field("maxmemory_policy");
        let is_limited = field("maxmemory") != "0";
        Self {
            run_id: field("run_id"),
            evicts: (is_limited && policy != "noeviction").then_some(policy),
            is_of_cluster: field("redis_mode") == "cluster",
            memory_used_bytes: number("used_memory"),
            memory_max_bytes: number("maxmemory"),
            fork_us: number("latest_fork_usec"),
            save_copied_bytes: number("rdb_last_cow_size"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_what_a_server_says() {
        let info = "# Server\r\nredis_mode:standalone\r\nrun_id:ab12\r\nused_memory:1048576\r\n\
                    used_memory_rss:2\r\nmaxmemory:400\r\nmaxmemory_policy:allkeys-lru\r\n\
                    latest_fork_usec:317\r\nrdb_last_cow_size:4096\r\n";
        let facts = Facts {
            run_id: "ab12".to_owned(),
            evicts: Some("allkeys-lru".to_owned()),
            is_of_cluster: false,
            memory_used_bytes: 1_048_576,
            memory_max_bytes: 400,
            fork_us: 317,
            save_copied_bytes: 4_096,
        };
        assert_eq!(Facts::parse(info), facts);
        let unlimited = Facts::parse("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n");
        assert_eq!(unlimited.evicts, None, "what has no limit is never full");
    }
}
