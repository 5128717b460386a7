use serde_json::Value as Json;
use toml::de::{DeInteger, DeTable, DeValue};
use toml::{Table, Value};

/// What a text says, whatever its numbers are: a whole one that is beyond all is infinite, which no setting may be. The library
/// would refuse the whole text for it.
pub(super) fn table(read: &DeTable<'_>) -> Table {
    read.iter().map(|(name, it)| (name.get_ref().to_string(), value(it.get_ref()))).collect()
}

fn value(read: &DeValue<'_>) -> Value {
    match read {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => whole(number),
        // Text that is no number was refused as such; one that is too large is infinite.
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(is_so) => Value::Boolean(*is_so),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Array(entries) => {
            Value::Array(entries.iter().map(|it| value(it.get_ref())).collect())
        }
        DeValue::Table(entries) => Value::Table(table(entries)),
    }
}

fn whole(number: &DeInteger<'_>) -> Value {
    let is_negative = number.as_str().starts_with('-');
    let beyond = Value::Float(if is_negative { f64::NEG_INFINITY } else { f64::INFINITY });
    i64::from_str_radix(number.as_str(), number.radix()).map_or(beyond, Value::Integer)
}

/// What a text of JSON says; `None` if nothing. A member that is null is one that isn't there, as programs write what they
/// have no value for.
pub(super) fn of_json(read: &Json) -> Option<Value> {
    Some(match read {
        Json::Null => return None,
        Json::Bool(is_so) => Value::Boolean(*is_so),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None if number.is_u64() => Value::Float(f64::INFINITY),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text.clone()),
        // So that one which is nothing still has its place, and what it lacks is told.
        Json::Array(entries) => {
            let entry = |it| of_json(it).unwrap_or_else(|| Value::Table(Table::new()));
            Value::Array(entries.iter().map(entry).collect())
        }
        Json::Object(members) => Value::Table(
            members.iter().filter_map(|(name, it)| Some((name.clone(), of_json(it)?))).collect(),
        ),
    })
}
