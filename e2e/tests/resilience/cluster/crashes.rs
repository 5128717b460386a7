//! A gateway that dies between the commit of a change and telling anybody of it.

use std::time::Duration;

use e2e::LISBON;

use super::world::{Small, metres_north, until};

/// How long after the death of the gateway that committed it a change may take to act everywhere.
const AT_ONCE: Duration = Duration::from_secs(1);

/// After the commit, before anybody is told: see `model::crash`.
const COMMITTED: &str = "directory.committed";

/// Who leads the Redis server, by a name of its own.
const LEADER: &str = "whereabouts:lead";

/// The first gateway is the one that will die; it leads the Redis server, or the second one does.
async fn about_to_crash(first_leads: bool) -> Small {
    let mut cluster = Small::start(2, 1).await;
    cluster.befriend("wanda", "xaver").await;
    cluster.kill(0).await;
    if first_leads {
        cluster.kill(1).await;
        cluster.start_again_to_crash_at(0, COMMITTED).await;
    }
    // Whoever is alone gets the lead, and keeps it.
    let _: u64 = cluster.redis(0).run(&format!("DEL {LEADER}")).await;
    let is_led = async || cluster.redis(0).run::<u64>(&format!("EXISTS {LEADER}")).await == 1;
    until("somebody leads", is_led).await;
    if first_leads {
        cluster.start_again(1).await;
    } else {
        cluster.start_again_to_crash_at(0, COMMITTED).await;
    }
    cluster.until_ready().await;
    cluster
}

async fn a_block_acts_though_its_gateway_dies(first_leads: bool) {
    let mut cluster = about_to_crash(first_leads).await;
    let mut wanda = cluster.connect(1, "wanda").await;
    let mut xaver = cluster.connect(1, "xaver").await;
    wanda.at(LISBON).await;
    xaver.at(metres_north(100.0)).await;
    wanda.expect_near("xaver").await;

    cluster.ask_its_last(0, "xaver", "PUT", "/v1/users/me/blocks/wanda").await;
    let died = cluster.crashed(0).await;
    wanda.expect_left("xaver").await;
    let took = died.elapsed();
    println!("the block acted {took:?} after its gateway's death, which led: {first_leads}");
    assert!(took <= AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_block_of_which_a_dying_gateway_told_nobody_acts_within_a_second() {
    a_block_acts_though_its_gateway_dies(false).await;
}

#[tokio::test]
async fn a_block_acts_within_a_second_though_the_gateway_that_leads_dies_with_it() {
    a_block_acts_though_its_gateway_dies(true).await;
}
