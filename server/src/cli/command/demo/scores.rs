use std::collections::HashMap;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use model::{BoardId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::service::Service;

/// What footballers scored in three seasons of a fantasy game (see data/README.md).
const SCORES: &[u8] = include_bytes!("../../../../../data/scores.csv.gz");

/// The season that is played, and the board that it is played on.
const SEASON: &str = "2018-19";
const BOARD: &str = "fantasy";

/// How often scores are posted, and how many at a time: the season takes a quarter of an hour.
const EVERY: Duration = Duration::from_millis(250);
const AT_ONCE: usize = 4;

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    season: String,
    player_id: String,
    player: String,
    points: i64,
}

/// What somebody scored.
struct Scored {
    line: usize,
    user: UserId,
    points: i64,
}

/// A season of scores, and who plays in it.
pub(super) struct Season {
    scored: Vec<Scored>,
    /// The footballers who are nobody in the city, with their names.
    names: Vec<(UserId, String)>,
}

impl Season {
    /// The people of the city play as those footballers who scored most often, the others as themselves.
    pub(super) fn read(people: &[UserId]) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(SCORES));
        let lines: Result<Vec<Line>, _> = reader.deserialize().collect();
        let lines = lines.map_err(|e| format!("data/scores.csv.gz: {e}"))?;
        let season = || {
            let numbered = lines.iter().enumerate();
            numbered.filter(|(_, line)| line.season == SEASON && line.points != 0)
        };
        let mut times: HashMap<&str, (usize, &str)> = HashMap::new();
        for (_, line) in season() {
            times.entry(&line.player_id).or_insert((0, &line.player)).0 += 1;
        }
        let mut players: Vec<_> = times.into_iter().collect();
        players.sort_by_key(|(id, (times, _))| (std::cmp::Reverse(*times), *id));
        let (mut users, mut names) = (HashMap::new(), Vec::new());
        for (n, (id, (_, name))) in players.into_iter().enumerate() {
            let user = match people.get(n) {
                Some(person) => person.clone(),
                None => UserId::parse(&format!("fpl-{id}")).map_err(|e| e.to_string())?,
            };
            if n >= people.len() {
                names.push((user.clone(), name.to_owned()));
            }
            users.insert(id, user);
        }
        let scored = season().filter_map(|(n, line)| {
            let user = users.get(line.player_id.as_str())?.clone();
            Some(Scored { line: n, user, points: line.points })
        });
        Ok(Self { scored: scored.collect(), names })
    }

    /// The name of the board.
    pub(super) fn board() -> BoardId {
        BoardId::parse(BOARD).expect("a valid name")
    }

    /// Makes the board that it is played on.
    pub(super) async fn make_board(service: &Service) -> Result<(), String> {
        let rules = json!({ "wins": "high", "operator": "sum" });
        service.put(&format!("/v1/boards/{BOARD}"), rules.to_string()).await.map(drop)
    }

    /// Plays it, to its end or until this is dropped.
    pub(super) async fn play(self, service: Service) {
        if let Err(error) = self.try_to_play(&service).await {
            tracing::warn!(error, "the demo's season ends early");
        }
    }

    async fn try_to_play(self, service: &Service) -> Result<(), String> {
        for (user, name) in &self.names {
            let body = json!({ "display_name": name }).to_string();
            service.put(&format!("/v1/users/{user}"), body).await?;
        }
        let mut ticks = tokio::time::interval(EVERY);
        for some in self.scored.chunks(AT_ONCE) {
            ticks.tick().await;
            let events: Vec<Value> = some.iter().map(Scored::event).collect();
            service.post("/v1/scores", json!({ "events": events }).to_string()).await?;
        }
        Ok(())
    }
}

impl Scored {
    fn event(&self) -> Value {
        let Self { line, user, points } = self;
        let key = format!("{SEASON} {line}");
        json!({ "key": key, "board": BOARD, "user": user.as_str(), "delta": points })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_the_city_play_along() {
        let people: Vec<UserId> =
            (0..60).map(|n| UserId::parse(&format!("p{n}")).expect("an id")).collect();
        let season = Season::read(&people).expect("the file is there");
        let scorers: std::collections::HashSet<_> =
            season.scored.iter().map(|it| &it.user).collect();
        assert!(people.iter().all(|person| scorers.contains(person)));
        assert!(season.names.iter().all(|(user, _)| user.as_str().starts_with("fpl-")));
        assert_eq!(scorers.len(), people.len() + season.names.len());
        assert!(season.scored.len() > 5_000, "{}", season.scored.len());
    }
}
