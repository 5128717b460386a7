use model::{DeviceId, Version};
use serde_json::{Value, json};

use super::*;
use crate::core::point::Unshown;
use crate::core::point::tests::point;

fn points() -> Vec<Point> {
    let mut full = point(1_559_810_013_091, "ios-3", 7, 1_559_810_013_500);
    full.fix.accuracy_cm = Some(480);
    full.fix.altitude_cm = Some(-1_200);
    full.fix.speed_cmps = Some(0);
    full.fix.heading_cdeg = Some(9_001);
    full.fix.battery_cpercent = Some(5_750);
    full.unshown = Some(Unshown::TooOld);
    let device = DeviceId::parse("watch").expect("a device");
    let version = Version { device, effective: Timestamp(1_559_820_000_000), seq: 0 };
    let bare = Point { version, ..point(0, "watch", 0, 1_559_820_000_001) };
    vec![full, bare]
}

fn written(format: TrackFormat, points: &[Point]) -> String {
    let user = UserId::parse("a,b&<c>").expect("a user");
    let mut writer = TrackWriter::new(format, user);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for point in points {
        writer.point(point, &mut out);
    }
    let end = TrackEnd {
        next: Some("cursor".to_owned()),
        complete_until: Some(Timestamp(5)),
        incomplete: vec!["refused", "waiting"],
        tolerance: Some(Metres(2.001)),
    };
    writer.end(&end, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn objects() -> [Value; 2] {
    [
        json!({
            "latitude": 37.390_849, "longitude": -122.086_28, "time_ms": 1_559_810_013_091_i64, "accuracy_m": 4.8,
            "altitude_m": -12, "speed_mps": 0, "heading_deg": 90.01, "battery_percent": 57.5, "device": "ios-3", "seq": 7,
            "received_ms": 1_559_810_013_500_i64, "unshown": "too_old",
        }),
        json!({
            "latitude": 37.390_849, "longitude": -122.086_28, "time_ms": 1_559_820_000_000_i64, "device": "watch", "seq": 0,
            "received_ms": 1_559_820_000_001_i64,
        }),
    ]
}

#[test]
fn json_is_one_object() {
    let track: Value = serde_json::from_str(&written(TrackFormat::Json, &points())).expect("JSON");
    let expected = json!({
        "user": "a,b&<c>", "points": objects(), "next_cursor": "cursor", "complete_until_ms": 5, "incomplete": true,
        "incomplete_because": ["refused", "waiting"], "tolerance_m": 2.01,
    });
    assert_eq!(track, expected);
    let empty: Value = serde_json::from_str(&written(TrackFormat::Json, &[])).expect("JSON");
    assert_eq!(empty["points"], json!([]));
}

#[test]
fn ndjson_is_a_line_a_point_and_the_end() {
    let track = written(TrackFormat::Ndjson, &points());
    let lines: Vec<Value> =
        track.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[..2], objects());
    let because = ["refused", "waiting"];
    let end = json!({
        "complete_until_ms": 5, "incomplete": true, "incomplete_because": because, "tolerance_m": 2.01,
    });
    assert_eq!(lines[2], end);
    assert_eq!(lines.len(), 3);
}

#[test]
fn geojson_is_a_collection_of_points() {
    let track: Value =
        serde_json::from_str(&written(TrackFormat::GeoJson, &points())).expect("JSON");
    assert_eq!((&track["type"], &track["incomplete"]), (&json!("FeatureCollection"), &json!(true)));
    let first = &track["features"][0];
    assert_eq!(
        first["geometry"],
        json!({"type": "Point", "coordinates": [-122.086_28, 37.390_849, -12]})
    );
    assert_eq!(first["properties"]["time_ms"], json!(1_559_810_013_091_i64));
    let second = &track["features"][1]["geometry"]["coordinates"];
    assert_eq!(*second, json!([-122.086_28, 37.390_849]));
}

#[test]
fn gpx_has_segments_and_an_extension() {
    let expected = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<gpx version="1.1" creator="Whereabouts" xmlns="http://www.topografix.com/GPX/1/1" xmlns:w="urn:whereabouts:gpx:1">"#,
        "\n",
        r"<trk><name>a,b&amp;&lt;c&gt;</name><trkseg>",
        "\n",
        r#"<trkpt lat="37.390849" lon="-122.08628"><ele>-12</ele><time>2019-06-06T08:33:33.091Z</time><extensions>"#,
        r#"<w:fix device="ios-3" seq="7" received_ms="1559810013500" accuracy_m="4.8" speed_mps="0" heading_deg="90.01" "#,
        r#"battery_percent="57.5" unshown="too_old"/></extensions></trkpt>"#,
        "\n",
        r"</trkseg><trkseg>",
        "\n",
        r#"<trkpt lat="37.390849" lon="-122.08628"><time>2019-06-06T11:20:00.000Z</time><extensions>"#,
        r#"<w:fix device="watch" seq="0" received_ms="1559820000001"/></extensions></trkpt>"#,
        "\n",
        "</trkseg></trk>\n",
        r#"<extensions><w:end complete_until_ms="5" incomplete="true" incomplete_because="refused waiting" "#,
        r#"tolerance_m="2.01"/></extensions>"#,
        "\n</gpx>\n",
    );
    assert_eq!(written(TrackFormat::Gpx, &points()), expected);
}

#[test]
fn csv_is_a_line_a_point() {
    let expected = "user,ts,lat,lon,device,seq,accuracy_m,altitude_m,speed_mps,heading_deg,battery_percent,received_ms,unshown\n\
        \"a,b&<c>\",1559810013.091,37.390849,-122.08628,ios-3,7,4.8,-12,0,90.01,57.5,1559810013500,too_old\n\
        \"a,b&<c>\",1559820000,37.390849,-122.08628,watch,0,,,,,,1559820000001,\n";
    assert_eq!(written(TrackFormat::Csv, &points()), expected);
}
