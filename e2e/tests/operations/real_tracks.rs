//! Recorded movement (data/README.md says of whom) through the running program and back: equal to the file, point by point.

use std::collections::BTreeMap;
use std::process::Command;

use e2e::in_path;
use e2e::process::{Home, Process};
use model::{Clock, SystemClock};
use serde_json::json;

use super::tracks::ask;

const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/traces.csv.gz");
const DAY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/city_day.csv.gz");
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Whose day is replayed; with `WHEREABOUTS_LONG=1` everybody's, 60.
fn people() -> usize {
    if std::env::var_os("WHEREABOUTS_LONG").is_some_and(|long| long == "1") { 60 } else { 12 }
}

/// Fixes of one message, and messages that are under way.
const BATCH: usize = 100;

/// A whole day comes in some seconds.
const HURRIED: &str = "[gateway]\nfixes_per_s = 1000000\nfixes_burst = 1000000\n\
                       messages_per_s = 1000000\nmessages_burst = 1000000\n\
                       bytes_per_s = 1000000000\nbytes_burst = 1000000000\n";

/// Reads what `export points` wrote, as nobody of this workspace would: a line a point, behind one with the columns' types.
const PARQUET: &str = "
import sys
import pyarrow.parquet as parquet
table = parquet.read_table(sys.argv[1])
print(*(f'{field.name}:{field.type}' for field in table.schema), sep=' ')
columns = ['user', 'time', 'latitude', 'longitude', 'unshown', 'day', 'accuracy_m']
table = table.select(columns).sort_by([('user', 'ascending'), ('time', 'ascending')])
time = table['time'].cast('int64').to_pylist()
days = [moment.strftime('%Y-%m-%d') for moment in table['time'].to_pylist()]
rest = [table[name].to_pylist() for name in columns if name != 'time']
for user, ms, lat, lon, unshown, day, accuracy, expected in zip(rest[0], time, *rest[1:], days):
    assert str(day) == expected and unshown == 'imported' and accuracy is None, (day, expected, unshown, accuracy)
    print(user, ms, repr(lat), repr(lon), sep=',')
";

/// The columns that it must find.
const COLUMNS: &str = "user:string device:string time:timestamp[ms, tz=UTC] received:timestamp[ms, tz=UTC] seq:uint64 \
     latitude:double longitude:double accuracy_m:double altitude_m:double speed_mps:double heading_deg:double \
     battery_percent:double unshown:string day:dictionary<values=string, indices=int32, ordered=0>";

/// When, milliseconds, and where, degrees.
type Fix = (i64, f64, f64);

/// The fixes of each user, in the order in which they stand in text with columns of these numbers: the user, the time in this many
/// milliseconds, latitude, longitude.
fn fixes(text: impl std::io::Read, unit_ms: f64, has_head: bool) -> BTreeMap<String, Vec<Fix>> {
    let mut users = BTreeMap::<_, Vec<_>>::new();
    let mut lines = csv::ReaderBuilder::new().has_headers(has_head).from_reader(text);
    for line in lines.deserialize() {
        let (user, time, latitude, longitude): (String, f64, f64, f64) = line.expect("a fix");
        let fix = ((time * unit_ms).round() as i64, latitude, longitude);
        users.entry(user).or_default().push(fix);
    }
    users
}

/// What a file has of each user.
fn recorded(path: &str) -> BTreeMap<String, Vec<Fix>> {
    let file = std::fs::File::open(path).expect("it is part of the workspace");
    fixes(flate2::read::GzDecoder::new(file), 1_000.0, true)
}

/// A user's track, as `export track` writes it.
async fn exported(home: &Home, process: &Process, user: &str) -> Vec<Fix> {
    let ended = ask(home, process, &["export", "track", "--user", user]).await;
    assert_eq!((ended.code, ended.log.as_str()), (Some(0), ""), "{user}");
    let positions: String = ended
        .output
        .lines()
        .map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    fixes(positions.as_bytes(), 1_000.0, true).remove(user).unwrap_or_default()
}

#[tokio::test]
async fn recorded_tracks_that_are_imported_come_out_equal_as_tracks_and_as_parquet() {
    let home = Home::new("");
    let process = home.start().await;
    let ended = ask(&home, &process, &["import", "track", TRACES, "--user", "nobody"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("135308 points taken, 0 passed over"), "{ended:?}");
    let recorded = recorded(TRACES);
    for (user, fixes) in &recorded {
        assert_eq!(&exported(&home, &process, user).await, fixes, "{user}");
    }

    let folder = home.data().join("points");
    let path = folder.to_str().expect("a path");
    let export = ["export", "points", "--all", "--from", "2019-06-01", "--to", "2020-04-01"];
    let ended = ask(&home, &process, &[&export[..], &["--output", path]].concat()).await;
    assert_eq!((ended.code, ended.log.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.output.contains("135308 points of"), "{ended:?}");
    // ./test sees to it that there is pyarrow.
    let read = Command::new("python3").args(["-c", PARQUET, path]).output().expect("Python");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout).expect("UTF-8");
    let (columns, rows) = text.split_once('\n').expect("a line of columns");
    assert_eq!(columns, COLUMNS);
    assert_eq!(fixes(rows.as_bytes(), 1.0, false), recorded);
}

#[tokio::test]
async fn a_recorded_day_that_phones_send_comes_out_equal() {
    let home = Home::new(HURRIED);
    let process = home.start().await;
    let recorded = recorded(DAY);
    // The day before yesterday.
    let midnight = (SystemClock::start().now().wall.0 / DAY_MS - 2) * DAY_MS;
    for (user, fixes) in recorded.iter().take(people()) {
        let mut phone = process.connect(user).await;
        for (batch, first) in fixes.chunks(BATCH).zip((1..).step_by(BATCH)) {
            let sent = batch.iter().zip(first..).map(|((ms, latitude, longitude), seq)| {
                let time_ms = midnight + ms;
                json!({ "seq": seq, "time_ms": time_ms, "latitude": latitude, "longitude": longitude })
            });
            let sent: Vec<_> = sent.collect();
            let last = first + batch.len() - 1;
            phone.send(&json!({ "type": "fixes", "device": "phone", "fixes": sent })).await;
            let ack = phone.hear(|m| m["type"] == "ack" && m["seq"] == last).await;
            assert_eq!(
                (&ack["kept"], &ack["reason"]),
                (&json!("disk"), &json!("too_old")),
                "{ack}"
            );
        }
        let sent: Vec<_> = fixes.iter().map(|(ms, lat, lon)| (midnight + ms, *lat, *lon)).collect();
        assert_eq!(exported(&home, &process, user).await, sent, "{user}");
    }
    // It is all there as well once the log was read again.
    process.kill().await;
    let process = home.start().await;
    let (user, fixes) = recorded.first_key_value().expect("people");
    let path = format!("/v1/users/{}/track/summary", in_path(user));
    let summary = process.as_service("GET", &path, None).await;
    assert_eq!(summary.json["points"], fixes.len(), "{summary:?}");
}
