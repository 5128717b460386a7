use proximity::SourceName;
use proximity::http::DraftBody;
use serde_json::{Map, Value, json};

use super::Place;

/// Properties that are read; the others are the file's own affair.
const PROPERTIES: [&str; 7] =
    ["name", "category", "categories", "address", "phone", "site", "attributes"];

/// A place as REST takes a business, with its id; short forms as in CSV (category, lat, lon) are known too.
pub(super) fn place(mut map: Map<String, Value>) -> Result<Place, String> {
    let id = match map.remove("id") {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => return Err("id is neither a text nor a number".to_owned()),
        None => return Err("id is missing".to_owned()),
    };
    let id = SourceName::parse(&id).map_err(|fault| format!("id {fault}"))?;
    if let Some(category) = map.remove("category") {
        let named = map.insert("categories".to_owned(), json!([category]));
        refuse_both(named, "category and categories")?;
    }
    if let (Some(latitude), Some(longitude)) = (map.remove("lat"), map.remove("lon")) {
        let position = json!({ "latitude": latitude, "longitude": longitude });
        let named = map.insert("position".to_owned(), position);
        refuse_both(named, "lat, lon and position")?;
    }
    let body: DraftBody = serde_json::from_value(Value::Object(map)).map_err(|e| e.to_string())?;
    Ok((id, body.check()?))
}

fn refuse_both(other: Option<Value>, both: &str) -> Result<(), String> {
    other.map_or(Ok(()), |_| Err(format!("has {both}")))
}

/// A point with the properties of a place; its id is the feature's, or a property.
pub(super) fn feature(mut feature: Map<String, Value>) -> Result<Place, String> {
    let geometry = feature.get("geometry").unwrap_or(&Value::Null);
    let point = geometry["coordinates"].as_array().filter(|_| geometry["type"] == "Point");
    let Some([longitude, latitude, ..]) = point.map(Vec::as_slice) else {
        return Err("its geometry is not a Point".to_owned());
    };
    let mut place = Map::new();
    place.insert("position".to_owned(), json!({ "latitude": latitude, "longitude": longitude }));
    let Some(Value::Object(mut properties)) = feature.remove("properties") else {
        return Err("has no properties".to_owned());
    };
    if let Some(id) = feature.remove("id").or_else(|| properties.remove("id")) {
        place.insert("id".to_owned(), id);
    }
    // A text there is of another notation, such as OpenStreetMap's.
    if let Some(hours @ Value::Object(_)) = properties.remove("opening_hours") {
        place.insert("opening_hours".to_owned(), hours);
    }
    for name in PROPERTIES {
        if let Some(value) = properties.remove(name).filter(|value| !value.is_null()) {
            place.insert(name.to_owned(), value);
        }
    }
    self::place(place)
}
