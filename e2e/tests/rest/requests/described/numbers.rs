use e2e::{Answer, Sandbox};
use serde_json::{Value, json};

use super::{examples, objects, send, with};

/// Ends of types of the program: no field of ours but scores has one of these.
const TYPE_ENDS: [&str; 5] =
    ["255", "65535", "4294967295", "9223372036854775807", "18446744073709551615"];
/// These are whole numbers of 64 bits, as is said of them.
const OF_64_BITS: [&str; 4] = ["delta", "score", "score_min", "score_max"];

#[tokio::test]
async fn what_is_wrong_with_a_number_is_said_by_its_own_range() {
    let world = Sandbox::start().await;
    let examples = examples::all(&world).await;
    let mut tried = 0;
    for example in &examples {
        for place in objects(&example.body, example.own) {
            let members =
                example.body.pointer(&place).and_then(Value::as_object).expect("an object");
            for (name, _) in members.iter().filter(|(_, value)| value.is_number()) {
                for wrong in
                    [json!(-1), json!(1.5), json!("5"), json!(1e20), json!(256), json!(1u64 << 32)]
                {
                    let body = with(&example.body, &place, |it| it[name] = wrong.clone());
                    let answer = send(&world, example, body).await;
                    let case =
                        format!("{} {} {place}/{name} {wrong}", example.method, example.template);
                    assert!(answer.status < 500, "{case}: {answer:?}");
                    if !OF_64_BITS.contains(&name.as_str()) {
                        says_no_end_of_a_type(&case, &answer);
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 100, "{tried} numbers");
}

#[tokio::test]
async fn what_is_wrong_with_a_parameter_is_said_by_its_own_range() {
    let world = Sandbox::start().await;
    examples::all(&world).await;
    let description = world.request("GET", "/openapi.json", None).await.json;
    let mut tried = 0;
    for (template, item) in description["paths"].as_object().expect("paths") {
        let path = template.replace("{user}", "mallory").replace("{other}", "bob");
        let path = path.replace("{board}", "weekly").replace("{business}", "0000000000000");
        let path = path.replace("{code}", "no_such_user");
        let all = item["get"]["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let is_number = |it: &&Value| {
            let kind = it["schema"]["type"].to_string();
            kind.contains("integer") || kind.contains("number")
        };
        for parameter in all.iter().filter(is_number) {
            let name = parameter["name"].as_str().expect("a name");
            for wrong in ["-1", "1.5", "five", "1e20", "1e30", "99999999999999999999", ""] {
                let mut asked =
                    path.replace("{season}", if name == "season" { wrong } else { "0" });
                if parameter["in"] == "query" {
                    let required =
                        all.iter().filter(|it| it["in"] == "query" && it["required"] == true);
                    let others = required.filter(|it| it["name"] != name).map(|it| {
                        let right = if is_number(&it) { "1" } else { "weekly" };
                        format!("&{}={right}", it["name"].as_str().expect("a name"))
                    });
                    asked = format!("{asked}?{name}={wrong}{}", others.collect::<String>());
                }
                let answer = world.as_service("GET", &asked, None).await;
                assert!(answer.status < 500, "{asked}: {answer:?}");
                says_no_end_of_a_type(&asked, &answer);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} parameters");
    for season in ["1e30", "99999999999999999999", "4294967296", "7.0"] {
        let path = format!("/v1/scores?board=weekly&season={season}");
        let answer = world.as_service("GET", &path, None).await;
        assert_eq!(answer.json["code"], "no_such_season", "{season}");
    }
}

/// A problem, not what was stored.
#[track_caller]
fn says_no_end_of_a_type(case: &str, answer: &Answer) {
    let problems = [&answer.json["detail"], &answer.json["points"][0]["problem"]["detail"]];
    for said in problems.iter().filter_map(|said| said.as_str()) {
        let said_ranges = said.split(", and is ").next().unwrap_or_default();
        for end in TYPE_ENDS {
            assert!(
                !said_ranges.split(|c: char| !c.is_ascii_digit()).any(|word| word == end),
                "{case}: {said}"
            );
        }
    }
}
