mod hostile;
mod round_trip;

use model::{DeviceId, Timestamp, UserId};

use super::*;
use crate::core::point::Unshown;

/// What is found in a file that is read in pieces of so many bytes.
fn read_in_pieces(
    format: ImportFormat,
    file: &[u8],
    piece_bytes: usize,
) -> Result<(Vec<Imported>, Skipped), ImportError> {
    let mut reader = TrackReader::new(format, Columns::new());
    let mut found = Vec::new();
    for piece in file.chunks(piece_bytes.max(1)) {
        reader.read(piece, &mut found)?;
    }
    let skipped = reader.finish(&mut found)?;
    Ok((found, skipped))
}

fn read(format: ImportFormat, file: &str) -> (Vec<Imported>, Skipped) {
    let whole = read_in_pieces(format, file.as_bytes(), usize::MAX).expect("it can be read");
    for piece_bytes in [1, 7] {
        let pieces = read_in_pieces(format, file.as_bytes(), piece_bytes);
        assert_eq!(pieces.as_ref(), Ok(&whole), "in pieces of {piece_bytes}");
    }
    whole
}

/// Time, latitude, longitude.
fn places(found: &[Imported]) -> Vec<(i64, f64, f64)> {
    let place =
        |it: &Imported| (it.time.0, it.fix.position.latitude(), it.fix.position.longitude());
    found.iter().map(place).collect()
}

fn reasons(skipped: &Skipped) -> Vec<(SkipReason, u64, u64)> {
    skipped.iter().collect()
}

#[test]
fn csv_as_the_shared_traces_have_it() {
    let file = "user,ts,lat,lon\n\
        ios-3,1559810013.091,37.390849,-122.086280\r\n\
        \n\
        ios-1,2019-06-06T08:45:21.935Z,37.390796,-122.086339\n\
        ios-1,1559810721935,37.4,-122\n\
        a b,1559810721,37.4,-122\n\
        ios-1,1559810721,91,-122\n\
        ios-1,soon,37.4,-122\n\
        ios-1,,37.4,-122\n\
        ios-1,1559810721,,-122\n\
        ios-1,1559810721,\"37.4,-122\n\
        ios-1,1559810722,37.5,-122";
    let (found, skipped) = read(ImportFormat::Csv, file);
    let expected = [
        (1_559_810_013_091, 37.390_849, -122.086_28),
        (1_559_810_721_935, 37.390_796, -122.086_339),
        (1_559_810_721_935, 37.4, -122.0),
        (1_559_810_722_000, 37.5, -122.0),
    ];
    assert_eq!(places(&found), expected);
    assert_eq!(found[0].user, UserId::parse("ios-3").ok());
    let expected = [
        (SkipReason::Malformed, 1, 11),
        (SkipReason::NoPosition, 1, 10),
        (SkipReason::PositionOutOfRange, 1, 7),
        (SkipReason::NoTime, 1, 9),
        (SkipReason::TimeOutOfRange, 1, 8),
        (SkipReason::InvalidId, 1, 6),
    ];
    assert_eq!((reasons(&skipped), skipped.total()), (expected.to_vec(), 6));
}

#[test]
fn csv_of_others_by_their_names() {
    let file =
        "\u{feff}Time_MS;Latitude;LNG;\"Speed\";Battery;note\n5;1.5;2.5;-1;50;\"a;\"\"b\"\"\"\n";
    let (found, skipped) = read(ImportFormat::Csv, file);
    assert_eq!(places(&found), [(5, 1.5, 2.5)]);
    assert_eq!((found[0].fix.speed_mps, found[0].fix.battery_percent), (None, Some(50.0)));
    assert_eq!((skipped.total(), skipped.values), (0, 1), "a speed of -1 isn't one");

    let columns = vec![("ts".to_owned(), "when".to_owned()), ("lat".to_owned(), "y".to_owned())];
    let mut reader = TrackReader::new(ImportFormat::Csv, columns);
    let mut found = Vec::new();
    reader.read(b"lon\ty\tlat\twhen\n2\t1\t9\tnoon\n", &mut found).expect("CSV");
    reader.read(b"2\t1\t9\t1970-01-01T00:00:01Z\n", &mut found).expect("CSV");
    let skipped = reader.finish(&mut found).expect("CSV");
    assert_eq!((places(&found), skipped.total()), (vec![(1_000, 1.0, 2.0)], 1));
}

