//! From a file and the environment to settings, with all that is wrong at once.

mod environment;
mod judging;

use std::ffi::OsString;
use std::path::Path;

use model::Faults;
use serde::Deserialize as _;
use toml::{Table, Value};

use super::Config;
use super::schema::Step;
use judging::Judge;

/// The most errors of syntax that are told.
const SYNTAX_ERRORS_MAX: usize = 20;

/// Settings, and what is wrong with how they are written.
#[derive(Debug)]
pub(crate) struct Read {
    /// Those that can be understood, the rest as by default.
    pub(crate) config: Config,
    /// What can't be.
    pub(crate) faults: Faults,
    /// The settings that those are about: none of the names that aren't settings.
    about: Vec<String>,
    /// How many come from the environment.
    pub(crate) variables: usize,
}

impl Read {
    /// The defaults, over them what a TOML file says, and over that what the environment says.
    pub(crate) fn new(
        file: Option<&Path>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut judge = Judge::default();
        let mut table = Table::new();
        if let Some(path) = file {
            match parse(path) {
                Ok((text, written)) => judge.file(path, &text, written, &mut table),
                Err(faults) => judge.faults.check_all(Err(faults)),
            }
        }
        let variables = environment::apply(environment, &mut judge, &mut table);
        let Judge { mut faults, about } = judge;
        let config = Config::deserialize(Value::Table(table)).unwrap_or_else(|error| {
            faults.add(error.message());
            Config::default()
        });
        Self { config, faults, about, variables }
    }

    /// The settings, if all that is said of them works.
    pub(crate) fn checked(self) -> Result<Config, Faults> {
        let Self { config, mut faults, about, .. } = self;
        // What contradicts a setting that couldn't be understood may not be wrong at all.
        let is_of_its_own = |fault: &&str| !about.iter().any(|name| names(fault, name));
        if let Err(others) = config.validate() {
            others.iter().filter(is_of_its_own).for_each(|fault| faults.add(fault));
        }
        faults.result().map(|()| config)
    }
}

/// Whether a fault is about a setting or something in it.
fn names(fault: &str, setting: &str) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "_.[]".contains(c);
    let mut words = fault.split(|c| !is_of_a_name(c));
    words.any(|word| {
        let behind = word.strip_prefix(setting);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['.', '[']))
    })
}

/// The text of a file, and what it says.
fn parse(path: &Path) -> Result<(String, Table), Faults> {
    let mut faults = Faults::default();
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            faults.add(format!("can't read {shown}: {error}"));
            return Err(faults);
        }
    };
    let (_, errors) = toml::de::DeTable::parse_recoverable(&text);
    for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
        let at = error.span().map_or(1, |span| line(&text, span.start));
        faults.add(format!("{shown}, line {at}: {}", error.message()));
    }
    faults.result()?;
    let table = toml::from_str(&text);
    table.map(|table| (text, table)).map_err(|error| {
        let mut faults = Faults::default();
        faults.add(format!("{shown}: {}", error.message()));
        faults
    })
}

/// In which line a byte of a text stands.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Puts a value where it belongs, in place of what is there.
fn put(table: &mut Table, path: &[Step], value: Value) {
    match path {
        [Step::Name(name)] => {
            table.insert(name.clone(), value);
        }
        [Step::Name(name), rest @ ..] => {
            let section = table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                put(section, rest, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
