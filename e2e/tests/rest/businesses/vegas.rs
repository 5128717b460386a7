//! The 65,087 real businesses of `data/pois.csv.gz`: imported by the real program, searched by the real program, and
//! judged by brute force with Karney's geodesics.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::PathBuf;

use e2e::process::{Home, Process, run};
use flate2::read::MultiGzDecoder;
use geographiclib_rs::{Geodesic, InverseGeodesic};
use model::{Position, Random, SeededRandom};
use proximity::Hexagon;
use serde_json::Value;

/// How far the product's distances may be off, metres: it promises a tenth of a millimetre, and rounds to whole ones.
const ERROR_M: f64 = 0.002;

/// A degree of latitude is longer than this everywhere, metres; one of longitude, in Las Vegas, than the other.
const DEGREE_M: (f64, f64) = (110_000.0, 88_000.0);

struct Place {
    name: String,
    category: String,
    latitude: f64,
    longitude: f64,
}

/// The places of the file by their ids there.
type Places = HashMap<String, Place>;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/pois.csv.gz")
}

fn places() -> Places {
    let file = File::open(file()).expect("the data is there");
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(file));
    let number = |text: &str| text.parse().expect("a number");
    let places = reader.records().map(|record| {
        let record = record.expect("a line");
        let [id, name, category, latitude, longitude] =
            [0, 1, 2, 3, 4].map(|at| record[at].to_owned());
        let (latitude, longitude) = (number(&latitude), number(&longitude));
        (id, Place { name, category, latitude, longitude })
    });
    places.collect()
}

/// What a search is for.
struct Search {
    centre: (f64, f64),
    radius: f64,
    /// A category, or a group.
    category: Option<&'static str>,
}

impl Search {
    fn path(&self, limit: usize) -> String {
        let Self { centre: (latitude, longitude), radius, category } = self;
        let category = category.map_or(String::new(), |it| {
            format!("&category={}", it.replace('&', "%26").replace(' ', "+"))
        });
        format!(
            "/v1/search/nearby?latitude={latitude}&longitude={longitude}&radius={radius}&limit={limit}{category}"
        )
    }

    /// Every place that may be found, with its distance.
    fn brute_force<'p>(&self, places: &'p Places) -> HashMap<&'p str, f64> {
        let earth = Geodesic::wgs84();
        let reach = self.radius + 1.0;
        let mut near = HashMap::new();
        for (id, place) in places {
            let matches = self.category.is_none_or(|wanted| {
                place.category == wanted || place.category.split(" / ").next() == Some(wanted)
            });
            let (north, east) = (place.latitude - self.centre.0, place.longitude - self.centre.1);
            let out = north.abs() * DEGREE_M.0 > reach || east.abs() * DEGREE_M.1 > reach;
            if matches && !out {
                let distance: f64 =
                    earth.inverse(self.centre.0, self.centre.1, place.latitude, place.longitude);
                if distance <= self.radius + ERROR_M {
                    near.insert(id.as_str(), distance);
                }
            }
        }
        near
    }
}

struct World {
    node: Process,
    places: Places,
    /// The file's ids by the server's.
    known: HashMap<String, String>,
}

impl World {
    async fn start(home: &Home) -> Self {
        let places = places();
        assert_eq!(places.len(), 65_087);
        let (file, data) = (file().display().to_string(), home.data().display().to_string());
        let arguments = ["import", "places", &file, "--data", &data];
        let first = run(&arguments).await;
        assert!(first.output.contains("65087 new") && first.code == Some(0), "{first:?}");
        let second = run(&arguments).await;
        let unchanged = "0 new, 0 changed, 65087 as they were, 0 left to their owners, 0 refused";
        assert!(second.output.contains(unchanged), "{second:?}");
        let mut world = Self { node: home.start().await, places, known: HashMap::new() };
        world.follow().await;
        world
    }

