use super::*;
use model::UserId;

const NOW: i64 = 1_700_000_000_000;
const TTL: i64 = 600_000;
const RADIUS: f64 = 1_000.0;

fn at(latitude: f64, longitude: f64) -> Position {
    Position::new(latitude, longitude).expect("on Earth")
}

/// Everybody befriended with everybody, just reported, and nobody sees anybody yet.
fn world(positions: &[(f64, f64)]) -> World {
    let count = positions.len() as u32;
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    world_with(positions, pairs)
}

fn world_with(positions: &[(f64, f64)], pairs: impl IntoIterator<Item = (u32, u32)>) -> World {
    let names =
        (0..positions.len()).map(|n| UserId::parse(&format!("p{n}")).expect("an id")).collect();
    let people = positions
        .iter()
        .map(|(latitude, longitude)| Standing {
            shown: Some(Shown { position: at(*latitude, *longitude), time_ms: NOW - 1_000 }),
            certain: true,
            radius_m: RADIUS,
            view: Some(Vec::new()),
            outsiders: 0,
        })
        .collect();
    let graph = Arc::new(Graph::new(names, pairs));
    World {
        possible: Arc::clone(&graph),
        graph,
        people,
        asked_ms: NOW - 50,
        now_ms: NOW,
        ttl_ms: TTL,
    }
}

impl World {
    /// `watcher` sees `friend` where and when they are, at the right distance.
    fn sees(mut self, watcher: usize, friend: usize) -> Self {
        let from = self.people[watcher].shown.expect("a position").position;
        let to = self.people[friend].shown.expect("a position");
        let metres: f64 = Geodesic::wgs84().inverse(
            from.latitude(),
            from.longitude(),
            to.position.latitude(),
            to.position.longitude(),
        );
        let seen = Seen {
            position: to.position,
            time_ms: to.time_ms,
            distance_m: (metres * 10.0).round() / 10.0,
        };
        self.people[watcher].view.as_mut().expect("a view").push((friend as u32, seen));
        self
    }

    fn both_see(self, a: usize, b: usize) -> Self {
        self.sees(a, b).sees(b, a)
    }

    fn age(mut self, person: usize, age_ms: i64) -> Self {
        self.people[person].shown.as_mut().expect("a position").time_ms = NOW - age_ms;
        self
    }

    fn change(mut self, watcher: usize, change: impl FnOnce(&mut Seen)) -> Self {
        change(&mut self.people[watcher].view.as_mut().expect("a view")[0].1);
        self
    }

    fn verdict(&self) -> (u64, u64) {
        let verdict = judge(self);
        assert_eq!(verdict.examples.len() as u64, (verdict.missed + verdict.wrong).min(10));
        (verdict.missed, verdict.wrong)
    }
}

/// Two people on a meridian, `metres` apart.
fn apart(metres: f64) -> World {
    use geographiclib_rs::DirectGeodesic;
    let (latitude, longitude): (f64, f64) = Geodesic::wgs84().direct(48.0, 8.0, 30.0, metres);
    world(&[(48.0, 8.0), (latitude, longitude)])
}

#[test]
fn a_world_in_which_all_see_whom_they_must_passes() {
    let fine = apart(500.0).both_see(0, 1);
    let verdict = judge(&fine);
    assert_eq!((verdict.pairs, verdict.missed, verdict.wrong), (2, 0, 0));
}

#[test]
fn whoever_is_within_the_radius_and_not_seen_is_missed() {
    assert_eq!(apart(500.0).verdict(), (2, 0));
    assert_eq!(apart(999.98).sees(0, 1).verdict(), (1, 0));
}

#[test]
fn between_radius_and_exit_radius_either_is_right() {
    for metres in [1_000.0, 1_050.0, 1_100.0] {
        assert_eq!(apart(metres).verdict(), (0, 0));
        assert_eq!(apart(metres).both_see(0, 1).verdict(), (0, 0));
    }
}

#[test]
fn whoever_is_beyond_the_exit_radius_must_not_be_seen() {
    for metres in [1_100.02, 1_200.0, 500_000.0] {
        assert_eq!(apart(metres).verdict(), (0, 0));
        assert_eq!(apart(metres).sees(0, 1).verdict(), (0, 1));
    }
}

