//! Tracks of other programs go into a running service and come out of it.

use e2e::process::{Ended, Home, Process, run};

const RIDE: &str = "ts,lat,lon,altitude_m,user\n\
    2001-05-01T10:00:00Z,48.137154,11.576124,519.25,\n\
    2001-05-01T10:00:30Z,48.137254,11.576324,,\n\
    2001-05-01T10:00:30Z,48.137255,11.576324,,\n\
    2001-05-01T10:01:00Z,148.1,11.5,,\n\
    2001-05-01T10:01:30Z,48.137454,11.576724,520.5,ben|2\n";

/// Runs a command against a service, which it is told of behind its other words.
pub(super) async fn ask(home: &Home, process: &Process, words: &[&str]) -> Ended {
    let (url, data) = (format!("http://{}", process.address()), home.data());
    let data = data.to_str().expect("a readable path");
    run(&[words, &["--url", &url, "--data", data]].concat()).await
}

#[tokio::test]
async fn what_is_imported_comes_out_once_however_often_and_after_a_crash() {
    let home = Home::new("");
    let mut process = home.start().await;
    let file = home.data().join("ride.csv");
    std::fs::write(&file, RIDE).expect("written");
    let import = ["import", "track", file.to_str().expect("a path"), "--user", "ann"];
    for _ in 0..2 {
        let ended = ask(&home, &process, &import).await;
        assert_eq!(ended.code, Some(1), "a line is passed over: {ended:?}");
        assert!(ended.output.contains("4 points taken, 1 passed over"), "{ended:?}");
        assert!(ended.output.contains("position_out_of_range"), "{ended:?}");
        process.kill().await;
        process = home.start().await;
    }
    let ended = ask(&home, &process, &["export", "track", "--user", "ann"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.output.lines().collect();
    assert_eq!(lines.len(), 1 + 3, "{lines:#?}");
    for (line, place) in lines[1..].iter().zip(["48.137154", "48.137254", "48.137255"]) {
        assert!(
            line.contains(place) && line.contains("11.576") && line.contains("imported"),
            "{line}"
        );
    }
    let gpx = home.data().join("ben.gpx");
    let export = ["export", "track", "--user", "ben|2", "--format", "gpx", "--output"];
    let export = [&export[..], &[gpx.to_str().expect("a path")]].concat();
    let ended = ask(&home, &process, &export).await;
    assert_eq!((ended.code, &*ended.output), (Some(0), ""), "{ended:?}");
    let gpx_text = std::fs::read_to_string(&gpx).expect("made");
    assert!(
        gpx_text.contains("48.137454") && gpx_text.contains("2001-05-01T10:01:30"),
        "{gpx_text}"
    );
    // What was exported is imported.
    let import = ["import", "track", gpx.to_str().expect("a path"), "--user", "cid"];
    let ended = ask(&home, &process, &import).await;
    assert!(ended.code == Some(0) && ended.output.contains("1 points taken"), "{ended:?}");
    let early = ["export", "track", "--user", "ann", "--to", "988711230000"];
    let ended = ask(&home, &process, &early).await;
    assert_eq!(ended.output.lines().count(), 1 + 1, "{ended:?}");
}

#[tokio::test]
async fn a_file_or_a_service_that_can_not_be_used_is_named() {
    let home = Home::new("");
    let process = home.start().await;
    for (name, text, words) in [
        ("ride.kml", "", "--format gpx"),
        ("ride.gpx", "<html></html>", "it isn't GPX"),
        ("ride.csv", "when,where\n1,2\n", "names no column"),
    ] {
        let file = home.data().join(name);
        std::fs::write(&file, text).expect("written");
        let import = ["import", "track", file.to_str().expect("a path"), "--user", "ann"];
        let ended = ask(&home, &process, &import).await;
        assert!(ended.code == Some(1) && ended.log.contains(words), "{name}: {ended:?}");
    }
    let ended = run(&["export", "track", "--user", "ann", "--url", "http://127.0.0.1:1"]).await;
    assert!(ended.code == Some(1) && ended.log.contains("no service can be reached"), "{ended:?}");
}
