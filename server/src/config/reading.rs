//! From a file and the environment to settings, with all that is wrong at once.

mod environment;
mod judging;
mod values;

use std::ffi::OsString;
use std::path::Path;

use model::{Faults, SettingFault};
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
    /// Lists of which some entries can't be understood, with the places of the others.
    shortened: Vec<(String, Vec<usize>)>,
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
        let Judge { mut faults, about, shortened } = judge;
        let config = Config::deserialize(Value::Table(table)).unwrap_or_else(|error| {
            faults.add(error.message());
            Config::default()
        });
        Self { config, faults, about, shortened, variables }
    }

    /// The settings, if all that is said of them works.
    pub(crate) fn checked(self) -> Result<Config, Faults> {
        let contradictions = self.contradictions();
        let Self { config, mut faults, .. } = self;
        faults.extend(contradictions);
        faults.result().map(|()| config)
    }

    /// What can't work of what can be understood. What contradicts a setting that couldn't be may not be wrong at all.
    pub(crate) fn contradictions(&self) -> Faults {
        let mut faults = Faults::default();
        if let Err(all) = self.config.validate() {
            let in_place = all.into_iter().map(|fault| {
                self.shortened
                    .iter()
                    .fold(fault, |fault, (list, places)| fault.counted(list, places))
            });
            faults.extend(in_place.filter(|fault| !self.doubts(fault)));
        }
        faults
    }

    fn doubts(&self, fault: &SettingFault) -> bool {
        let words = fault.to_string();
        let is_of_a_list = |(list, _): &(String, _)| names(&words, |word| word == list);
        let is_of_a_setting = |setting: &String| {
            names(&words, |word| {
                let behind = word.strip_prefix(setting.as_str());
                behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['.', '[']))
            })
        };
        self.about.iter().any(is_of_a_setting) || self.shortened.iter().any(is_of_a_list)
    }
}

/// Whether a fault names such a setting.
fn names(fault: &str, is_it: impl Fn(&str) -> bool) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "_.[]".contains(c);
    fault.split(|c| !is_of_a_name(c)).any(is_it)
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
    let (read, errors) = toml::de::DeTable::parse_recoverable(&text);
    for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
        let at = error.span().map_or(1, |span| line(&text, span.start));
        faults.add(format!("{shown}, line {at}: {}", error.message()));
    }
    faults.result()?;
    let table = values::table(read.get_ref());
    Ok((text, table))
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
