use std::path::Path;

use model::Faults;
use serde::Deserialize as _;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::super::Config;
use super::super::schema::{self, Kind, Step};
use super::{line, put};

/// How alike a name must be to be meant, of 1.
const LIKENESS_MIN: f64 = 0.85;
/// How much of a word is shown that isn't one of ours, characters.
const WORD_SHOWN_MAX: usize = 64;

/// Judges each setting by itself: no other can hide what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) faults: Faults,
    /// The settings that these are about: none of the names that aren't settings.
    pub(super) about: Vec<String>,
    /// Lists of which some entries are wrong, with the places of those that are right, which count.
    pub(super) shortened: Vec<(String, Vec<usize>)>,
}

impl Judge {
    /// Takes over what is right of a file.
    pub(super) fn file(&mut self, path: &Path, text: &str, written: Table, into: &mut Table) {
        let places = DeTable::parse(text).ok();
        let mut wrong = Vec::new();
        self.section(&mut Vec::new(), written, into, &mut wrong);
        for (steps, why) in wrong {
            let at = places.as_ref().and_then(|places| place(places.get_ref(), &steps));
            let at = at.map_or_else(String::new, |at| format!(", line {}", line(text, at)));
            self.add(&steps, format!("{}{at}: {why}", path.display()));
        }
    }

    fn section(
        &mut self,
        path: &mut Vec<Step>,
        written: Table,
        into: &mut Table,
        wrong: &mut Wrong,
    ) {
        for (name, value) in written {
            path.push(Step::Name(name));
            match (schema::kind(path), value) {
                (Some(Kind::Section(_)), Value::Table(table)) => {
                    self.section(path, table, into, wrong);
                }
                (_, value) => match setting(path, &value) {
                    Ok(()) => put(into, path, value),
                    Err(why) => {
                        if let Some((right, places)) = right_entries(path, value, &why) {
                            put(into, path, right);
                            self.shortened.push((schema::shown(path), places));
                        }
                        wrong.extend(why);
                    }
                },
            }
            path.pop();
        }
    }

    /// Adds a fault of a setting.
    pub(super) fn add(&mut self, path: &[Step], fault: String) {
        let section = path.split_last().map_or(&[][..], |(_, section)| section);
        self.faults.add_of(&schema::shown(section), fault);
        if schema::kind(path).is_some() {
            self.about.push(schema::shown(path));
        }
    }
}

type Wrong = Vec<(Vec<Step>, String)>;

/// Errs with all that is wrong with the value of one setting.
pub(super) fn setting(path: &[Step], value: &Value) -> Result<(), Wrong> {
    let shown = schema::shown(path);
    let Some(kind) = schema::kind(path) else {
        return Err(vec![(path.to_vec(), unknown(path))]);
    };
    if !fits(kind, value) {
        let why = range(path, kind, value).unwrap_or_else(|| misfit(&shown, kind, value));
        return Err(vec![(path.to_vec(), why)]);
    }
    if let Value::Array(entries) = value {
        let wrong: Wrong =
            entries.iter().enumerate().flat_map(|(n, value)| entry(path, n, value)).collect();
        return if wrong.is_empty() { Ok(()) } else { Err(wrong) };
    }
    alone(path, value).map_err(|why| vec![(path.to_vec(), format!("{shown}: {why}"))])
}

/// What is left of a list without the entries that are wrong, and where these stood.
fn right_entries(list: &[Step], value: Value, wrong: &Wrong) -> Option<(Value, Vec<usize>)> {
    let Value::Array(entries) = value else { return None };
    let place = |(path, _): &(Vec<Step>, String)| match path.get(list.len()) {
        Some(Step::Entry(place)) => Some(*place),
        _ => None,
    };
    let wrong: Vec<usize> = wrong.iter().map(place).collect::<Option<_>>()?;
    let right = entries.into_iter().enumerate().filter(|(place, _)| !wrong.contains(place));
    let (places, right): (Vec<_>, Vec<_>) = right.unzip();
    Some((Value::Array(right), places))
}

/// What is wrong with an entry of a list.
fn entry(list: &[Step], index: usize, value: &Value) -> Wrong {
    let mut path = list.to_vec();
    path.push(Step::Entry(index));
    let shown = schema::shown(&path);
    let kind = schema::kind(&path);
    if let Some(kind) = kind.filter(|kind| !fits(*kind, value)) {
        return vec![(path, misfit(&shown, kind, value))];
    }
    let mut wrong = Vec::new();
    if let (Some(Kind::Section(_)), Value::Table(fields)) = (kind, value) {
        for (name, value) in fields {
            let mut path = path.clone();
            path.push(Step::Name(name.clone()));
            let shown = schema::shown(&path);
            match schema::kind(&path) {
                None => wrong.push((path.clone(), unknown(&path))),
                Some(kind) if !fits(kind, value) => {
                    wrong.push((path, misfit(&shown, kind, value)));
                }
                Some(_) => {}
            }
        }
    }
    if wrong.is_empty()
        && let Err(why) = alone(list, &Value::Array(vec![value.clone()]))
    {
        wrong.push((path, format!("{shown}: {why}")));
    }
    wrong
}

/// Says what a value must be. A word is named, others may be secrets.
fn misfit(shown: &str, kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Word(_), Value::String(word)) => {
            let word: String = word.chars().take(WORD_SHOWN_MAX).collect();
            format!("{shown} must be {kind}, not {word:?}")
        }
        _ => format!("{shown} must be {kind}"),
    }
}