#[test]
fn a_small_radius_has_an_exit_twenty_metres_farther() {
    let mut near = apart(65.0).sees(0, 1);
    near.people.iter_mut().for_each(|p| p.radius_m = 50.0);
    assert_eq!(near.verdict(), (0, 0));
    let mut far = apart(70.02).sees(0, 1);
    far.people.iter_mut().for_each(|p| p.radius_m = 50.0);
    assert_eq!(far.verdict(), (0, 1));
}

#[test]
fn each_ones_own_radius_counts() {
    let mut world = apart(500.0).sees(0, 1);
    world.people[1].radius_m = 100.0;
    assert_eq!(world.verdict(), (0, 0));
}

#[test]
fn strangers_oneself_and_outsiders_must_not_be_seen() {
    let two = [(48.0, 8.0), (48.0, 8.0)];
    assert_eq!(world_with(&two, []).verdict(), (0, 0));
    assert_eq!(world_with(&two, []).sees(0, 1).verdict(), (0, 1));
    assert_eq!(world_with(&two, []).sees(0, 0).verdict(), (0, 1));
    let mut outsider = world_with(&two, []);
    outsider.people[0].outsiders = 2;
    assert_eq!(outsider.verdict(), (0, 2));
}

#[test]
fn the_expired_must_not_be_seen_and_see_nobody() {
    let gone = |age| apart(500.0).age(1, age);
    assert_eq!(gone(TTL + 600).verdict(), (0, 0));
    assert_eq!(gone(TTL + 600).sees(0, 1).verdict(), (0, 1));
    assert_eq!(gone(TTL + 600).sees(1, 0).verdict(), (0, 1));
}

#[test]
fn at_the_edge_of_the_ttl_either_is_right() {
    for age in [TTL - 400, TTL, TTL + 400] {
        assert_eq!(apart(500.0).age(1, age).verdict(), (0, 0));
        assert_eq!(apart(500.0).age(1, age).both_see(0, 1).verdict(), (0, 0));
    }
    assert_eq!(apart(500.0).age(1, TTL - 600).verdict(), (2, 0));
}

#[test]
fn people_without_a_position_see_nobody_and_are_not_seen() {
    let mut none = apart(500.0).both_see(0, 1);
    none.people[1].shown = None;
    assert_eq!(none.verdict(), (0, 2));
    none.people.iter_mut().for_each(|p| p.view = Some(Vec::new()));
    assert_eq!(none.verdict(), (0, 0));
}

#[test]
fn a_friend_must_be_shown_at_the_newest_position() {
    let fine = || apart(500.0).both_see(0, 1);
    assert_eq!(fine().change(0, |seen| seen.time_ms -= 1).verdict(), (0, 1));
    assert_eq!(fine().change(0, |seen| seen.position = at(48.0, 8.0)).verdict(), (0, 1));
}

#[test]
fn a_distance_may_be_off_by_its_rounding_only() {
    let fine = || apart(500.0).both_see(0, 1);
    assert_eq!(fine().change(0, |seen| seen.distance_m = 500.05).verdict(), (0, 0));
    assert_eq!(fine().change(0, |seen| seen.distance_m = 500.2).verdict(), (0, 1));
    assert_eq!(fine().change(0, |seen| seen.distance_m = f64::from(0)).verdict(), (0, 1));
}

#[test]
fn what_is_uncertain_is_not_judged_except_for_strangers() {
    let mut unsure = apart(500.0);
    unsure.people[1].certain = false;
    let verdict = judge(&unsure);
    assert_eq!((verdict.pairs, verdict.missed, verdict.wrong), (0, 0, 0));
    let mut stranger = world_with(&[(0.0, 0.0), (0.0, 0.0)], []).sees(0, 1);
    stranger.people[0].certain = false;
    assert_eq!(stranger.verdict(), (0, 1));
}

#[test]
fn whoever_is_not_connected_has_no_view_to_judge() {
    let mut away = apart(500.0).sees(0, 1);
    away.people[1].view = None;
    let verdict = judge(&away);
    assert_eq!((verdict.pairs, verdict.missed, verdict.wrong), (1, 0, 0));
}