    /// Reads the whole feed: all businesses, and nothing but them.
    async fn follow(&mut self) {
        let mut after = String::new();
        loop {
            let page = self.get(&format!("/v1/businesses/changes?limit=500{after}")).await;
            for change in page["changes"].as_array().expect("a list") {
                let business = &change["business"];
                let source = business["source"]["id"].as_str().expect("an imported place");
                let place = &self.places[source];
                assert_eq!(business["version"], 1, "importing again changed nothing");
                assert_eq!(business["name"], place.name.trim());
                assert_eq!(business["position"]["latitude"], place.latitude);
                assert_eq!(business["position"]["longitude"], place.longitude);
                let id = change["id"].as_str().expect("an id").to_owned();
                self.known.insert(id, source.to_owned());
            }
            after = format!("&after={}", page["next"].as_str().expect("always there"));
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(self.known.values().collect::<BTreeSet<_>>().len(), self.places.len());
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.node.as_service("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json
    }

    /// The page is the nearest of what brute force finds, in the right order; answers its ids and whether there is more.
    async fn judge(&self, search: &Search, limit: usize) {
        let path = search.path(limit);
        let page = self.get(&format!("{path}&total=true")).await;
        let truth = search.brute_force(&self.places);
        let hits = page["businesses"].as_array().expect("a list");
        let surely = truth.values().filter(|distance| **distance < search.radius - ERROR_M).count();
        let total = page["total"].as_u64().expect("asked for") as usize;
        assert!((surely..=truth.len()).contains(&total), "{path}: {total}, {surely}");
        assert_eq!(hits.len(), total.min(limit), "{path}");
        assert_eq!(page["next_cursor"].is_null(), total <= limit, "{path}");
        self.in_order(&path, hits, &truth);
        let Some(last) = hits.last().and_then(|hit| hit["distance_m"].as_f64()) else { return };
        let end = if total > limit { last } else { search.radius };
        let found: BTreeSet<_> = hits.iter().map(|hit| self.source(hit)).collect();
        for (id, distance) in &truth {
            assert!(*distance >= end - ERROR_M || found.contains(id), "{path} misses {id}");
        }
    }

    /// Every hit is true, by distance and then id, and there once.
    fn in_order(&self, path: &str, hits: &[Value], truth: &HashMap<&str, f64>) {
        let ranks: Vec<_> = hits
            .iter()
            .map(|hit| {
                let told = hit["distance_m"].as_f64().expect("a distance");
                let distance =
                    truth.get(self.source(hit)).unwrap_or_else(|| panic!("{path}: {hit}"));
                assert!((told - distance).abs() < ERROR_M, "{path}: {told} for {distance}");
                ((told * 1_000.0).round() as u64, hit["id"].as_str().expect("an id"))
            })
            .collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{path}: {ranks:?}");
    }

    fn source(&self, hit: &Value) -> &str {
        &self.known[hit["id"].as_str().expect("an id")]
    }

    /// All pages of a search together are what it finds, in order.
    async fn walk(&self, search: &Search, limit: usize) -> usize {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{}{cursor}", search.path(limit))).await;
            all.extend(page["businesses"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let truth = search.brute_force(&self.places);
        self.in_order(&search.path(limit), &all, &truth);
        let surely = truth.values().filter(|distance| **distance < search.radius - ERROR_M).count();
        assert!((surely..=truth.len()).contains(&all.len()), "{} of {surely}", all.len());
        all.len()
    }

    /// Every cell of a viewport counts the places in it, and no place of the viewport is in another cell.
    async fn judge_density(&self, (south, west): (f64, f64), degrees: f64, resolution: usize) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut within: BTreeSet<String> = BTreeSet::new();
        let (north, east) = (south + degrees, west + degrees);
        for place in self.places.values() {
            let at = Position::new(place.latitude, place.longitude).expect("on Earth");
            let cell = Hexagon::all_of(at).nth(resolution).expect("one of each").to_string();
            *counts.entry(cell.clone()).or_default() += 1;
            if (south..=north).contains(&at.latitude()) && (west..=east).contains(&at.longitude()) {
                within.insert(cell);
            }
        }
        let viewport = format!("south={south}&west={west}&north={north}&east={east}");
        let path = format!("/v1/search/density?{viewport}&resolution={resolution}");
        let page = self.get(&path).await;
        for cell in page["cells"].as_array().expect("a list") {
            let name = cell["cell"].as_str().expect("text");
            assert_eq!(cell["businesses"].as_u64().as_ref(), counts.get(name), "{path}: {name}");
            within.remove(name);
        }
        assert!(within.is_empty(), "{path} misses {within:?}");
    }

    /// Where the most stand on one point.
    fn crowd(&self) -> ((f64, f64), usize) {
        let mut points: BTreeMap<(u64, u64), (usize, (f64, f64))> = BTreeMap::new();
        for place in self.places.values() {
            let at = (place.latitude, place.longitude);
            points.entry((at.0.to_bits(), at.1.to_bits())).or_insert((0, at)).0 += 1;
        }
        let (count, at) =
            points.into_values().max_by_key(|(count, _)| *count).expect("there are places");
        (at, count)
    }
}

#[tokio::test]
async fn searches_among_the_real_businesses_find_what_brute_force_finds() {
    let home = Home::new("");
    let world = World::start(&home).await;
    for resolution in 0..=7 {
        world.judge_density((35.9, -115.4), 0.5, resolution).await;
        world.judge_density((36.13, -115.16), 0.03, resolution + 4).await;
    }
    let mut sorted: Vec<_> = world.places.iter().collect();
    sorted.sort_by_key(|(id, _)| *id);
    let random = SeededRandom::new(65_087);
    let categories = [None, None, Some("Retail"), Some("Health Services / Medical Lab")];
    for radius in [1.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 20_000.0] {
        for (turn, category) in categories.into_iter().enumerate() {
            let (_, place) = sorted[random.next_u64() as usize % sorted.len()];
            // On a business, or beside one, or a few kilometres out.
            let off = [0.0, 0.000_7, 0.0, 0.03][turn];
            let centre = (place.latitude + off, place.longitude - off);
            let search = Search { centre, radius, category };
            for limit in [20, 100] {
                world.judge(&search, limit).await;
            }
        }
    }
    let (centre, count) = world.crowd();
    assert!(count >= 200, "{count}");
    let crowd = Search { centre, radius: 1.0, category: None };
    assert!(world.walk(&crowd, 20).await >= count);
    let around = Search { centre, radius: 2_000.0, category: None };
    assert!(world.walk(&around, 100).await > count);
    let filtered =
        Search { centre, radius: 20_000.0, category: Some("Retail / Laundry & Dry Cleaning") };
    assert!(world.walk(&filtered, 50).await > 50);
}
