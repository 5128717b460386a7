//! What `check-config` approves starts and works: every setting at its least and at its greatest.

use std::path::Path;

use toml::{Table, Value};

use super::*;
use crate::config::schema::{self, Kind, Step};

/// With servers for everything, whose settings are looked at then.
const ON_SERVERS: &str = "[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\nbusinesses = \"postgres\"\n\
    leaderboards = \"postgres\"\nstandings = \"redis\"\nhistory = \"cassandra\"\nhistory_log = \"redis\"\n\
    [redis]\nshards = [{ name = \"a\", url = \"redis://a\" }]\n\
    [history]\nkey_files = [\"/key\"]\n[history.streams]\nservers = [{ name = \"a\", url = \"redis://a\" }]\n";

fn path(setting: &str) -> Vec<Step> {
    setting.split('.').map(|name| Step::Name(name.to_owned())).collect()
}

fn with(table: &Table, setting: &str, value: Value) -> Table {
    let mut changed = table.clone();
    let (mut place, mut names) = (&mut changed, setting.split('.').peekable());
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            place.insert(name.to_owned(), value);
            break;
        }
        let section = place.entry(name).or_insert_with(|| Value::Table(Table::new()));
        place = section.as_table_mut().expect("a section");
    }
    changed
}

fn works(table: &Table) -> bool {
    Value::Table(table.clone()).try_into::<Config>().is_ok_and(|it| it.validate().is_ok())
}

fn whole_numbers() -> impl Iterator<Item = (String, i64, i64)> {
    schema::all().into_iter().filter_map(|setting| match schema::kind(&path(&setting)) {
        Some(Kind::Whole(least, most)) => {
            Some((setting, i64::try_from(least).ok()?, i64::try_from(most).ok()?))
        }
        _ => None,
    })
}

fn default(setting: &str) -> i64 {
    let all = Table::try_from(Config::default()).expect("serialises");
    let value = setting.split('.').try_fold(Value::Table(all), |it, name| it.get(name).cloned());
    value.and_then(|value| value.as_integer()).expect("a number by default")
}

/// The value nearest to `to` that works, from the default on: an end of the range that is told, else found by halving.
fn edge(table: &Table, setting: &str, to: i64) -> i64 {
    let works_with = |value: i64| works(&with(table, setting, Value::Integer(value)));
    if works_with(to) {
        return to;
    }
    let default = default(setting);
    let ends = told_range(&with(table, setting, Value::Integer(to)), setting);
    if let Some((least, most)) = ends {
        let end = if to < default { least } else { most };
        if works_with(end) {
            return end;
        }
    }
    let (mut works_at, mut fails_at) = (i128::from(default), i128::from(to));
    while (works_at - fails_at).abs() > 1 {
        let middle = i128::midpoint(works_at, fails_at);
        let works = works_with(i64::try_from(middle).expect("between two"));
        if works { works_at = middle } else { fails_at = middle }
    }
    i64::try_from(works_at).expect("between two")
}

/// What is said of a setting to be from where to where.
fn told_range(table: &Table, setting: &str) -> Option<(i64, i64)> {
    let config: Config = Value::Table(table.clone()).try_into().ok()?;
    let faults = config.validate().err()?;
    let start = format!("{setting} must be from ");
    let faults = faults.iter().map(ToString::to_string);
    let ranges: Vec<_> =
        faults.filter_map(|fault| Some(fault.strip_prefix(&start)?.to_owned())).collect();
    let range = ranges.iter().find_map(|range| range.split_once(" to "))?;
    Some((range.0.parse().ok()?, range.1.parse().ok()?))
}

#[test]
fn every_number_has_a_least_and_a_greatest_value() {
    let table: Table = toml::from_str(ON_SERVERS).expect("settings");
    assert!(works(&table));
    for (setting, least, most) in whole_numbers() {
        let refused = |value| !works(&with(&table, &setting, Value::Integer(value)));
        assert!(refused(-1) || least < 0 && refused(least), "{setting} may be negative");
        assert!(refused(most) || most < i64::MAX, "{setting} may be anything");
        assert!(refused(i64::MAX), "{setting} may be anything");
    }
}

async fn starts(table: &Table, dir: &Path) {
    let mut table = with(table, "data.dir", Value::String(dir.display().to_string()));
    for name in ["http.listen", "operations.listen"] {
        table = with(&table, name, Value::String("localhost:0".to_owned()));
    }
    let config: Config = Value::Table(table).try_into().expect("settings");
    assert_eq!(config.validate().map_err(String::from), Ok(()));
    let node = Node::start(config).await.expect("it starts");
    let answer = live(node.address()).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    node.stop.cancel();
}

/// What `/live` is answered with.
async fn live(address: SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let request = "GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    let reading = socket.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("in time").expect("text");
    answer
}

#[tokio::test]
async fn a_service_works_with_every_number_at_its_least_and_at_its_greatest() {
    for is_least in [true, false] {
        let mut table = Table::new();
        for (setting, least, most) in whole_numbers() {
            let value = edge(&table, &setting, if is_least { least.max(-1) } else { most });
            let changed = with(&table, &setting, Value::Integer(value));
            // Where servers are chosen that the test hasn't, nothing is looked at.
            if !setting.starts_with("postgres.") && works(&changed) {
                table = changed;
            }
        }
        let dir = tempfile::tempdir().expect("a folder");
        starts(&table, dir.path()).await;
    }
}

#[tokio::test]
async fn a_service_works_with_every_text_that_is_approved_though_it_is_empty_or_has_two_lines() {
    for text in ["", "a\nb"] {
        let mut table = Table::new();
        for setting in schema::all() {
            let is_text = schema::kind(&path(&setting)) == Some(Kind::Text);
            let changed = with(&table, &setting, Value::String(text.to_owned()));
            // Where state lies is for the test to say, and whether a file is there is looked at beyond the values.
            let is_place = setting.starts_with("data.") || setting.ends_with("_file");
            if is_text && !is_place && works(&changed) {
                table = changed;
            }
        }
        let dir = tempfile::tempdir().expect("a folder");
        starts(&table, dir.path()).await;
    }
}
