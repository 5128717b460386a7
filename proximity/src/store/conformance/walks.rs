//! Page after page.

use std::collections::HashMap;

use api::Work;

use super::Backend;
use super::searches::{brute, query, ranks};
use super::world::{World, at, details};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::Mutation;
use crate::core::geo::circle::Millimetres;
use crate::core::search::{Query, SearchCursor};
use crate::http::cursor;
use crate::service::Proximity;
use crate::service::run::Detail;

/// Walks in the case of that.
const WALKS: usize = 40;

async fn page(
    proximity: &Proximity,
    query: &Query,
    after: Option<SearchCursor>,
) -> (Vec<(Millimetres, BusinessId)>, Option<SearchCursor>) {
    let found = proximity
        .nearby(query, after, Detail::Bare, None, &mut Work::unlimited())
        .await
        .expect("found");
    let hits = ranks(&found);
    assert!(hits.len() <= query.limit());
    assert!(found.next.is_none() || hits.len() == query.limit(), "full where there is more");
    // As clients carry it.
    let carried = found.next.map(|next| {
        let text = cursor::encode(&next, query);
        cursor::decode(&text, query).expect("comes back")
    });
    (hits, carried)
}

async fn walk(proximity: &Proximity, query: &Query) -> Vec<(Millimetres, BusinessId)> {
    let (mut met, mut after) = page(proximity, query, None).await;
    while let Some(cursor) = after {
        let (hits, next) = page(proximity, query, Some(cursor)).await;
        met.extend(hits);
        after = next;
    }
    met
}

fn scattered(world: &World, count: usize) -> Vec<Details> {
    let place = |n| {
        let off = || (world.part() - 0.5) * 0.05;
        details(&format!("p{n}"), "Bar", at(36.1 + off(), -115.2 + off()))
    };
    (0..count).map(place).collect()
}

/// Ties in distance are no reason to meet one twice, or never.
pub async fn five_hundred_on_one_point_come_in_the_order_of_ids(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = vec![details("x", "Bar", at(36.1, -115.2)); 500];
    places.extend(scattered(&world, 100));
    let all = world.fill(places).await;
    let proximity = world.proximity().await;
    for (centre, metres, limit) in [
        (at(36.1, -115.2), 1.0, 20),
        (at(36.1, -115.2), 5_000.0, 100),
        (at(36.101, -115.2), 5_000.0, 37),
    ] {
        let query = query(&world, centre, metres, limit);
        assert_eq!(walk(&proximity, &query).await, brute(&all, &query));
    }
}

/// And end with the last, not with an empty page.
pub async fn pages_of_any_size_meet_everything_once_in_order(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(scattered(&world, 400)).await;
    let proximity = world.proximity().await;
    for limit in [7, 20, 100] {
        let query = query(&world, at(36.11, -115.19), 2_000.0, limit);
        let expected = brute(&all, &query);
        assert!(expected.len() > 100);
        assert_eq!(walk(&proximity, &query).await, expected, "pages of {limit}");
    }
}

/// In order; one that changed at most once, and one that was only renamed too.
pub async fn walks_while_others_write_meet_each_unchanged_business_once(backend: &dyn Backend) {
    random_walks(backend, WALKS).await;
}

/// The same for as many walks as wanted.
pub async fn random_walks(backend: &dyn Backend, walks: usize) {
    let world = World::open(backend).await;
    let mut all: HashMap<_, _> = world.fill(scattered(&world, 300)).await.into_iter().collect();
    let proximity = world.proximity().await;
    for walk in 0..walks {
        // A walk is of the state in which it begins: here, of all that is written by then.
        world.settle(&proximity).await;
        let limit = 5 + world.below(30);
        let centre = scattered(&world, 1)[0].position;
        let query = query(&world, centre, 1_000.0 + 3_000.0 * world.part(), limit);
        let (mut met, mut after) = page(&proximity, &query, None).await;
        let mut touched = Vec::new();
        // Of all that is there when the walk begins.
        let before: Vec<_> = all.clone().into_iter().collect();
        while let Some(cursor) = after {
            for _ in 0..world.below(4) {
                touched.extend(disturb(&world, &mut all).await);
            }
            let (hits, next) = page(&proximity, &query, Some(cursor)).await;
            met.extend(hits);
            after = next;
        }
        assert!(met.is_sorted(), "walk {walk} is in write");
        let mut ids: Vec<_> = met.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|two| two[0] != two[1]), "walk {walk} meets nobody twice");
        let unchanged = |(_, id): &(Millimetres, BusinessId)| !touched.contains(id);
        let met: Vec<_> = met.into_iter().filter(unchanged).collect();
        let expected: Vec<_> = brute(&before, &query).into_iter().filter(unchanged).collect();
        assert_eq!(met, expected, "walk {walk}");
    }
}

/// Moves, removes or makes a business; or renames one, which is no reason not to meet it.
async fn disturb(world: &World, all: &mut HashMap<BusinessId, Details>) -> Option<BusinessId> {
    let new = scattered(world, 1).remove(0);
    let mut ids: Vec<_> = all.keys().copied().collect();
    ids.sort_unstable();
    let id = ids[world.below(ids.len())];
    match world.below(4) {
        0 => {
            let made = world.operate(world.create(new.clone())).await;
            all.insert(made.id, new);
            Some(made.id)
        }
        1 => {
            let details = Box::new(new.clone());
            world.operate(Mutation::Replace { id, expected: None, details }).await;
            all.insert(id, new);
            Some(id)
        }
        2 => {
            world.operate(Mutation::Remove { id, expected: None }).await;
            all.remove(&id);
            Some(id)
        }
        _ => {
            let position = all[&id].position;
            let name = format!("renamed {}", world.below(1_000_000));
            let new = details(&name, "Bar", position);
            let details = Box::new(new.clone());
            world.operate(Mutation::Replace { id, expected: None, details }).await;
            all.insert(id, new);
            None
        }
    }
}
