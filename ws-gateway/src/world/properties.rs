//! Nobody missed, nobody shown wrongly: random worlds, judged by the oracle of `simulation`, which computes every pair by
//! Karney's geodesic and shares no geometry with us.

use geographiclib_rs::{DirectGeodesic, Geodesic};
use model::Position;
use proptest::prelude::*;
use simulation::{Graph, Seen, Shown, Standing, judge};

use super::*;

const PEOPLE: usize = 7;
const TTL_MS: u64 = 60_000;

#[derive(Debug, Clone)]
enum Action {
    Move(usize, (f64, f64)),
    SignOff(usize),
    Befriend(usize, usize),
    Part(usize, usize),
    Radius(usize, f64),
    Reconnect(usize, usize),
    Stick(usize),
    Gap(usize),
    Pass(u64),
}

/// Places within some 60 km of each other, and often on one point or on the rim of a radius; at the poles and the
/// antimeridian as likely as elsewhere.
fn places(base: (f64, f64)) -> impl Strategy<Value = (f64, f64)> {
    let distances = prop_oneof![
        Just(0.0),
        0.0..100.0f64,
        0.0..15_000.0f64,
        0.0..60_000.0f64,
        (0.0..2.0f64).prop_map(|d| 8_046.0 + d),
        (0.0..2.0f64).prop_map(|d| 8_850.7 + d),
    ];
    (distances, 0.0..360.0f64).prop_map(move |(metres, azimuth)| {
        let (lat, lon, _) = Geodesic::wgs84().direct(base.0, base.1, azimuth, metres);
        (lat.clamp(-90.0, 90.0), (lon + 540.0).rem_euclid(360.0) - 180.0)
    })
}

fn bases() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        (-85.0..85.0f64, -180.0..180.0f64),
        Just((90.0, 0.0)),
        Just((-90.0, 0.0)),
        (89.8..90.0f64, -180.0..180.0f64),
        (-80.0..80.0f64, 179.95..180.0f64),
        (-80.0..80.0f64, Just(-180.0)),
        Just((0.0, 0.0)),
    ]
}