#[test]
fn csv_says_what_its_first_line_lacks() {
    let failed = |columns: &[(&str, &str)], file: &str| {
        let columns = columns.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut reader = TrackReader::new(ImportFormat::Csv, columns);
        let read = reader.read(file.as_bytes(), &mut Vec::new());
        read.and_then(|()| reader.finish(&mut Vec::new()).map(|_| ()))
            .expect_err("can't be read")
            .to_string()
    };
    assert_eq!(failed(&[], "a,lat,lon\n"), "the first line names no column ts; it has a, lat, lon");
    assert!(failed(&[("user", "who")], "ts,lat,lon\n").contains("no column who"));
    assert!(failed(&[("speed", "v")], "ts,lat,lon\n").contains("there is no column speed"));
    assert_eq!(failed(&[], ""), "it isn't CSV");
}

#[test]
fn gpx_of_many_programs() {
    let file = r#"<?xml version="1.0" encoding="UTF-8"?><!-- <trkpt lat="9" lon="9"> -->
        <gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="x">
        <metadata><time>2001-01-01T00:00:00Z</time></metadata>
        <wpt lat="8" lon="8"><time>2001-01-01T00:00:00Z</time></wpt>
        <trk><name>A &lt; B</name><trkseg>
        <trkpt lat="48.1" lon='11.5'><ele>519.25</ele><time>2020-01-02T03:04:05Z</time><extensions>
          <gpxtpx:TrackPointExtension><gpxtpx:speed>1.5</gpxtpx:speed><gpxtpx:course>361</gpxtpx:course></gpxtpx:TrackPointExtension>
        </extensions></trkpt>
        <trkpt lat="48.2" lon="11.6"><time><![CDATA[2020-01-02T03:04:06+01:00]]></time></trkpt>
        <trkpt lat="48.2" lon="11.6"/><trkpt lat="91" lon="11.6"><time>2020-01-02T03:04:06Z</time></trkpt>
        <trkpt lon="11.6"><time>2020-01-02T03:04:06Z</time></trkpt>
        <trkpt lat="1" lon="1"><time>noon</time></trkpt>
        </trkseg></trk></gpx>"#;
    let (found, skipped) = read(ImportFormat::Gpx, file);
    let expected = [(1_577_934_245_000, 48.1, 11.5), (1_577_930_646_000, 48.2, 11.6)];
    assert_eq!(places(&found), expected);
    let first = &found[0].fix;
    assert_eq!(
        (first.altitude_m, first.speed_mps, first.heading_deg),
        (Some(519.25), Some(1.5), None)
    );
    let expected = [
        (SkipReason::NoPosition, 1, 5),
        (SkipReason::PositionOutOfRange, 1, 4),
        (SkipReason::NoTime, 1, 3),
        (SkipReason::TimeOutOfRange, 1, 6),
    ];
    assert_eq!((reasons(&skipped), skipped.values), (expected.to_vec(), 1));
}

#[test]
fn owntracks_recordings() {
    let location = r#"{"_type":"location","tst":1577934245,"lat":48.1,"lon":11.5,"acc":12,"alt":519,"vel":36,"cog":90,"batt":80,"topic":"owntracks/jane/5s"}"#;
    let file = format!(
        "2020-01-02T03:04:05Z\t*                 \t{location}\n\
        2020-01-02T03:04:06Z\tlwt\t{{\"_type\":\"lwt\",\"tst\":1}}\n\
        2020-01-02T03:04:07Z\t*\t{{\"_type\":\"location\",\"lat\":1,\"lon\":2}}\n\
        nonsense\n"
    );
    let (found, skipped) = read(ImportFormat::OwnTracks, &file);
    assert_eq!(places(&found), [(1_577_934_245_000, 48.1, 11.5), (1_577_934_247_000, 1.0, 2.0)]);
    let fix = &found[0].fix;
    assert_eq!(
        (fix.accuracy_m, fix.speed_mps, fix.battery_percent),
        (Some(12.0), Some(10.0), Some(80.0))
    );
    assert_eq!(found[0].device, DeviceId::parse("5s").ok());
    assert_eq!(reasons(&skipped), [(SkipReason::Malformed, 1, 4), (SkipReason::OtherKind, 1, 2)]);
}

