use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use api::{Jwks, KeySource as _};
use futures_util::future::join_all;
use model::{Clock as _, Faults, SystemClock};

use super::{Done, columns, read};
use crate::cli::args::{CheckConfigArgs, Sources};
use crate::cli::say;
use crate::config::reading::Read;
use crate::config::{Auth, Config, ForeignIssuer, TlsFiles};
use crate::{Keys, logs, node, parts};

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
    let read = read(&args.sources);
    let from = from(&args.sources, &read);
    // What can be understood is looked at, whatever else can't.
    let Read { config, faults: written, .. } = &read;
    let contradictions = read.contradictions();
    let mut checks = Vec::new();
    if written.is_empty() {
        checks.push(Check::new("settings", Ok(from)));
    }
    if written.is_empty() && contradictions.is_empty() {
        checks.push(Check::new("values", Ok("all within their limits".to_owned())));
    }
    checks.extend(written.iter().map(|fault| Check::new("settings", Err(fault.to_string()))));
    checks.extend(contradictions.iter().map(|fault| {
        let what = if fault.is_of("log") { "log" } else { "values" };
        Check::new(what, Err(fault.to_string()))
    }));
    if config.log.parsed_filter().is_ok() {
        let log = logs::start(&config.log.clone().of_command());
        checks.push(Check::new("log", log.map(|()| config.log.filter.clone())));
    }
    checks.extend(keys(config));
    if config.http.tls != TlsFiles::default() {
        checks.extend(certificate(config));
    }
    checks.extend(data_folder(config));
    let addresses =
        [("http.listen", config.http.listen), ("operations.listen", config.operations.listen)];
    checks.extend(addresses.map(|(name, it)| Check::new("address", address(name, it))));
    let own = parts::served(config).flat_map(|part| part.own_checks(config));
    checks.extend(own.map(|(what, outcome)| Check::new(what, outcome)));
    if !written.iter().chain(&contradictions).any(|fault| fault.is_of("redis")) {
        let placements = parts::ALL.iter().filter_map(|part| part.placement(config));
        checks.extend(placements.map(|outcome| Check::new("shard map", outcome)));
    }
    if !args.offline && checks.iter().all(|check| check.outcome.is_ok()) {
        checks.extend(servers(config).await);
        checks.extend(join_all(config.auth.issuers.iter().cloned().map(published)).await);
    }
    checks
}

impl Check {
    fn new(what: &str, outcome: Result<String, String>) -> Self {
        Self { what: what.to_owned(), outcome }
    }
}

/// Where the settings come from.
fn from(sources: &Sources, read: &Read) -> String {
    let file = sources.config.as_ref().map(|path| path.display().to_string());
    let variables = match read.variables {
        0 => String::new(),
        1 => ", and a variable".to_owned(),
        several => format!(", and {several} variables"),
    };
    file.unwrap_or_else(|| "the defaults; --config FILE names others".to_owned()) + &variables
}

/// Whether the keys can be read, all of them. A key of the node's own isn't made for that.
fn keys(config: &Config) -> Vec<Check> {
    const WHAT: &str = "token keys";
    let Auth { keys, issuer, issuers, .. } = &config.auth;
    if config.auth.has_configured_keys()
        && let Err(faults) = Keys::check(&config.auth)
    {
        return failed(WHAT, &faults);
    }
    let own = if !keys.is_empty() {
        format!("{} of the issuer {issuer}", keys.len())
    } else if config.has_own_key() && config.backends.are_shared() && issuers.is_empty() {
        "the node's own: set auth.keys before there is a second gateway, which would refuse its tokens"
            .to_owned()
    } else if config.has_own_key() {
        "the node's own".to_owned()
    } else {
        "none of ours".to_owned()
    };
    let all = issuers.iter().fold(own, |all, issuer| format!("{all}; those of {}", issuer.issuer));
    vec![Check::new(WHAT, Ok(all))]
}

/// Whether the certificate can be shown to clients, now.
fn certificate(config: &Config) -> Vec<Check> {
    const WHAT: &str = "TLS";
    let now = SystemClock::start().now().wall;
    match node::tls(config).map(|tls| tls.and_then(|tls| tls.fault(now))) {
        Ok(None) => vec![Check::new(WHAT, Ok("certificate and key belong together".to_owned()))],
        Ok(Some(why)) => vec![Check::new(WHAT, Err(format!("http.tls: {why}")))],
        Err(faults) => failed(WHAT, &faults),
    }
}

/// A row for each fault.
fn failed(what: &str, faults: &Faults) -> Vec<Check> {
    faults.iter().map(|fault| Check::new(what, Err(fault.to_string()))).collect()
}

/// Asks an issuer for its keys.
async fn published(issuer: ForeignIssuer) -> Check {
    let what = format!("issuer {}", issuer.issuer);
    let outcome = match Keys::published(&issuer) {
        Ok(Some(source)) => match source.fetch().await {
            Ok(answer) => match api::jwks(&answer) {
                Ok(Jwks { keys, passed_over }) => {
                    let others = match passed_over {
                        0 => String::new(),
                        _ => format!(", and {passed_over} that no token is verified with"),
                    };
                    Ok(format!("{} keys at {}{others}", keys.len(), source.address()))
                }
                Err(why) => Err(format!("{}: {why}", source.address())),
            },
            Err(why) => Err(format!("{} {why}", source.address())),
        },
        Ok(None) => Ok("its keys are files".to_owned()),
        Err(why) => Err(why),
    };
    Check { what, outcome }
}

/// Whether it can be made or written to, and what is kept in it can be opened.
fn data_folder(config: &Config) -> Vec<Check> {
    const WHAT: &str = "data folder";
    if !config.needs_data_dir() {
        return vec![Check::new(WHAT, Ok("not needed".to_owned()))];
    }
    match node::check_data(config) {
        Ok(how) => vec![Check::new(WHAT, Ok(format!("{}{how}", config.data.dir.display())))],
        Err(faults) => failed(WHAT, &faults),
    }
}

/// Whether this machine lets us listen there. Where the service runs that is to be restarted is no fault.
fn address(name: &str, address: SocketAddr) -> Result<String, String> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(address.to_string()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Ok(format!("{address}, where something listens now"))
        }
        Err(error) => Err(format!("{name}: {address} can't be listened on: {error}")),
    }
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
