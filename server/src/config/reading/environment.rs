use std::ffi::OsString;

use toml::de::DeTable;
use toml::{Table, Value};

use super::super::schema::{self, Kind, Step};
use super::judging::{Judge, near, setting};
use super::{put, values};

/// What the names of variables begin with that are settings, and what stands for the dot.
///
/// Two underscores, since Kubernetes gives every container `WHEREABOUTS_PORT` and more when a service there has our name.
pub(super) const PREFIX: &str = "WHEREABOUTS__";
const DOT: &str = "__";
/// What begins the names of variables that might have been meant as settings.
const NEAR_PREFIX: &str = "WHEREABOUTS_";

/// Puts what variables say over what is in the table. Answers how many say something.
pub(super) fn apply(
    environment: impl Iterator<Item = (OsString, OsString)>,
    judge: &mut Judge,
    table: &mut Table,
) -> usize {
    let mut variables: Vec<_> = environment
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.to_uppercase().starts_with(NEAR_PREFIX))
        .collect();
    // So that what is told doesn't depend on the shell.
    variables.sort();
    let mut applied = 0;
    for (name, value) in variables {
        let Some(path) = path(&name) else {
            if let Some(meant) = meant(&name) {
                judge.faults.add(format!("{name} isn't read: {} is meant?", variable(&meant)));
            }
            continue;
        };
        // As if it weren't there: what starts containers gives empty variables where it has nothing.
        if value.is_empty() {
            continue;
        }
        match value.into_string().map_err(|_| "isn't text (UTF-8)".to_owned()) {
            Ok(value) => match read(&path, &value) {
                Ok(value) => {
                    put(table, &path, value);
                    applied += 1;
                }
                Err(why) => judge.add(&path, format!("{name}: {why}")),
            },
            Err(why) => judge.add(&path, format!("{name} {why}")),
        }
    }
    applied
}

/// The setting that a variable of this name is for.
fn path(name: &str) -> Option<Vec<Step>> {
    let path = name.strip_prefix(PREFIX)?.split(DOT);
    Some(path.map(|step| Step::Name(step.to_lowercase())).collect())
}

/// The variable of a setting.
fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.replace('.', DOT).to_uppercase())
}

/// The setting that somebody thought of who wrote a name like this; others' variables resemble none.
fn meant(name: &str) -> Option<String> {
    let letters = |name: &str| name.to_uppercase().replace(['_', '.'], "");
    let written = letters(name.get(NEAR_PREFIX.len()..)?);
    let all = schema::all();
    let exactly = all.iter().find(|setting| letters(setting) == written);
    exactly
        .or_else(|| {
            all.iter()
                .find(|it| strsim::osa_distance(&letters(it), &written) <= 2 && written.len() > 8)
        })
        .cloned()
}

/// The value of a setting, as a variable says it.
fn read(path: &[Step], text: &str) -> Result<Value, String> {
    let shown = schema::shown(path);
    let kind = match schema::kind(path) {
        Some(Kind::Section(names)) => {
            let first = names.first().copied().unwrap_or_default();
            let example = variable(&format!("{shown}.{first}"));
            return Err(format!(
                "{shown} is a section; its settings are given one by one, as {example}"
            ));
        }
        Some(kind) => kind,
        None => {
            let meant = near(path).map(|it| format!(": {} is meant?", variable(&it)));
            return Err(format!("{shown} isn't a setting{}", meant.unwrap_or_default()));
        }
    };
    let candidates = candidates(kind, text);
    // What was read first is what was meant, so it says what is wrong.
    let mut first_fault = None;
    for value in candidates {
        match setting(path, &value) {
            Ok(()) => return Ok(value),
            Err(wrong) => {
                let wrong: Vec<_> = wrong.into_iter().map(|(_, why)| why).collect();
                first_fault.get_or_insert_with(|| wrong.join("; "));
            }
        }
    }
    Err(first_fault.unwrap_or_else(|| format!("{shown} must be {kind}")))
}

/// What a text may mean, the likeliest first: a value of TOML or of JSON, the text itself, words by commas.
fn candidates(kind: Kind, text: &str) -> Vec<Value> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let toml = format!("value = {text}");
    let toml = DeTable::parse(&toml).ok().map(|read| values::table(read.get_ref()));
    let toml = toml.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    let json = || values::of_json(&serde_json::from_str(text).ok()?);
    let mut found: Vec<_> = toml.or_else(json).into_iter().collect();
    match kind {
        Kind::List if !text.starts_with(['[', '{']) => {
            let words = text.split(',').map(|word| Value::String(word.trim().to_owned()));
            found.push(Value::Array(words.collect()));
        }
        Kind::Text | Kind::Word(_) => found.push(Value::String(text.to_owned())),
        _ => {}
    }
    found
}