#[test]
fn googles_records_of_takeout() {
    let file = r#"{"note": ["locations", {"latitudeE7": 1}], "locations": [
        {"latitudeE7": 481000000, "longitudeE7": 115000000, "accuracy": 20, "timestampMs": "1577934245000", "deviceTag": -12,
         "activity": [{"activity": [{"type": "STILL \"{"}]}]},
        {"latitudeE7": 373908490, "longitudeE7": 3074104496, "timestamp": "2020-01-02T03:04:06.5Z", "velocity": 3, "heading": 7},
        {"timestamp": "2020-01-02T03:04:06Z"}, {"latitudeE7": 1, "longitudeE7": 1}, {]
        ], "more": {"a": [{"latitudeE7": 1}]}}"#;
    let file = file.replace("{]", r#"{"latitudeE7": 9e99, "longitudeE7": 0}"#);
    let (found, skipped) = read(ImportFormat::GoogleTimeline, &file);
    let expected = [(1_577_934_245_000, 48.1, 11.5), (1_577_934_246_500, 37.390_849, -122.086_28)];
    assert_eq!(places(&found), expected);
    assert_eq!(found[0].device, DeviceId::parse("google--12").ok());
    assert_eq!((found[1].fix.speed_mps, found[1].fix.heading_deg), (Some(3.0), Some(7.0)));
    let expected = [
        (SkipReason::NoPosition, 1, 3),
        (SkipReason::PositionOutOfRange, 1, 5),
        (SkipReason::NoTime, 1, 4),
    ];
    assert_eq!(reasons(&skipped), expected);
}

#[test]
fn googles_timeline_of_phones() {
    let android = r#"{"semanticSegments": [
        {"startTime": "2020-01-02T03:00:00.000+01:00", "endTime": "2020-01-02T05:00:00.000+01:00", "timelinePath": [
          {"point": "48.1°, 11.5°", "time": "2020-01-02T03:04:05.000Z"}, {"point": "somewhere", "time": "2020-01-02T03:04:05.000Z"}]},
        {"startTime": "2020-01-02T03:00:00.000+01:00", "visit": {"topCandidate": {"placeLocation": {"latLng": "48.1°, 11.5°"}}}}],
        "rawSignals": [{"position": {"LatLng": "48.2°, -11.5°", "accuracyMeters": 13, "altitudeMeters": 510.5,
          "source": "WIFI", "timestamp": "2020-01-02T03:04:06.000Z", "speedMetersPerSecond": 0.5}}, {"wifiScan": {}}],
        "userLocationProfile": {"frequentPlaces": [{"placeLocation": "1°, 1°"}]}}"#;
    let (found, skipped) = read(ImportFormat::GoogleTimeline, android);
    let expected = [(1_577_934_245_000, 48.1, 11.5), (1_577_934_246_000, 48.2, -11.5)];
    assert_eq!(places(&found), expected);
    assert_eq!(found[1].fix.altitude_m, Some(510.5));
    assert_eq!(reasons(&skipped), [(SkipReason::NoPosition, 1, 1), (SkipReason::OtherKind, 2, 2)]);

    let iphone = r#"[{"startTime": "2020-01-02T03:04:05Z", "endTime": "2020-01-02T05:04:05Z", "timelinePath": [
        {"point": "geo:48.1,11.5", "durationMinutesOffsetFromStartTime": "2"}]}, {"visit": {}}]"#;
    let (found, skipped) = read(ImportFormat::GoogleTimeline, iphone);
    assert_eq!(places(&found), [(1_577_934_365_000, 48.1, 11.5)]);
    assert_eq!(reasons(&skipped), [(SkipReason::OtherKind, 1, 2)]);
}

#[test]
fn the_same_file_comes_to_the_same_points() {
    let file = "ts,lat,lon\n5,1,1\n5,1,1\n5,1,2\n5,1,3\n6,1,1\n5,9,9\n";
    let (found, _) = read(ImportFormat::Csv, file);
    let id = |name: &str| {
        (UserId::parse(name).expect("an id"), DeviceId::parse("import").expect("an id"))
    };
    let points = || {
        let (user, device) = id("alice");
        let mut numbering = Numbering::new(user, device, Timestamp(99));
        found.iter().cloned().map(|fix| numbering.point(fix)).collect::<Vec<_>>()
    };
    let seqs: Vec<_> = points().iter().map(|(_, point)| point.version.seq).collect();
    assert_eq!(seqs, [0, 0, 1, 2, 0, 0], "equal ones are one, others of a moment are told apart");
    assert_eq!(points(), points());
    let (user, point) = &points()[0];
    assert_eq!((user.as_str(), point.received), ("alice", Timestamp(99)));
    assert_eq!(point.unshown, Some(Unshown::Imported));
}
