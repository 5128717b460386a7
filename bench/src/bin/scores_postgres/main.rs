//! The log of leaderboards in `PostgreSQL`, for `bench/scores`: what batches and single updates take.
//!
//! ```text
//! scores_postgres ours URL EVENTS BATCHES PLAYERS       batches of so many events, each of one change, one after the other
//! scores_postgres bare URL EVENTS BATCHES PLAYERS       bare INSERTs of the rows that these make of the log
//! scores_postgres bare-all URL EVENTS BATCHES PLAYERS   the same of all their rows: the log's, keys, what players have
//! scores_postgres singles URL RATE SECONDS PLAYERS NAME single updates, sent at this rate whatever is answered
//! ```

mod bare;
mod ours;
mod singles;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<usize>();
    match words[..] {
        ["ours", url, events, batches, players] => {
            ours::run(url, number(events)?, number(batches)?, number(players)?).await
        }
        [bare @ ("bare" | "bare-all"), url, events, batches, players] => {
            let sizes = (number(events)?, number(batches)?, number(players)?);
            bare::run(url, bare == "bare-all", sizes).await
        }
        ["singles", url, rate, seconds, players, name] => {
            singles::run(url, number(rate)?, number(seconds)?, number(players)?, name).await
        }
        _ => Err("see the top of main.rs for the words".into()),
    }
}

/// The id of a player, as long as ids of people are.
fn player(number: usize) -> String {
    format!("player-{number:08}")
}
