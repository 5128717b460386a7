use std::path::Path;
use std::process::ExitCode;

use super::{Done, columns};
use crate::cli::args::{CheckConfigArgs, Sources};
use crate::cli::say;
use crate::config::Config;
use crate::{Keys, logs, parts};

/// One thing that was looked at: how it is, or what is wrong and what to do about it.
struct Check {
    what: String,
    outcome: Result<String, String>,
}

pub(crate) async fn check_config(args: &CheckConfigArgs) -> Done {
    let checks = all(args).await;
    let rows = checks.iter().map(|Check { what, outcome }| {
        let (mark, text) = match outcome {
            Ok(text) => ("✓", text),
            Err(text) => ("✗", text),
        };
        [mark.to_owned(), what.clone(), text.trim_end().to_owned()]
    });
    let table = columns::table(["", "what", "how it is"], 0..0, rows);
    say!("{}", table.trim_fmt());
    let failed = checks.iter().filter(|check| check.outcome.is_err()).count();
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say!("{failed} of {} checks failed.", checks.len());
    Ok(ExitCode::FAILURE)
}

async fn all(args: &CheckConfigArgs) -> Vec<Check> {
    let (config, from) = match read(&args.sources) {
        Ok(read) => read,
        Err(why) => return vec![Check::new("settings", Err(why))],
    };
    let values = config.validate().map(|()| "all within their limits".to_owned());
    let mut checks = vec![Check::new("settings", Ok(from)), Check::new("values", values)];
    if checks.iter().any(|check| check.outcome.is_err()) {
        return checks;
    }
    let log = logs::start(&config.log.clone().of_command());
    checks.push(Check::new("log", log.map(|()| config.log.filter.clone())));
    checks.push(Check::new("token keys", keys(&config)));
    checks.push(Check::new("data folder", Ok(data_folder(&config))));
    let placements: Vec<_> = parts::ALL.iter().filter_map(|part| part.placement(&config)).collect();
    let placed = placements.iter().all(Result::is_ok);
    let own = parts::served(&config).flat_map(|part| part.own_checks(&config));
    checks.extend(own.map(|(what, outcome)| Check::new(what, outcome)));
    checks.extend(placements.into_iter().map(|outcome| Check::new("shard map", outcome)));
    if !args.offline && placed {
        checks.extend(servers(&config).await);
    }
    checks
}

impl Check {
    fn new(what: &str, outcome: Result<String, String>) -> Self {
        Self { what: what.to_owned(), outcome }
    }
}

/// The settings as they were written.
fn read(sources: &Sources) -> Result<(Config, String), String> {
    let (mut config, from) = match &sources.config {
        Some(path) => (Config::read(path)?, path.display().to_string()),
        None => (Config::default(), "the defaults; --config FILE names others".to_owned()),
    };
    sources.apply(&mut config);
    Ok((config, from))
}

/// Whether the keys can be read. A key of the node's own isn't made for that.
fn keys(config: &Config) -> Result<String, String> {
    if config.auth.keys.is_empty() && config.backends.are_shared() {
        return Ok(
            "the node's own: set auth.keys before there is a second gateway, which would refuse its tokens"
                .to_owned(),
        );
    }
    if config.auth.keys.is_empty() {
        return Ok("the node's own".to_owned());
    }
    Keys::verifier(&config.auth, Path::new(""))?;
    Ok(format!("{} of the issuer {}", config.auth.keys.len(), config.auth.issuer))
}

fn data_folder(config: &Config) -> String {
    let dir = &config.data.dir;
    if !config.needs_data_dir() {
        return "not needed".to_owned();
    }
    let made = if dir.exists() { "" } else { ", made when the service starts" };
    format!("{}{made}", dir.display())
}

/// Reaches all servers at once.
async fn servers(config: &Config) -> Vec<Check> {
    let asked: Vec<_> = parts::served(config)
        .flat_map(|part| part.servers(config))
        .map(|server| (server.name, tokio::spawn(server.reached)))
        .collect();
    let mut checks = Vec::with_capacity(asked.len());
    for (what, reached) in asked {
        let outcome = reached.await.unwrap_or_else(|_| Err("the check has panicked".to_owned()));
        checks.push(Check { what, outcome });
    }
    checks
}
