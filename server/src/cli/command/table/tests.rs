use model::UserId;

use super::*;

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("an id")
}

fn coming(watcher: &str, friend: &str, what: Change) -> Coming {
    Coming { watcher: user(watcher), friend: user(friend), what }
}

#[test]
fn two_who_see_each_other_are_told_once() {
    let mut events = Events::default();
    for (watcher, friend, what) in [
        ("ann", "ben", Change::Came),
        ("cy", "ann", Change::Came),
        ("ben", "ann", Change::Came),
        ("ann", "ben", Change::Far),
        ("ben", "ann", Change::Came),
    ] {
        events.add(&coming(watcher, friend, what));
    }
    let told: Vec<_> =
        events.shown.iter().map(|it| console::strip_ansi_codes(&event(it)).into_owned()).collect();
    assert_eq!(
        told,
        [
            "  near  ben and ann see each other",
            "  near  cy sees ann",
            "  far   ben is too far away for ann",
            "  near  ben sees ann",
        ]
    );
    for n in 0..20 {
        events.add(&coming("ann", &format!("friend-{n}"), Change::Gone));
    }
    assert_eq!(events.shown.len(), EVENTS);
}

#[test]
fn nothing_is_wider_than_the_screen_and_what_does_not_fit_is_counted() {
    let sight = |n: usize| Sight {
        friend: user(&format!("friend-{n}")),
        distance_m: 1_234.0,
        age_ms: 5_000,
    };
    let sights: Vec<_> = (0..14).map(sight).collect();
    for columns in [40, 60, 80, 100, 120, 500] {
        let line = console::strip_ansi_codes(&person("somebody", &sights, columns)).into_owned();
        assert!(console::measure_text_width(&line) <= columns, "{columns}: {line}");
        let whole = line.matches(" km 5 s").count();
        let more = if whole == 14 { String::new() } else { format!(" +{}", 14 - whole) };
        assert!(line.ends_with(&more) && (whole > 0 || columns < 60), "{columns}: {line}");
        let pieces: Vec<_> = (0..8).map(|n| "x".repeat(10 + n)).collect();
        let lines = wrapped(&pieces, columns);
        assert!(lines.iter().all(|line| line.len() <= columns), "{columns}: {lines:?}");
        assert_eq!(lines.join("  "), pieces.join("  "));
    }
}