/// What a whole number must be that its type can't hold, where that is less than what the type can.
fn range(path: &[Step], kind: Kind, value: &Value) -> Option<String> {
    let Kind::Whole(least, most) = kind else { return None };
    let is_beyond = |number: f64| number >= i64::MAX as f64;
    let is_too_large = value.as_float().is_some_and(is_beyond);
    if !is_too_large && !value.is_integer() && !value.as_float().is_some_and(|it| is_beyond(-it)) {
        return None;
    }
    let shown = schema::shown(path);
    let rule = format!("{shown} must be from ");
    let refused: Vec<_> = [least, most]
        .into_iter()
        .filter_map(|end| {
            let mut table = Table::new();
            put(&mut table, path, Value::Integer(i64::try_from(end).ok()?));
            Config::deserialize(Value::Table(table)).ok()?.validate().err()
        })
        .flat_map(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())
        .collect();
    let is_of_it = |fault: &&String| fault.starts_with(&shown);
    let found = refused.iter().find(|fault| fault.starts_with(&rule));
    let found = found.or_else(|| refused.iter().find(is_of_it)).cloned();
    found.or_else(|| is_too_large.then(|| format!("{shown} must be a smaller whole number")))
}

/// Whether the value is of this kind.
fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Whole(least, most), Value::Integer(number)) => {
            (least..=most).contains(&i128::from(*number))
        }
        (Kind::Word(words), Value::String(word)) => words.contains(&word.as_str()),
        (Kind::Switch, Value::Boolean(_))
        | (Kind::Text, Value::String(_))
        | (Kind::List, Value::Array(_))
        | (Kind::Table | Kind::Section(_), Value::Table(_))
        | (Kind::Own, _) => true,
        _ => false,
    }
}

/// Why the settings can't have this value, beside which nothing is set.
fn alone(path: &[Step], value: &Value) -> Result<(), String> {
    let mut table = Table::new();
    put(&mut table, path, value.clone());
    let judged = Config::deserialize(Value::Table(table));
    judged.map(drop).map_err(|error| in_our_words(error.message()))
}

/// What is wrong, without words of the language that this is written in.
fn in_our_words(why: &str) -> String {
    let quoted = |text: &str| text.split('`').nth(1).map(ToOwned::to_owned);
    match why.split_once(' ') {
        Some(("missing", _)) => {
            quoted(why).map_or_else(|| why.to_owned(), |name| format!("{name} is missing"))
        }
        Some(("unknown", rest)) => rest
            .replace('`', "\"")
            .replacen("variant ", "has the unknown word ", 1)
            .replacen("field ", "has the unknown name ", 1),
        Some(("invalid", rest)) if rest.starts_with("type") => {
            "has a value of another kind".to_owned()
        }
        Some(("invalid", rest)) if rest.starts_with("value: integer") => {
            "has a number that is too large, or less than 0".to_owned()
        }
        _ => why.to_owned(),
    }
}

/// Of a section with more settings it isn't told which there are: it would be no help.
const NAMES_TOLD_MAX: usize = 12;

/// What to do about a name that isn't one.
fn unknown(path: &[Step]) -> String {
    let shown = schema::shown(path);
    if let Some(name) = near(path) {
        return format!("{shown} isn't a setting: {name} is meant?");
    }
    match path.split_last().and_then(|(_, section)| schema::kind(section)) {
        Some(Kind::Section(names)) if path.len() > 1 => {
            if names.len() > NAMES_TOLD_MAX {
                return format!("{shown} isn't a setting; `dump-config` lists those that are");
            }
            format!("{shown} isn't a setting; there are {}", names.join(", "))
        }
        _ => format!("{shown} isn't a setting"),
    }
}

/// The setting with the most similar name: in the same section, else the same name in another one, else any if there is no such
/// section.
pub(super) fn near(path: &[Step]) -> Option<String> {
    let (Step::Name(word), section) = path.split_last()? else { return None };
    let known = schema::kind(section);
    let is_section = matches!(known, Some(Kind::Section(_)));
    if let Some(Kind::Section(names)) = known {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        if let Some(name) = likeliest(word, names) {
            let mut path = section.to_vec();
            path.push(Step::Name(name));
            return Some(schema::shown(&path));
        }
    }
    // What an entry of a list has is nowhere else.
    if section.iter().any(|step| matches!(step, Step::Entry(_))) {
        return None;
    }
    let all = schema::all();
    let moved = all.iter().find(|name| name.rsplit('.').next() == Some(word));
    if let Some(moved) = moved {
        return Some(moved.clone());
    }
    // Of names in one section all begin alike.
    if is_section { None } else { likeliest(&schema::shown(path), all) }
}

fn likeliest(word: &str, names: Vec<String>) -> Option<String> {
    let rated = names.into_iter().map(|name| (strsim::jaro_winkler(word, &name), name));
    let (likeness, name) = rated.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness >= LIKENESS_MIN).then_some(name)
}

/// Where in the text a setting stands: its name, or what contains it.
fn place(table: &DeTable<'_>, path: &[Step]) -> Option<usize> {
    let (Step::Name(name), rest) = path.split_first()? else { return None };
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name.as_str())?;
    inside(value, rest).or_else(|| Some(key.span().start))
}

fn inside(value: &Spanned<DeValue<'_>>, path: &[Step]) -> Option<usize> {
    match (value.get_ref(), path.split_first()?) {
        (DeValue::Table(table), _) => place(table, path),
        (DeValue::Array(entries), (Step::Entry(index), rest)) => {
            let entry = entries.get(*index)?;
            inside(entry, rest).or_else(|| Some(entry.span().start))
        }
        _ => None,
    }
}
