use std::collections::BTreeSet;

use history_writer::{TrackEnd, TrackFormat, TrackWriter, Unshown};
use model::{Metres, Timestamp};
use serde_json::Value;

use super::sandbox::{Sandbox, id};

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn the_description_has_what_is_written() {
    let world = Sandbox::new().await;
    let mut point = world.point(1);
    point.fix.accuracy_cm = Some(1);
    point.fix.altitude_cm = Some(1);
    point.fix.speed_cmps = Some(1);
    point.fix.heading_cdeg = Some(1);
    point.fix.battery_cpercent = Some(1);
    point.unshown = Some(Unshown::Older);
    let (mut writer, mut text) = (TrackWriter::new(TrackFormat::Json, id("ann")), Vec::new());
    writer.begin(&mut text);
    writer.point(&point, &mut text);
    let end = TrackEnd {
        next: None,
        complete_until: Some(Timestamp(1)),
        incomplete: vec!["refused"],
        tolerance: Some(Metres(1.0)),
    };
    writer.end(&end, &mut text);
    let written: Value = serde_json::from_slice(&text).expect("JSON");

    let description = serde_json::to_value(world.description()).expect("JSON");
    let schemas = &description["components"]["schemas"];
    assert_eq!(names(&schemas["TrackBody"]["properties"]), names(&written));
    assert_eq!(names(&schemas["TrackPointBody"]["properties"]), names(&written["points"][0]));
    let required = schemas["TrackPointBody"]["required"].as_array().expect("a list");
    let required: BTreeSet<_> = required.iter().filter_map(Value::as_str).collect();
    let always = ["latitude", "longitude", "time_ms", "device", "seq", "received_ms"];
    assert_eq!(required, BTreeSet::from(always));
}

#[tokio::test]
async fn every_format_is_described() {
    let world = Sandbox::new().await;
    let description = serde_json::to_value(world.description()).expect("JSON");
    let content =
        &description["paths"]["/v1/users/{user}/track"]["get"]["responses"]["200"]["content"];
    let described = names(content);
    let essence =
        |format: &TrackFormat| format.media_type().split(';').next().expect("a type").to_owned();
    assert_eq!(described, TrackFormat::ALL.iter().map(essence).collect());
}
