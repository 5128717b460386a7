//! The 70,855 entries of `data/scores.csv.gz`, three seasons of a fantasy game: posted to a board a season, where the score
//! after each must be the file's own running total, and the final tables what sorting them gives.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::PathBuf;

use e2e::Sandbox;
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::world::{get, make, post, sums, walk};

/// An entry, and what the player has after it.
struct Entry {
    season: String,
    player: String,
    points: i64,
    total_after: i64,
}

fn entries() -> Vec<Entry> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/scores.csv.gz");
    let file = File::open(file).expect("the data is there");
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(file));
    let number = |text: &str| text.parse().expect("a number");
    let entry = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a line");
        Entry {
            season: record[0].to_owned(),
            player: record[3].to_owned(),
            points: number(&record[5]),
            total_after: number(&record[6]),
        }
    };
    reader.records().map(entry).collect()
}

/// Everybody's last total, best first, of equal ones whoever came to it first; with standard ranks.
fn table(entries: &[Entry], season: &str) -> Vec<(String, u64, i64)> {
    let mut totals: HashMap<&str, (i64, usize)> = HashMap::new();
    for (line, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.season == season) {
        let known = totals.entry(&entry.player).or_insert((entry.total_after, line));
        if known.0 != entry.total_after {
            *known = (entry.total_after, line);
        }
    }
    let mut sorted: Vec<_> = totals.into_iter().collect();
    sorted.sort_by_key(|(_, (total, line))| (-total, *line));
    let rank =
        |total: i64| sorted.iter().filter(|(_, (other, _))| *other > total).count() as u64 + 1;
    sorted.iter().map(|(player, (total, _))| ((*player).to_owned(), rank(*total), *total)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_real_seasons_come_to_their_totals_and_tables() {
    let world = Sandbox::start().await;
    let entries = entries();
    assert_eq!(entries.len(), 70_855);
    let mut seasons: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *seasons.entry(&entry.season).or_default() += 1;
    }
    assert_eq!(seasons.len(), 3);
    for season in seasons.keys() {
        make(&world, season, sums()).await;
    }
    for (batch, some) in entries.chunks(256).enumerate() {
        let event = |(n, entry): (usize, &Entry)| {
            json!({
                "key": format!("line {}", batch * 256 + n),
                "board": entry.season, "user": entry.player, "delta": entry.points,
            })
        };
        let events: Vec<Value> = some.iter().enumerate().map(event).collect();
        let answer = post(&world, json!({ "events": events })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for (n, entry) in some.iter().enumerate() {
            let told = &answer.json["events"][n]["results"][0]["score"];
            assert_eq!(*told, entry.total_after, "line {}", batch * 256 + n);
        }
    }
    for (season, count) in seasons {
        let table = table(&entries, season);
        assert_eq!(walk(&world, season, 100).await, table, "{season}");
        let top = get(&world, &format!("/v1/scores?board={season}")).await;
        assert_eq!(top["count"], table.len());
        // Every entry has moved the board on by one.
        assert!(top["as_of"].as_str().is_some_and(|as_of| as_of.ends_with(&format!(".{count}"))));
    }
    // What was sent before counts no more.
    let again = json!({
        "key": "line 0", "board": entries[0].season, "user": entries[0].player, "delta": entries[0].points,
    });
    let answer = post(&world, json!({ "events": [again] })).await;
    assert_eq!(answer.json["events"][0]["results"][0]["score"], entries[0].total_after);
}
