use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// From which level on something is logged.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// What of ours logs, and what all of it is built of.
const OURS: [&str; 13] = [
    "api",
    "directory",
    "history_writer",
    "leaderboard",
    "model",
    "proximity",
    "redis_connection",
    "segment_log",
    "server",
    "shard_map",
    "simulation",
    "sql",
    "ws_gateway",
];
/// Others that log and whose names are near to ours.
const OTHERS: [&str; 4] = ["sqlx", "redis", "tower", "hyper"];
/// By how many letters a name may differ from the one that is meant.
const TYPO_LETTERS_MAX: usize = 2;

/// What is logged, to standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// From which level on, by part: `info`, `warn,ws_gateway=debug`, …
    pub filter: String,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl Log {
    /// What is logged, if that can be understood. The library would take what it doesn't know for a name, and log nothing else.
    pub(crate) fn parsed_filter(&self) -> Result<EnvFilter, String> {
        let parts: Vec<_> =
            self.filter.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
        let wrong: Vec<_> = parts.iter().filter_map(|part| fault(part)).collect();
        if !wrong.is_empty() {
            return Err(format!("log.filter: {}", wrong.join("; ")));
        }
        if parts.is_empty() {
            return Err("log.filter must name a level, such as info; off logs nothing".to_owned());
        }
        EnvFilter::try_new(parts.join(","))
            .map_err(|_| format!("log.filter {:?} can't be used: {EXAMPLES}", self.filter))
    }

    /// What a command says that ends by itself and tells how it goes: warnings, unless the settings ask for something.
    #[must_use]
    pub fn of_command(self) -> Self {
        if self == Self::default() { Self { filter: "warn".to_owned(), ..self } } else { self }
    }
}

const EXAMPLES: &str =
    "write a level, or a part and its level, as in info or warn,ws_gateway=debug";

/// What is wrong with a part of a filter.
fn fault(part: &str) -> Option<String> {
    let (name, level) = match part.split_once('=') {
        Some((name, level)) => (Some(name.trim()), level.trim()),
        None => (None, part),
    };
    if !LEVELS.iter().any(|it| it.eq_ignore_ascii_case(level)) {
        let is_name =
            name.is_none() && OURS.contains(&level.split("::").next().unwrap_or_default());
        return Some(if is_name {
            format!("{level} needs a level, as in {level}=debug")
        } else {
            let meant = near(&level.to_ascii_lowercase(), &LEVELS);
            let meant =
                meant.map_or_else(|| EXAMPLES.to_owned(), |meant| format!("{meant} is meant?"));
            format!("{level:?} isn't a level: {meant}")
        });
    }
    let name = name?;
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
    };
    if !name.split("::").all(is_word) {
        return Some(format!("{name:?} isn't the name of a part: {EXAMPLES}"));
    }
    let library = name.split("::").next().unwrap_or_default();
    if OURS.contains(&library) || OTHERS.contains(&library) {
        return None;
    }
    near(library, &OURS).map(|meant| format!("nothing is called {library}: {meant} is meant?"))
}

/// The word that somebody meant who wrote another one.
fn near<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let (letters, nearest) = words.iter().map(|it| (strsim::osa_distance(word, it), *it)).min()?;
    // Of a short word two letters are another one.
    (letters <= TYPO_LETTERS_MAX.min(nearest.len() / 2)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(filter: &str) -> Result<String, String> {
        let log = Log { filter: filter.to_owned(), ..Log::default() };
        log.parsed_filter().map(|it| it.to_string())
    }

    #[test]
    fn levels_and_parts_are_taken() {
        for filter in [
            "info",
            "WARN",
            "off",
            "info,",
            " warn , ws_gateway=debug ,, ",
            "error,ws_gateway::transport=trace,sqlx=info,hyper_util=debug,rustls=off,scylla=warn",
        ] {
            assert!(parsed(filter).is_ok(), "{filter}: {:?}", parsed(filter));
        }
    }

    #[test]
    fn what_would_silence_the_log_is_refused_with_what_is_meant() {
        for (filter, said) in [
            ("", "must name a level"),
            (" , ", "must name a level"),
            ("wran", "\"wran\" isn't a level: warn is meant?"),
            ("information", "isn't a level"),
            ("info warn", "\"info warn\" isn't a level"),
            ("info;warn", "isn't a level"),
            ("garbage words here", "isn't a level"),
            ("ws_gatway=debug", "nothing is called ws_gatway: ws_gateway is meant?"),
            ("info,ws-gateway=debug", "\"ws-gateway\" isn't the name of a part"),
            ("ws_gateway", "ws_gateway needs a level, as in ws_gateway=debug"),
            ("hyper", "\"hyper\" isn't a level"),
            ("ws_gateway=debg", "\"debg\" isn't a level: debug is meant?"),
            ("ws_gateway=", "\"\" isn't a level"),
            ("=,=", "isn't a level"),
            ("=debug", "isn't the name of a part"),
            ("a=b=info", "isn't a level"),
            ("[span]=info", "isn't the name of a part"),
            ("ws_gateway::=info", "isn't the name of a part"),
            ("info,wran,ws_gatway=debug", "warn is meant?; nothing is called ws_gatway"),
        ] {
            let why = parsed(filter).expect_err(filter);
            assert!(why.starts_with("log.filter") && why.contains(said), "{filter}: {why}");
            assert!(!why.contains("parsing"), "{why}");
        }
    }

    #[test]
    fn every_crate_of_ours_can_be_named() {
        let workspace = include_str!("../../../Cargo.toml");
        let members = workspace.lines().find(|line| line.starts_with("members")).expect("members");
        for name in
            members.split('"').skip(1).step_by(2).filter(|it| !["bench", "e2e"].contains(it))
        {
            assert!(OURS.contains(&name.replace('-', "_").as_str()), "{name}");
        }
    }
}
