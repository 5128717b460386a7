use std::collections::BTreeMap;
use std::io::Cursor;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gz(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("in memory");
    encoder.finish().expect("in memory")
}

/// The names of the places by their ids, and why others are refused by where they stand.
type Found = (BTreeMap<String, String>, BTreeMap<u64, String>);

fn parse(format: Format, bytes: impl Into<Vec<u8>>) -> (Found, Result<(), String>) {
    let source = SourceName::parse("test").expect("a source");
    let (sender, mut batches) = mpsc::channel(100);
    let file = Box::new(Cursor::new(bytes.into()));
    let done = std::thread::scope(|scope| {
        let reading = scope.spawn(|| read(file, format, &source, &sender));
        reading.join().expect("no panic")
    });
    drop(sender);
    let (mut places, mut refused) = (BTreeMap::new(), BTreeMap::new());
    while let Some(batch) = batches.blocking_recv() {
        places.extend(
            batch
                .places
                .into_iter()
                .map(|(source, details)| (source.id.to_string(), details.name.to_string())),
        );
        refused.extend(batch.refused.into_iter().map(|Refused { at, why }| (at, why)));
    }
    ((places, refused), done)
}

#[track_caller]
fn refuses(found: &Found, expected: &[(u64, &str)]) {
    let lines: Vec<_> = found.1.keys().copied().collect();
    let wanted: Vec<_> = expected.iter().map(|(at, _)| *at).collect();
    assert_eq!(lines, wanted, "{:?}", found.1);
    for (at, word) in expected {
        assert!(found.1[at].contains(word), "{at}: {} should have {word}", found.1[at]);
    }
}

const CSV: &str = "\
lon,id,name,category,lat,phone
-115.1,1,Noodles,Food / Thai,36.1,
-115.1,2,,Food,36.1,1
-115.1,3,Far,Food,96.1,1
-115.1,4,Where,Food,x,1
-115.1,5,Short,Food
-180,6,\"가나
다\",Food,-90,1
-115.1,7,\"Two, one\",Food,36.1,\"+1 2\"
";

#[test]
fn lines_of_csv_are_places_or_are_refused_one_by_one() {
    for bytes in [CSV.as_bytes().to_vec(), gz(CSV)] {
        let (found, done) = parse(Format::Csv, bytes);
        assert_eq!(done, Ok(()));
        let names: Vec<_> = found.0.values().map(String::as_str).collect();
        assert_eq!(names, ["Noodles", "Two, one"]);
        let control = (7, "control character");
        let wrong = [(3, "name is blank"), (4, "latitude"), (5, "lat is not"), (6, "4 columns")];
        refuses(&found, &[&wrong[..], &[control]].concat());
    }
}

#[test]
fn columns_must_be_known_and_enough() {
    for (header, word) in [
        ("id,name,category,lat\n", "lon is missing"),
        ("id,name,category,lat,lon,stars\n", "stars is unknown"),
        ("id,name,category,lat,lon,id\n", "id is unknown or there twice"),
        ("", "id is missing"),
    ] {
        let (_, done) = parse(Format::Csv, header);
        assert!(done.as_ref().is_err_and(|why| why.contains(word)), "{header}: {done:?}");
    }
    let (_, done) = parse(Format::Csv, &gz(CSV)[..30]);
    assert!(done.is_err(), "a file that breaks off is noticed");
}

const NDJSON: &str = r#"
{"id":1,"name":"A","category":"Food","lat":1,"lon":2}
{"id":"b","name":"B","categories":["Food","Bar"],"position":{"latitude":1,"longitude":2}}
{"id":"c","name":"C","category":"Food","lat":1,"lon":2,"stars":5}
{"id":"d","name":"D","category":"Food","lat":"1","lon":2}
[1]
{"id":"e","name":"E","category":"Food"
{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[2,1]},"properties":{"name":"G","category":"Bar"}}
{"name":"no id","category":"Food","lat":1,"lon":2}
{"id":"h","name":"H","category":"Food","lat":1,"lon":2,"opening_hours":{"time_zone":"Mars/Base","week":[]}}
"#;

#[test]
fn lines_of_ndjson_are_places_or_are_refused_one_by_one() {
    let (found, done) = parse(Format::Ndjson, NDJSON);
    assert_eq!(done, Ok(()));
    assert_eq!(found.0.keys().collect::<Vec<_>>(), ["1", "7", "b"]);
    refuses(
        &found,
        &[
            (4, "unknown field `stars`"),
            (5, "invalid type"),
            (6, "not a JSON object"),
            (7, "breaks off"),
            (9, "id is missing"),
            (10, "time zone"),
        ],
    );
    let (_, done) = parse(Format::Ndjson, "x".repeat(2 * 1024 * 1024));
    assert!(done.is_err_and(|why| why.contains("line 1 is over")));
}

const GEOJSON: &str = r#"{"name": "x", "features": [
{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[2.5,1.5,9]},
 "properties":{"name":"A","category":"Food","stars":5,"phone":null,"opening_hours":"24/7"}},
{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{"id":1}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[181,1]},"properties":{"id":2,"name":"B","category":"C"}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[180,1]},"properties":{"id":3,"name":"B","category":"C"}},
7], "type": "FeatureCollection"}"#;

#[test]
fn features_are_places_or_are_refused_one_by_one() {
    let (found, done) = parse(Format::Geojson, GEOJSON);
    assert_eq!(done, Ok(()));
    assert_eq!(found.0.keys().collect::<Vec<_>>(), ["3", "a"]);
    refuses(&found, &[(2, "not a Point"), (3, "longitude"), (5, "not a feature")]);
}

#[test]
fn what_is_no_collection_is_said_to_be_none_and_keeps_what_it_had() {
    for text in ["[]", "{}", "", "{\"features\": 7}", "{\"features\": []} x"] {
        let (_, done) = parse(Format::Geojson, text);
        assert!(done.is_err(), "{text}");
    }
    let (broken_off, _) = GEOJSON.split_once("\n7]").expect("the last one");
    let (found, done) = parse(Format::Geojson, broken_off);
    assert!(done.is_err_and(|why| why.contains("after 4 features")));
    assert_eq!(found.0.len(), 2);
}

#[test]
fn a_quote_that_is_never_closed_is_not_gathered() {
    let header = "id,name,category,lat,lon\n";
    let lines: Vec<_> = (0..30_000).map(|n| format!("{n},Noodles,Food,36.1,-115.1\n")).collect();
    let good = lines.concat();
    let (found, done) = parse(Format::Csv, format!("{header}{good}"));
    assert_eq!((found.0.len(), done), (30_000, Ok(())));
    let endless = format!("x,\"{}", "two lines\n".repeat(300_000));
    let (found, done) = parse(Format::Csv, format!("{header}{good}{endless}"));
    assert_eq!(found.0.len(), 30_000);
    assert!(done.is_err_and(|why| why.contains("over 1048576 bytes")));
}