#[test]
fn the_antimeridian_parts_nobody() {
    let pair = || world(&[(10.0, 179.999), (10.0, -179.999)]);
    assert_eq!(pair().verdict(), (2, 0));
    assert_eq!(pair().both_see(0, 1).verdict(), (0, 0));
    let same = world(&[(10.0, 180.0), (10.0, 180.0)]).both_see(0, 1);
    assert_eq!(same.change(0, |seen| seen.position = at(10.0, -180.0)).verdict(), (0, 0));
}

#[test]
fn around_a_pole_all_longitudes_are_near() {
    for pole in [90.0, -90.0_f64] {
        let near = pole - pole.signum() * 0.001;
        let across = || world(&[(near, 0.0), (near, 180.0), (pole, 77.0)]);
        assert_eq!(across().verdict(), (6, 0));
        let fine = across().both_see(0, 1).both_see(0, 2).both_see(1, 2);
        assert_eq!(fine.verdict(), (0, 0));
        let named_otherwise = world(&[(near, 0.0), (pole, 77.0)]).both_see(0, 1);
        let turned = named_otherwise.change(0, |seen| seen.position = at(pole, -12.0));
        assert_eq!(turned.verdict(), (0, 0));
    }
}

#[test]
fn many_on_one_point_must_all_see_each_other() {
    let crowd = || world(&[(0.0, 0.0); 20]);
    let verdict = judge(&crowd());
    assert_eq!((verdict.pairs, verdict.missed, verdict.wrong), (380, 380, 0));
    let mut fine = crowd();
    for a in 0..20 {
        for b in (0..20).filter(|b| *b != a) {
            fine = fine.sees(a, b);
        }
    }
    assert_eq!(fine.verdict(), (0, 0));
}

#[test]
fn the_cheap_bounds_decide_as_karney_does() {
    use geographiclib_rs::DirectGeodesic;
    use model::SeededRandom;
    let random = SeededRandom::new(11);
    let fraction = || crate::world::chance::fraction(&random);
    let world = world(&[]);
    let judge = Judge { world: &world, earth: Geodesic::wgs84(), verdict: Verdict::default() };
    for _ in 0..20_000 {
        let radius_m = 10f64.powf(1.0 + 4.0 * fraction());
        let metres = radius_m * 2.5 * fraction();
        let from = at(180.0 * fraction() - 90.0, 360.0 * fraction() - 180.0);
        let (latitude, longitude): (f64, f64) =
            judge.earth.direct(from.latitude(), from.longitude(), 360.0 * fraction(), metres);
        let to = at(latitude.clamp(-90.0, 90.0), longitude.clamp(-180.0, 180.0));
        let truth = judge.karney(from, to);
        let ring = judge.ring(from, to, radius_m);
        assert_eq!(ring == Ring::Within, truth <= radius_m - RIM_M, "{truth} of {radius_m}");
        assert_eq!(ring == Ring::Beyond, truth >= exit_radius(radius_m) + RIM_M);
    }
}

#[test]
fn complaints_name_people_and_no_coordinates() {
    let verdict = judge(&apart(500.0));
    assert_eq!(verdict.examples[0], "p0 misses p1 at 500.00 m and a radius of 1000 m");
    let stale = apart(500.0).both_see(0, 1).change(0, |seen| seen.time_ms -= 70);
    assert_eq!(judge(&stale).examples, ["p0, 70 ms behind the newest position, sees p1"]);
}

#[test]
fn whether_somebody_who_may_be_a_friend_is_seen_or_not_is_right() {
    let mut near = apart(500.0);
    near.graph = Arc::new(near.graph.with_pairs([]));
    assert_eq!(judge(&near), Verdict::default());
    assert_eq!(judge(&near.sees(0, 1)), Verdict::default());
    let mut strangers = apart(500.0).sees(0, 1);
    strangers.graph = Arc::new(strangers.graph.with_pairs([]));
    strangers.possible = Arc::clone(&strangers.graph);
    assert_eq!(strangers.verdict(), (0, 1));
}
