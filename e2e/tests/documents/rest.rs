//! `/openapi.json` and `/docs/`, as a node serves them.

use std::collections::BTreeSet;

use e2e::Sandbox;
use serde_json::Value;

use super::contract::lost_references;
use super::tree;

/// Routes that aren't in the description: the WebSocket has its own (`asyncapi.yaml`), processes of the deployment ask each other by
/// one, one only leads to another, and the rest is the description itself.
const UNDESCRIBED: [&str; 4] =
    ["/v1/ws", "/internal/v1/history/waiting", "/problems", "/openapi.json"];

/// What is served at the operators' address only.
const OPERATORS: [&str; 1] = ["/metrics"];

/// Routes of the development page, which no other node has.
const DEVELOPMENT: [&str; 4] = ["/", "/dev/people", "/dev/token", "/dev/held"];

/// Crates whose routes, if they have any, a node doesn't serve.
const TOOLS: [&str; 3] = ["bench/", "e2e/", "simulation/"];

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

async fn description(world: &Sandbox) -> Value {
    let answer = world.request("GET", "/openapi.json", None).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (200, &"application/json".parse().expect("a value"))
    );
    answer.json
}

/// Every operation: path, method, description.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("a path's operations").iter();
            item.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

/// The names in braces.
fn placeholders(path: &str) -> BTreeSet<&str> {
    path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[tokio::test]
async fn the_description_is_a_whole_openapi_document() {
    let world = Sandbox::start().await;
    let description = description(&world).await;
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    for field in ["title", "version"] {
        assert!(description["info"][field].is_string(), "info.{field}");
    }
    assert_eq!(lost_references(&description), Vec::<String>::new());
    let schemes = description["components"]["securitySchemes"].as_object().expect("schemes");
    let mut names = BTreeSet::new();
    let mut repeated = Vec::new();
    for (path, method, operation) in operations(&description) {
        let what = format!("{method} {path}");
        assert!(METHODS.contains(&method) && path.starts_with('/'), "{what}");
        let name =
            operation["operationId"].as_str().unwrap_or_else(|| panic!("{what} has no name"));
        if !names.insert(name) {
            repeated.push(format!("{what}: {name}"));
        }
        assert_eq!(path_parameters(operation), placeholders(path), "{what}");
        for requirement in operation["security"].as_array().into_iter().flatten() {
            let mut needed = requirement.as_object().expect("schemes").keys();
            assert!(needed.all(|name| schemes.contains_key(name)), "{what}: {requirement}");
        }
    }
    assert!(repeated.is_empty(), "say `operation_id = \"…\"`, each name once: {repeated:#?}");
}

/// The parameters of the path that are declared, as OpenAPI wants them.
fn path_parameters(operation: &Value) -> BTreeSet<&str> {
    let all = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let in_path = all.iter().filter(|parameter| parameter["in"] == "path");
    in_path
        .map(|parameter| {
            assert_eq!(parameter["required"], true, "{parameter}");
            parameter["name"].as_str().expect("a name")
        })
        .collect()
}

#[tokio::test]
async fn every_answer_is_described_in_words() {
    let world = Sandbox::start().await;
    let description = description(&world).await;
    let mut wordless = Vec::new();
    for (path, method, operation) in operations(&description) {
        let responses = operation["responses"].as_object().expect("responses");
        assert!(!responses.is_empty(), "{method} {path} has no answer");
        for (status, response) in responses {
            let number = status.parse().is_ok_and(|status: u16| (100..600).contains(&status));
            assert!(number || status == "default", "{method} {path}: {status}");
            if !response["$ref"].is_string() && !response["description"].is_string() {
                wordless.push(format!("{method} {path}: {status}"));
            }
        }
    }
    // OpenAPI 3.1 requires it; `#[utoipa::path]` leaves it out unless told.
    assert!(wordless.is_empty(), "say `description = \"…\"` in the responses of {wordless:#?}");
}

#[tokio::test]
async fn every_operation_described_is_answered() {
    let world = Sandbox::start().await;
    for user in ["alice", "bob"] {
        world.user(user).await;
    }
    let description = description(&world).await;
    for (path, method, _) in operations(&description) {
        let path = path.replace("{user}", "alice").replace("{other}", "bob");
        let path = path.replace("{business}", "0000000000000").replace("{board}", "weekly");
        let path = path.replace("{season}", "0").replace("{code}", "no_such_user");
        assert!(placeholders(&path).is_empty(), "what to put into {path}?");
        let answer = world.as_service(&method.to_uppercase(), &path, None).await;
        assert_ne!(answer.json["code"], "no_such_path", "{method} {path}");
        assert!(answer.status != 405 && answer.status < 500, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_route_is_described_or_listed_as_not() {
    let world = Sandbox::start().await;
    let description = description(&world).await;
    let described: BTreeSet<_> =
        operations(&description).into_iter().map(|(path, ..)| path).collect();
    let mut routes = BTreeSet::new();
    for (path, text) in tree::rust_files() {
        if !path.contains("/src/") || TOOLS.iter().any(|tool| path.starts_with(tool)) {
            continue;
        }
        // Tests stand last in a file, and their routes are their own.
        let served = text.split("#[cfg(test)]").next().unwrap_or_default();
        // Routes with a description are made by `routes!`; these are made by hand.
        let by_hand =
            served.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        routes.extend(by_hand.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    let listed: BTreeSet<_> =
        UNDESCRIBED.iter().chain(&DEVELOPMENT).chain(&OPERATORS).map(ToString::to_string).collect();
    assert_eq!(routes, listed, "describe a route with `#[utoipa::path]` or list it in this test");
    assert!(listed.iter().all(|path| !described.contains(path.as_str())));
    for path in UNDESCRIBED {
        let answer = world.request("GET", path, None).await;
        assert_ne!(answer.json["code"], "no_such_path", "{path}");
    }
    for path in DEVELOPMENT {
        let answer = world.request("GET", path, None).await;
        assert_eq!(answer.json["code"], "no_such_path", "{path} is for development only");
    }
    for path in OPERATORS {
        let answer = world.request("GET", path, None).await;
        assert_eq!(answer.json["code"], "no_such_path", "{path} is for operators only");
    }
}

#[tokio::test]
async fn the_page_to_try_it_from_loads_nothing_from_elsewhere() {
    let world = Sandbox::start().await;
    let page = world.request("GET", "/docs/", None).await;
    assert_eq!(page.status, 200, "{page:?}");
    let mut scripts = 0;
    for start in ["src=\"", "href=\""] {
        for rest in page.text.split(start).skip(1) {
            let (target, _) = rest.split_once('"').expect("the end of an attribute");
            assert!(!target.contains("//"), "{target} is elsewhere");
            let path = format!("/docs/{}", target.trim_start_matches("./"));
            assert_eq!(world.request("GET", &path, None).await.status, 200, "{path}");
            scripts += usize::from(start == "src=\"");
        }
    }
    assert!(scripts > 0, "{}", page.text);
    let settings = world.request("GET", "/docs/swagger-initializer.js", None).await.text;
    assert!(settings.contains("\"../openapi.json\"") && !settings.contains("://"), "{settings}");
    // Without this the page asks a server on the internet whether the description is right, wherever it isn't opened from
    // localhost, and tells it where the page is.
    let asks_nobody = settings.contains("\"validatorUrl\": \"none\"");
    assert!(asks_nobody, "say `.validator_url(\"none\")` where /docs is made: {settings}");
}

/// The description knows a type by its name alone: of two the answer or body of one would be described by the other.
#[test]
fn no_two_types_of_the_description_have_one_name() {
    let mut names = BTreeSet::new();
    for (path, text) in tree::rust_files() {
        if TOOLS.iter().any(|tool| path.starts_with(tool)) {
            continue;
        }
        for after in text.split("ToSchema)]").skip(1) {
            let words: Vec<_> = after.split_whitespace().take_while(|word| *word != "{").collect();
            let kind = words.iter().position(|word| ["struct", "enum"].contains(word));
            let name = kind.and_then(|at| words.get(at + 1));
            let name = name.map(|name| name.split(['(', '<', ';']).next().unwrap_or(name));
            let name = name.unwrap_or_else(|| panic!("{path}: no name in {words:?}"));
            assert!(names.insert(name.to_owned()), "{path}: another type is called {name} too");
        }
    }
    assert!(names.len() > 50, "{names:?}");
}
