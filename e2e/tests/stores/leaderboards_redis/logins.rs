//! Servers that not everybody may use.

use std::time::Duration;

use e2e::servers::Redis;
use leaderboard::redis::{Config, check};
use leaderboard::{PageStart, Ranking};

use super::world::{World, at, until};

/// The rights in the README that begin with this.
fn documented(from: &str) -> String {
    let readme = include_str!("../../../../README.md");
    let (_, rights) = readme.split_once(&format!("`{from}")).expect("the README says which");
    let (rights, _) = rights.split_once('`').expect("all of them");
    // A right that older servers don't know, and that is needed for nothing but a name.
    let rights = format!("{from}{rights}").replace("+client|setinfo", "");
    rights.replace("PREFIX", "w").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_user_needs_no_more_rights_than_documented() {
    let server = Redis::start().await;
    let (rights, more) = (documented("~PREFIX:*"), documented("&PREFIX@0:board:*"));
    let user = "ACL SETUSER app on >secret resetkeys resetchannels nocommands";
    let () = server.run(&format!("{user} {rights} {more}")).await;
    let place = at("a", format!("redis://app:secret@127.0.0.1:{}", server.port()));
    let limit = Duration::from_secs(5);
    let config =
        Config { key_prefix: "w".to_owned(), connect_timeout: limit, command_timeout: limit };
    assert_eq!(check(&place, &config).await, Ok(None));
    let world = World::new().await;
    world.put_board("b", Ranking::Dense).await;
    world.crowd("b", 50).await;
    let index = world.index(std::slice::from_ref(&place));
    world.until_agreed(&*index, "b").await;
    // Changes, a player's view, a page behind an entry, a ban, a board built anew and one that goes.
    world.post("b", &[("p1", 90)]).await;
    world.ban("b", "p2").await;
    world.until_agreed(&*index, "b").await;
    let board = world.board("b").await;
    let view = index.view(&board, 1, &super::world::user("p3"), 2).await.expect("read");
    let last = view.top[0].entry;
    assert!(index.page(&board, PageStart::After(last), 5).await.is_ok());
    index.rebuild(&board).await.expect("built anew");
    world.delete_board("b").await;
    until("its keys are gone", async || {
        server.run::<Vec<String>>("KEYS w:board:*").await.is_empty()
    })
    .await;
}