fn actions(base: (f64, f64)) -> impl Strategy<Value = Vec<Action>> {
    let who = || 0..PEOPLE;
    let action = prop_oneof![
        12 => (who(), places(base)).prop_map(|(p, place)| Action::Move(p, place)),
        1 => who().prop_map(Action::SignOff),
        2 => (who(), who()).prop_map(|(a, b)| Action::Befriend(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Action::Part(a, b)),
        1 => (who(), 100.0..50_000.0f64).prop_map(|(p, r)| Action::Radius(p, r.round())),
        1 => (who(), 0..2usize).prop_map(|(p, g)| Action::Reconnect(p, g)),
        1 => who().prop_map(Action::Stick),
        1 => (0..2usize).prop_map(Action::Gap),
        2 => prop_oneof![1u64..2_000, 10_000..40_000u64, Just(TTL_MS)].prop_map(Action::Pass),
    ];
    proptest::collection::vec(action, 1..60)
}

/// A world with what the oracle needs to know of it.
struct Scene {
    world: World,
    pairs: Vec<(u32, u32)>,
    shown: Vec<Option<Shown>>,
    radius_m: Vec<f64>,
}

fn name(person: usize) -> String {
    format!("p{person}")
}

impl Scene {
    fn new() -> Self {
        let config = Config { ttl_ms: TTL_MS, ..Config::default() };
        let mut world = World::new(2, config);
        let mut pairs = Vec::new();
        for a in 0..PEOPLE {
            for b in 0..a {
                if (a + b) % 3 != 0 {
                    world.set_friends(&name(a), &name(b), true);
                    pairs.push((b as u32, a as u32));
                }
            }
        }
        for person in 0..PEOPLE {
            world.connect(&name(person), person % 2);
        }
        Self { world, pairs, shown: vec![None; PEOPLE], radius_m: vec![8_047.0; PEOPLE] }
    }

    fn act(&mut self, action: &Action) {
        let world = &mut self.world;
        let dumb = |client: &Client| client.stuck || client.closed.is_some();
        match *action {
            Action::Move(person, _) | Action::SignOff(person) if dumb(&world.clients[person]) => {}
            Action::Move(person, place) => {
                let time_ms = world.now_ms();
                let position = Position::new(place.0, place.1).expect("on Earth");
                let ack = world.at(person, place);
                assert_eq!(ack["shown"], true, "{ack}");
                self.shown[person] = Some(Shown { position, time_ms });
            }
            Action::SignOff(person) => {
                let device = format!("d{person}");
                world.say(person, &json!({ "type": "sign_off", "device": device }));
                self.shown[person] = None;
                // The next fix has to be later than the end.
                world.step(2);
            }
            Action::Befriend(a, b) | Action::Part(a, b) if a == b => {}
            Action::Befriend(a, b) => self.pair(a, b, true),
            Action::Part(a, b) => self.pair(a, b, false),
            Action::Radius(person, radius_m) => {
                self.radius_m[person] = radius_m;
                world.set_radius(&name(person), radius_m);
            }
            Action::Reconnect(person, gateway) => world.reconnect(person, gateway),
            Action::Stick(person) => {
                let stuck = &mut world.clients[person].stuck;
                *stuck = !*stuck;
            }
            Action::Gap(gateway) => {
                world.gateways[gateway].registry.signal_all(|signals| signals.gap = true);
            }
            Action::Pass(ms) => world.pass_ms(ms),
        }
        self.world.step(1);
        self.world.settle();
    }

    fn pair(&mut self, a: usize, b: usize, friends: bool) {
        self.world.set_friends(&name(a), &name(b), friends);
        let pair = (a.min(b) as u32, a.max(b) as u32);
        self.pairs.retain(|held| *held != pair);
        if friends {
            self.pairs.push(pair);
        }
    }

    /// Lets everybody read, waits two ticks of the slowest, and asks the oracle.
    fn judged(&mut self) -> simulation::Verdict {
        for client in &mut self.world.clients {
            if std::mem::take(&mut client.stuck) {
                client.driver.flushed();
            }
        }
        self.world.two_ticks();
        // Whoever was degraded is written to once in a longer interval.
        self.world.pass_ms(self.world.config.degraded_interval_ms);
        let now_ms = self.world.now_ms();
        let people: Vec<UserId> = (0..PEOPLE).map(|p| id(&name(p))).collect();
        let graph = Arc::new(Graph::new(people, self.pairs.clone()));
        let standing = |person: usize| Standing {
            shown: self.shown[person],
            certain: true,
            radius_m: self.radius_m[person],
            view: self.view(person),
            outsiders: 0,
        };
        let people = (0..PEOPLE).map(standing).collect();
        let ttl_ms = TTL_MS as i64;
        judge(&simulation::World {
            possible: graph.clone(),
            graph,
            people,
            asked_ms: now_ms,
            now_ms,
            ttl_ms,
        })
    }

    /// None for somebody who was closed, as after having been stuck for too long.
    fn view(&self, person: usize) -> Option<Vec<(u32, Seen)>> {
        let client = &self.world.clients[person];
        if client.closed.is_some() {
            return None;
        }
        let seen = |value: &Value| {
            let number = |name: &str| value[name].as_f64().expect("a number");
            let position = Position::new(number("latitude"), number("longitude"));
            Seen {
                position: position.expect("on Earth"),
                time_ms: value["time_ms"].as_i64().expect("a time"),
                distance_m: number("distance_m"),
            }
        };
        let entry =
            |(name, value): (&String, &Value)| (name[1..].parse().expect("a number"), seen(value));
        Some(client.friends.iter().map(entry).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nobody_is_missed_and_nobody_shown_wrongly(
        steps in bases().prop_flat_map(actions),
    ) {
        let mut scene = Scene::new();
        for (n, step) in steps.iter().enumerate() {
            scene.act(step);
            if n % 5 == 4 || n + 1 == steps.len() {
                let verdict = scene.judged();
                prop_assert!(verdict.missed == 0 && verdict.wrong == 0, "{verdict:?} after step {n}");
            }
        }
    }
}
