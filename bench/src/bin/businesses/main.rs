//! What `bench/businesses` compares the service with, and what it searches.

mod baseline;
mod places;
mod postgis;

use std::process::ExitCode;

const USAGE: &str = "\
businesses places REAL COUNT PLACES CENTRES COUNT   writes places, made of the real ones, and centres of searches
businesses baseline empty|named ADDRESS             serves an empty answer, or 20 businesses, on any path
businesses postgis URL CENTRES RADIUS_M CONNECTIONS SEARCHES SQL   searches in PostGIS as often as told
businesses answers URL CENTRES RADIUS_M SEARCHES SQL               the same, and says what was found";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["places", real, count, places, centres, searches] => {
            places::write(real, number(count), places, centres, number(searches))
        }
        ["baseline", kind, address] => baseline::serve(kind, address).await,
        ["postgis", url, centres, radius, connections, searches, sql] => {
            let load = postgis::Load {
                url,
                centres,
                radius_m: f64::from(number(radius) as u32),
                connections: number(connections),
                searches: number(searches),
                sql,
            };
            load.run().await
        }
        ["answers", url, centres, radius, searches, sql] => {
            let load = postgis::Load {
                url,
                centres,
                radius_m: f64::from(number(radius) as u32),
                connections: 1,
                searches: number(searches),
                sql,
            };
            load.answers().await
        }
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Zero, which every command refuses, for what is no number.
fn number(word: &str) -> usize {
    word.parse().unwrap_or_default()
}
