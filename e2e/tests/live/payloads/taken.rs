//! What is odd and right, or acknowledged and not shown.

use e2e::raw::{Bystanders, OFFENDER};
use e2e::{LISBON, Place, Sandbox, north_of};
use model::{Clock, SystemClock};
use serde_json::{Value, json};

use super::messages::{fix, fixes, patient_world};

const DAY_MS: i64 = 86_400_000;

/// Where Ann is, what the offender's fix says, and how far apart that is: metres, by Karney's geodesic, rounded.
type Seen = (&'static str, Place, [(&'static str, &'static str); 2], f64);

#[tokio::test]
async fn odd_but_right_places_are_shown_at_the_right_distance() {
    let world = patient_world().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let at = |latitude, longitude| [("latitude", latitude), ("longitude", longitude)];
    let cases: [Seen; 16] = [
        ("longitude -180 from 180", (10.0, 180.0), at("10", "-180"), 0.0),
        ("longitude 180 from -180", (10.0, -180.0), at("10", "180.0"), 0.0),
        ("over the antimeridian, eastwards", (0.0, 179.9999), at("0", "-179.9999"), 22.3),
        ("over the antimeridian, westwards", (0.0, -179.9999), at("0", "179.9999"), 22.3),
        ("over the antimeridian by 0.0001", (0.0, 180.0), at("0", "-179.9999"), 11.1),
        ("the north pole from itself", (90.0, 0.0), at("90", "123.4"), 0.0),
        ("the north pole", (89.9999, 77.0), at("90", "-10"), 11.2),
        ("over the north pole", (89.9999, 0.0), at("89.9999", "180"), 22.3),
        ("the south pole", (-89.9999, 0.0), at("-90.0", "180"), 11.2),
        ("(0, 0)", (0.0, 0.001), at("0", "0"), 111.3),
        ("-0.0", (0.0, 0.0), at("-0.0", "-0.0"), 0.0),
        ("1e-320", (0.0, 0.0), at("1e-320", "-1e-320"), 0.0),
        ("1e-400, which is 0", (0.0, 0.0), at("1e-400", "0"), 0.0),
        ("1e1", (10.0, 10.0), at("1e1", "0.1e+2"), 0.0),
        ("a hundred digits", (10.0, 10.0), at(HUNDRED_DIGITS, "10"), 0.0),
        ("as it was", LISBON, at("38.7223", "-9.1393"), 0.0),
    ];
    for (seq, (case, ann, place, distance_m)) in (1_000..).zip(cases) {
        bystanders.ann.at(ann).await;
        let seq = format!("{seq}");
        person.send_text(&fix(&[("seq", &seq), place[0], place[1]])).await;
        let ack = person.hear(|m| m["type"] == "ack").await;
        assert_eq!(ack["shown"], true, "{case}: {ack}");
        bystanders.ann.settle().await;
        let seen = &bystanders.ann.friends[OFFENDER];
        assert_eq!(seen["distance_m"].as_f64(), Some(distance_m), "{case}: {seen}");
        for (name, text) in place {
            assert_eq!(seen[name].as_f64(), text.parse().ok(), "{case}: {seen}");
        }
    }
    bystanders.note().await;
    bystanders.carry_on("odd places").await;
}

const HUNDRED_DIGITS: &str = "10.\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

#[tokio::test]
async fn edges_of_ranges_and_missing_accuracy_are_taken() {
    let world = patient_world().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let edges: [&[(&str, &str)]; 4] = [
        &[("accuracy_m", "0"), ("speed_mps", "0"), ("heading_deg", "0"), ("battery_percent", "0")],
        &[
            ("accuracy_m", "1e5"),
            ("speed_mps", "360"),
            ("heading_deg", "360"),
            ("altitude_m", "1e5"),
        ],
        &[("accuracy_m", "null"), ("altitude_m", "-12000"), ("time_ms", "null")],
        &[],
    ];
    for (seq, changes) in ["1", "2", "3", "9007199254740992"].into_iter().zip(edges) {
        person.send_text(&fix(&[&[("seq", seq)], changes].concat())).await;
        let ack = person.hear(|m| m["type"] == "ack").await;
        assert_eq!(
            (&ack["shown"], ack["seq"].to_string()),
            (&json!(true), seq.to_owned()),
            "{ack}"
        );
        bystanders.ann.settle().await;
        let seen = &bystanders.ann.friends[OFFENDER];
        for name in ["accuracy_m", "altitude_m", "speed_mps", "heading_deg"] {
            let sent = changes.iter().find(|(known, value)| *known == name && *value != "null");
            let sent = sent.and_then(|(_, value)| value.parse::<f64>().ok());
            assert_eq!(seen.get(name).and_then(Value::as_f64), sent, "{changes:?}: {seen}");
        }
    }
    bystanders.note().await;
    bystanders.carry_on("edges").await;
}

#[tokio::test]
async fn what_a_phone_does_not_know_costs_it_no_position() {
    let world = patient_world().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let odd: [(&str, &[(&str, &str)]); 8] = [
        ("an iPhone that stands still", &[("speed_mps", "-1"), ("heading_deg", "-1")]),
        ("a field of a newer app", &[("provider", r#""fused""#), ("is_moving", "true")]),
        ("values of wrong types", &[("speed_mps", "[]"), ("battery_percent", r#""83""#)]),
        ("no numbers that fit", &[("altitude_m", "1e7"), ("heading_deg", "361")]),
        ("beyond all numbers", &[("altitude_m", "1e400"), ("speed_mps", "-1e400")]),
        ("an accuracy that can't be", &[("accuracy_m", "1000000000")]),
        ("whole numbers with a point", &[("seq", "1007.0")]),
        ("and with an exponent", &[("seq", "1.008e3")]),
    ];
    for (number, (case, changes)) in (1..).zip(odd) {
        let (seq, latitude) = (format!("{}", 1_000 + number), format!("38.73{number}"));
        let usual = [("latitude", latitude.as_str()), ("seq", seq.as_str())];
        let usual = usual.into_iter().filter(|(name, _)| changes.iter().all(|it| it.0 != *name));
        let all: Vec<_> = usual.chain(changes.iter().copied()).collect();
        person.send_text(&fix(&all)).await;
        let ack = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
        assert_eq!(ack["shown"], true, "{case}: {ack}");
        assert_eq!(ack["seq"].to_string(), seq, "{case}");
        bystanders.ann.settle().await;
        let seen = &bystanders.ann.friends[OFFENDER];
        assert_eq!(seen["latitude"].to_string(), latitude, "{case}: {seen}");
        let clamped = case.contains("accuracy").then_some(100_000.0);
        for name in ["accuracy_m", "altitude_m", "speed_mps", "heading_deg"] {
            let told = clamped.filter(|_| name == "accuracy_m");
            assert_eq!(seen.get(name).and_then(Value::as_f64), told, "{case}: {seen}");
        }
    }
    person.send_text(&fix(&[("seq", "2000"), ("accuracy_m", "-1"), ("latitude", "0")])).await;
    let ack = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
    let told = (&ack["seq"], &ack["shown"], &ack["reason"], &ack["kept"]);
    assert_eq!(told, (&json!(2000), &json!(false), &json!("no_position"), &json!("none")), "{ack}");
    bystanders.ann.settle().await;
    assert_eq!(bystanders.ann.friends[OFFENDER]["latitude"].to_string(), "38.738");
    bystanders.note().await;
    bystanders.carry_on("odd phones").await;
}

#[tokio::test]
async fn one_odd_fix_of_fifty_is_named_and_the_others_count() {
    let world = patient_world().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let items: Vec<_> = (1..=50)
        .map(|seq| match seq {
            7 => json!({ "seq": 7, "latitude": null, "longitude": -9.14 }),
            8 => json!({ "seq": 8, "latitude": 38.73, "longitude": -9.14, "speed_mps": -1 }),
            9 => json!([9]),
            _ => json!({ "seq": seq, "latitude": 38.73, "longitude": -9.14 }),
        })
        .collect();
    let batch = json!({ "type": "fixes", "device": "phone", "fixes": items });
    for shown in [true, false] {
        person.send(&batch).await;
        let ack = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
        assert_eq!((&ack["seq"], &ack["shown"]), (&json!(50), &json!(shown)), "{ack}");
        let refused = ack["refused"].as_array().expect("a list");
        let places: Vec<_> = refused.iter().map(|it| (&it["index"], &it["seq"])).collect();
        assert_eq!(places, [(&json!(6), &json!(7)), (&json!(8), &Value::Null)], "{ack}");
    }
    let hopeless = json!({ "type": "fixes", "device": "phone", "fixes": [{ "seq": 60 }] });
    person.send(&hopeless).await;
    let ack = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
    assert_eq!((&ack["seq"], &ack["reason"]), (&json!(60), &json!("refused")), "{ack}");
    bystanders.note().await;
    bystanders.carry_on("fifty").await;
}

#[tokio::test]
async fn a_sequence_that_does_not_grow_is_acknowledged_and_ignored_and_gaps_are_taken() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let steps: [(&str, u64, bool); 6] = [
        ("the first", 5, true),
        ("repeated", 5, false),
        ("backwards", 4, false),
        ("a gap of 10^9", 1_000_000_005, true),
        ("far backwards", 0, false),
        ("one more", 1_000_000_006, true),
    ];
    let latitudes = ["38.731", "38.732", "38.733", "38.734", "38.735", "38.736"];
    for ((case, seq, shown), latitude) in steps.into_iter().zip(latitudes) {
        person.send_text(&fix(&[("seq", &seq.to_string()), ("latitude", latitude)])).await;
        let ack = person.hear(|m| m["type"] == "ack").await;
        let reason = if shown { Value::Null } else { json!("repeated") };
        let told = (&ack["seq"], &ack["shown"], &ack["reason"]);
        assert_eq!(told, (&json!(seq), &json!(shown), &reason), "{case}: {ack}");
        if shown {
            bystanders.note().await;
            let seen = &bystanders.ann.friends[OFFENDER];
            assert_eq!(seen["latitude"].to_string(), latitude, "{case}");
        }
        bystanders.carry_on(case).await;
    }
}

#[tokio::test]
async fn times_that_can_not_be_now_are_acknowledged_and_never_shown() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let now_ms = SystemClock::start().now().wall.0;
    let cases = [
        ("a day ahead", now_ms + DAY_MS, "ahead", "none"),
        ("in the year 9999", 253_402_300_799_999, "ahead", "none"),
        ("six minutes ahead", now_ms + 360_000, "ahead", "none"),
        ("a year old", now_ms - 365 * DAY_MS, "too_old", "none"),
        ("of the year 2000", 946_684_800_000, "too_old", "none"),
        ("eight days old", now_ms - 8 * DAY_MS, "too_old", "none"),
        ("six days old", now_ms - 6 * DAY_MS, "too_old", "disk"),
        ("a minute older than the TTL", now_ms - 660_000, "too_old", "disk"),
        ("older than what is shown", now_ms - 300_000, "older", "disk"),
    ];
    for (seq, (case, time_ms, reason, kept)) in (0..).zip(cases) {
        person
            .send_text(&fix(&[("seq", &format!("{seq}")), ("time_ms", &time_ms.to_string())]))
            .await;
        let ack = person.hear(|m| m["type"] == "ack").await;
        assert_eq!((&ack["shown"], &ack["kept"]), (&json!(false), &json!(kept)), "{case}: {ack}");
        assert_eq!(ack["reason"], reason, "{case}: {ack}");
        bystanders.carry_on(case).await;
    }
    // Alone in a batch with others, the one that can be now is shown.
    let old = (now_ms - DAY_MS).to_string();
    let batch = fixes(&[("seq", "20"), ("time_ms", &old)]);
    person.send_text(&batch).await;
    let ack = person.hear(|m| m["type"] == "ack").await;
    assert_eq!((&ack["seq"], &ack["shown"]), (&json!(20), &json!(true)), "{ack}");
    bystanders.note().await;
    bystanders.carry_on("a batch of an old one and a new one").await;
}

#[tokio::test]
async fn ten_thousand_kilometres_in_a_second_are_believed() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    let ack = person.at((-38.7, 170.8)).await;
    assert_eq!(ack["shown"], true);
    bystanders.ann.expect_left(OFFENDER).await;
    bystanders.note().await;
    bystanders.carry_on("there").await;
    person.at(north_of(LISBON, 100.0)).await;
    bystanders.ann.expect_near(OFFENDER).await;
    bystanders.note().await;
    bystanders.carry_on("and back").await;
}
