//! The commands of operators, against a service that goes on serving.

use std::path::{Path, PathBuf};

use e2e::process::{Ended, Home, Process, run};
use serde_json::{Value, json};

/// The season that is imported: the shortest.
const SEASON: &str = "2022-23";

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/scores.csv.gz")
}

/// A command that asks this service.
async fn ask(home: &Home, service: &Process, command: &[&str]) -> Ended {
    let url = format!("http://{}", service.address());
    let data = home.data().display().to_string();
    let more = ["--url", &url, "--data", &data];
    run(&[command, &more].concat()).await
}

async fn make(service: &Process, board: &str) {
    let rules = json!({ "wins": "high", "operator": "sum" });
    let path = format!("/v1/boards/{board}");
    let made = service.as_service("PUT", &path, Some(rules)).await;
    assert_eq!(made.status, 201, "{made:?}");
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn scores_are_imported_once_shown_verified_and_exported() {
    let home = Home::new("");
    let service = home.start().await;
    let seasons = ["2018-19", "2019-20"];
    for board in seasons.into_iter().chain([SEASON]) {
        make(&service, board).await;
    }
    let (file, columns) = (text(&data()), "board=season,user=player_id,delta=points");
    let import = ["import", "scores", &file, "--columns", columns];
    for _ in 0..2 {
        let ended = ask(&home, &service, &import).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.output.contains("70855 taken, 0 refused"), "{}", ended.output);
    }
    let top = service.as_service("GET", "/v1/scores?board=2018-19&limit=3", None).await.json;
    let listed = ask(&home, &service, &["board", "list"]).await;
    assert!(seasons.iter().all(|it| listed.output.contains(it)), "{}", listed.output);
    let shown = ask(&home, &service, &["board", "show", "2018-19"]).await;
    let first = top["standings"][0]["score"].to_string();
    for words in ["up to date", &first, "sum"] {
        assert!(shown.output.contains(words), "{words}: {}", shown.output);
    }
    let verified = ask(&home, &service, &["board", "verify", "2018-19"]).await;
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let count = top["count"].to_string();
    assert!(verified.output.contains(&format!("{count} players compared, 0 different")));
    let rebuilt = ask(&home, &service, &["board", "rebuild", "2018-19"]).await;
    assert!(rebuilt.output.contains("built anew"), "{rebuilt:?}");
    let ndjson = ["board", "export", "2018-19", "--format", "ndjson"];
    let exported = ask(&home, &service, &ndjson).await;
    let lines: Vec<Value> =
        exported.output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(lines.len()), top["count"]);
    assert_eq!(json!(lines[..3]), top["standings"]);
    let csv = ask(&home, &service, &["board", "export", "2018-19"]).await;
    let second = csv.output.lines().nth(1).expect("a line");
    assert!(second.starts_with("1,") && second.ends_with(&format!(",,{first}")), "{second}");
}

#[tokio::test]
async fn what_can_not_be_imported_is_named_by_its_line() {
    let home = Home::new("");
    let service = home.start().await;
    make(&service, "weekly").await;
    let file = home.data().with_file_name("scores.csv");
    std::fs::write(&file, "user,delta\nann,1\nbob,much\nme,1\ncid,9223372036854775807\ncid,1\n")
        .expect("written");
    let file = text(&file);
    let ended = ask(&home, &service, &["import", "scores", &file, "--board", "weekly"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.output.contains("2 taken, 3 refused"), "{}", ended.output);
    for line in ["line 3: delta is no whole number", "line 4: user", "line 6: "] {
        assert!(ended.log.contains(line), "{line}: {}", ended.log);
    }
    let ended = ask(&home, &service, &["import", "scores", &file]).await;
    assert!(ended.log.contains("--board"), "{ended:?}");
    let ended = ask(&home, &service, &["import", "scores", &file, "--board", "other"]).await;
    assert!(ended.log.contains("there is no board other"), "{ended:?}");
    let ended = run(&["board", "list", "--url", "http://127.0.0.1:1"]).await;
    assert!(ended.log.contains("--url") || ended.log.contains("--data"), "{ended:?}");
}

#[tokio::test]
async fn only_operators_look_behind_a_board() {
    let home = Home::new("");
    let service = home.start().await;
    make(&service, "weekly").await;
    for (method, path) in
        [("GET", "/index"), ("POST", "/index/verification"), ("POST", "/index/rebuild")]
    {
        let answer = service.as_service(method, &format!("/v1/boards/weekly{path}"), None).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
}
