use std::f64::consts::TAU;
use std::fs::File;
use std::io::{BufWriter, Write};

use flate2::read::GzDecoder;
use model::{Random, SeededRandom};

use crate::Done;

/// The same places every time.
const SEED: u64 = 1;
/// The real places' city, in degrees.
const REAL: (f64, f64) = (36.14, -115.17);
/// Where it and its copies are: cities at all latitudes that people live at.
const CITIES: [(f64, f64); 20] = [
    REAL,
    (35.68, 139.76),
    (51.51, -0.13),
    (-23.55, -46.63),
    (28.61, 77.21),
    (40.71, -74.01),
    (6.45, 3.39),
    (-33.87, 151.21),
    (55.75, 37.62),
    (30.04, 31.24),
    (19.43, -99.13),
    (1.35, 103.82),
    (-1.29, 36.82),
    (64.15, -21.94),
    (31.23, 121.47),
    (-18.14, 178.44),
    (48.86, 2.35),
    (41.01, 28.98),
    (-34.6, -58.38),
    (69.65, 18.96),
];
/// How far a copy is moved besides: standard deviation on each axis, metres. What stands on one point stays together.
const JITTER_M: f64 = 150.0;
/// How far searches begin from some business: the same.
const STROLL_M: f64 = 200.0;
/// Metres in a degree of latitude, roughly.
const DEGREE_M: f64 = 111_200.0;

#[derive(Clone)]
struct Place {
    id: String,
    name: String,
    category: String,
    latitude: f64,
    longitude: f64,
}

/// Writes `count` places as CSV that `whereabouts import places` takes, and the centres of `searches`, one a line.
pub(crate) fn write(
    real: &str,
    count: usize,
    places: &str,
    centres: &str,
    searches: usize,
) -> Done {
    let real = read(real)?;
    if count == 0 || searches == 0 || count > real.len() * CITIES.len() {
        return Err(format!("between 1 and {} places", real.len() * CITIES.len()).into());
    }
    let random = SeededRandom::new(SEED);
    let mut made = Vec::with_capacity(count);
    for city in 0..CITIES.len() {
        // Of each city as many as of the others, as few as that may be.
        let wanted = count * (city + 1) / CITIES.len() - made.len();
        copy(&real, city, wanted.min(real.len()), &random, &mut made);
    }
    shuffle(&mut made, &random);
    let mut file = csv::Writer::from_path(places)?;
    file.write_record(["id", "name", "category", "lat", "lon"])?;
    for Place { id, name, category, latitude, longitude } in &made {
        let (latitude, longitude) = (format!("{latitude:.6}"), format!("{longitude:.6}"));
        file.write_record([id, name, category, &latitude, &longitude])?;
    }
    file.flush()?;
    let mut file = BufWriter::new(File::create(centres)?);
    for _ in 0..searches {
        let Place { latitude, longitude, .. } = &made[below(&random, made.len())];
        let (latitude, longitude) = moved(*latitude, *longitude, shift(&random, STROLL_M));
        writeln!(file, "{latitude:.6} {longitude:.6}")?;
    }
    file.flush()?;
    Ok(())
}

fn read(path: &str) -> Result<Vec<Place>, Box<dyn std::error::Error + Send + Sync>> {
    let mut places = Vec::new();
    for record in csv::Reader::from_reader(GzDecoder::new(File::open(path)?)).records() {
        let record = record?;
        places.push(Place {
            id: record[0].to_owned(),
            name: record[1].to_owned(),
            category: record[2].to_owned(),
            latitude: record[3].parse()?,
            longitude: record[4].parse()?,
        });
    }
    // Those on one point beside each other.
    places.sort_by(|a, b| {
        a.latitude.total_cmp(&b.latitude).then(a.longitude.total_cmp(&b.longitude))
    });
    Ok(places)
}

/// Adds `wanted` of the real places, turned by some angle around the middle of their city, to another city.
fn copy(real: &[Place], city: usize, wanted: usize, random: &SeededRandom, made: &mut Vec<Place>) {
    let (sin, cos) = if city == 0 { (0.0, 1.0) } else { (fraction(random) * TAU).sin_cos() };
    let (latitude, longitude) = CITIES[city];
    let narrower = REAL.0.to_radians().cos();
    let mut left = wanted;
    let mut off = shift(random, JITTER_M);
    for (at, place) in real.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &real[before]);
        if before.is_none_or(|it| (it.latitude, it.longitude) != (place.latitude, place.longitude))
        {
            off = shift(random, JITTER_M);
        }
        if below(random, real.len() - at) >= left {
            continue;
        }
        left -= 1;
        let north = (place.latitude - REAL.0) * DEGREE_M;
        let east = (place.longitude - REAL.1) * DEGREE_M * narrower;
        let turned = (north * cos - east * sin + off.0, north * sin + east * cos + off.1);
        let (latitude, longitude) = moved(latitude, longitude, turned);
        made.push(Place {
            id: format!("{city}-{}", place.id),
            latitude,
            longitude,
            ..place.clone()
        });
    }
}

/// So many metres north and east; over the antimeridian too.
fn moved(latitude: f64, longitude: f64, (north_m, east_m): (f64, f64)) -> (f64, f64) {
    let narrower = latitude.to_radians().cos();
    let longitude = longitude + east_m / DEGREE_M / narrower;
    (latitude + north_m / DEGREE_M, (longitude + 540.0).rem_euclid(360.0) - 180.0)
}

/// Metres on two axes, of the normal distribution.
fn shift(random: &SeededRandom, deviation_m: f64) -> (f64, f64) {
    let far = deviation_m * (-2.0 * (1.0 - fraction(random)).ln()).sqrt();
    let (sin, cos) = (fraction(random) * TAU).sin_cos();
    (far * sin, far * cos)
}

fn fraction(random: &SeededRandom) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn below(random: &SeededRandom, end: usize) -> usize {
    (random.next_u64() % end as u64) as usize
}

fn shuffle(places: &mut [Place], random: &SeededRandom) {
    for last in (1..places.len()).rev() {
        places.swap(last, below(random, last + 1));
    }
}
