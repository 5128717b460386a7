use std::convert::Infallible;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Response, body::Incoming, server::conn::http1};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;

use super::*;
use crate::people::address::Address;

struct Given;

impl Tokens for Given {
    fn user(&self, _: &UserId) -> String {
        String::new()
    }

    fn service(&self) -> String {
        "service-token".into()
    }
}

#[derive(Default)]
struct Diary(Mutex<Vec<Stage>>);

impl Observer for Diary {
    fn stage(&self, stage: Stage) {
        self.0.lock().push(stage);
    }
}

type Requests = Arc<Mutex<Vec<String>>>;

/// A service that writes down every request and answers with what `status` says to their number.
async fn service(status: fn(usize) -> u16) -> (Rest, Requests) {
    service_with(status, "said why").await
}

/// The same, with this in every answer.
async fn service_with(status: fn(usize) -> u16, said: &'static str) -> (Rest, Requests) {
    let requests = Requests::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let diary = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let diary = Arc::clone(&diary);
            let answer = service_fn(move |request: Request<Incoming>| {
                let diary = Arc::clone(&diary);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
                    let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
                    let bearer =
                        head.headers[AUTHORIZATION].to_str().unwrap_or_default().to_owned();
                    let mut diary = diary.lock();
                    let status = status(diary.len());
                    diary.push(format!("{} {} {bearer} {body}", head.method, head.uri.path()));
                    let mut response = Response::new(Full::<Bytes>::from(said));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    let address = Address::parse(&address).expect("an address");
    (Rest::new([address].into()), requests)
}

fn graph() -> Graph {
    let names = ["ann", "ben", "cy"].map(|id| UserId::parse(id).expect("an id")).to_vec();
    Graph::new(names, [(0, 1)])
}

#[tokio::test]
async fn users_come_first_then_friendships_with_the_services_token() {
    let (rest, requests) = service(|_| 201).await;
    let diary = Diary::default();
    create(&rest, &graph(), &Given, &diary).await.expect("made");
    let mut requests = requests.lock().clone();
    let friendship = requests.pop().expect("requests");
    requests.sort();
    let user = |id, name| {
        format!(r#"PUT /v1/users/{id} Bearer service-token {{"display_name":"{name}"}}"#)
    };
    assert_eq!(requests, [user("ann", "Ann"), user("ben", "Ben"), user("cy", "Cy")]);
    assert_eq!(friendship, "PUT /v1/users/ann/friends/ben Bearer service-token ");
    let stages = diary.0.lock();
    assert!(stages.contains(&Stage::Users { done: 3, of: 3 }));
    assert_eq!(stages.last(), Some(&Stage::Friendships { done: 1, of: 1 }));
}

#[tokio::test]
async fn later_means_again_and_a_refusal_is_told() {
    let (rest, requests) = service(|number| if number < 3 { 503 } else { 201 }).await;
    create(&rest, &graph(), &Given, &Diary::default()).await.expect("made");
    assert_eq!(requests.lock().len(), 3 + 4);

    let (rest, requests) = service(|_| 403).await;
    let error = create(&rest, &graph(), &Given, &Diary::default()).await.expect_err("refused");
    assert_eq!(error.kind(), model::ErrorKind::Unavailable);
    let said = error.to_string();
    assert!(said.contains("403") && said.contains("said why"), "{said}");
    assert!(!said.contains("service-token"), "{said}");
    assert!(requests.lock().len() <= 3);
}

#[tokio::test]
async fn nobody_waits_for_ever_for_a_service_that_is_always_busy() {
    let (rest, requests) = service(|_| 503).await;
    let names = vec![UserId::parse("ann").expect("an id")];
    let alone = Graph::new(names, []);
    assert!(create(&rest, &alone, &Given, &Diary::default()).await.is_err());
    assert_eq!(requests.lock().len(), TRIES_MAX as usize);
}

#[tokio::test]
async fn friendships_of_an_earlier_run_end_but_those_with_other_people_stay() {
    let said =
        r#"{"friends": [{"id": "ben"}, {"id": "cy"}, {"id": "stranger"}], "next_cursor": null}"#;
    let (rest, requests) = service_with(|_| 200, said).await;
    let guests = create(&rest, &graph(), &Given, &Diary::default()).await.expect("made");
    assert!(guests.into_iter().all(|(_, id)| &*id == "stranger"));
    let requests = requests.lock().clone();
    let mut ended: Vec<_> = requests.iter().filter(|it| it.starts_with("DELETE")).collect();
    ended.sort();
    let ends = |a, b| format!("DELETE /v1/users/{a}/friends/{b} Bearer service-token ");
    // It says the same of blocks: those between friends would keep them apart.
    let lifted = "DELETE /v1/users/ann/blocks/ben Bearer service-token ".to_owned();
    assert_eq!(ended, [&lifted, &ends("ann", "cy"), &ends("ben", "cy")]);
}
