use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, StatusCode, header};
use tower::Service;
use tower::layer::layer_fn;
use utoipa_axum::router::OpenApiRouter;

use crate::Problem;

/// Marks a router's routes as answering in JSON: who accepts none is refused before anything is done.
pub fn json_routes<S>(router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    // Not `axum::middleware::from_fn`, which boxes the route and its future another time.
    router.route_layer(layer_fn(|route| Checked { route }))
}

/// A route that answers in JSON.
#[derive(Clone)]
struct Checked {
    route: Route,
}

impl Service<Request> for Checked {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<<Route as Service<Request>>::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.route, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if accepts_json(request.headers()) {
            return Either::Left(self.route.call(request));
        }
        let detail = "answers are application/json; the Accept header excludes that";
        let status = StatusCode::NOT_ACCEPTABLE;
        let refusal = Problem::with_status(status, "not_acceptable", detail);
        Either::Right(ready(Ok(refusal.into_response())))
    }
}

/// Which of some media types, by its place, a request wants most (`Accept`, RFC 9110, 12.5.1); the first where it says
/// nothing, `None` where it wants none. Of several that it wants equally it is the one that it names most exactly, then the first.
pub fn preferred(headers: &HeaderMap, offers: &[&str]) -> Option<usize> {
    let wanted = offers.iter().enumerate().filter_map(|(place, offer)| {
        let wish = wish(headers, offer).filter(|wish| wish.quality > 0.0)?;
        Some((place, wish))
    });
    // Of equal ones `max_by` takes the last.
    let best = wanted.rev().max_by(|(_, a), (_, b)| {
        a.quality.total_cmp(&b.quality).then(a.exactness.cmp(&b.exactness))
    });
    best.map(|(place, _)| place)
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let wish = wish(headers, "application/json");
    // Who names problems only gets at least these.
    let wish = wish.or_else(|| wish_for(headers, "application/problem+json", Exactness::Named));
    wish.is_some_and(|wish| wish.quality > 0.0)
}

/// How exactly a media range names a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Any,
    Group,
    Named,
}

/// How much a type is wanted.
#[derive(Debug, Clone, Copy)]
struct Wish {
    exactness: Exactness,
    quality: f32,
}

/// What the header says of a type: the range that names it most exactly decides. `None` if none covers it.
fn wish(headers: &HeaderMap, offer: &str) -> Option<Wish> {
    if !headers.contains_key(header::ACCEPT) {
        return Some(Wish { exactness: Exactness::Any, quality: 1.0 });
    }
    wish_for(headers, offer, Exactness::Any)
}

/// The same by ranges that name it at least so exactly.
fn wish_for(headers: &HeaderMap, offer: &str, least: Exactness) -> Option<Wish> {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let wishes = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let exactness = exactness(parts.next().unwrap_or_default(), offer)?;
        let quality = parts.find_map(|it| it.strip_prefix("q=")).map_or(Some(1.0), parse_quality);
        Some(Wish { exactness, quality: quality? })
    });
    let wishes = wishes.filter(|wish| wish.exactness >= least);
    wishes.max_by_key(|wish| wish.exactness)
}

/// How exactly a range names a type without parameters; `None` if it doesn't cover it.
fn exactness(range: &str, offer: &str) -> Option<Exactness> {
    if range.eq_ignore_ascii_case(offer) {
        return Some(Exactness::Named);
    }
    let (group, rest) = range.split_once('/')?;
    let (of_offer, _) = offer.split_once('/')?;
    match (group, rest) {
        ("*", "*") => Some(Exactness::Any),
        (group, "*") if group.eq_ignore_ascii_case(of_offer) => Some(Exactness::Group),
        _ => None,
    }
}

fn parse_quality(text: &str) -> Option<f32> {
    text.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    fn accepts(value: &'static str) -> bool {
        accepts_json(&headers(value))
    }

    #[test]
    fn the_type_that_is_wanted_most_is_answered() {
        let offers = ["application/json", "application/x-ndjson", "text/csv"];
        assert_eq!(preferred(&HeaderMap::new(), &offers), Some(0));
        for (accept, expected) in [
            ("*/*", Some(0)),
            ("text/csv", Some(2)),
            ("TEXT/CSV; charset=utf-8", Some(2)),
            ("text/*", Some(2)),
            ("text/csv, */*", Some(2)),
            ("*/*, text/csv", Some(2)),
            ("text/csv;q=0.5, application/json;q=0.4", Some(2)),
            ("text/csv;q=0.5, application/*", Some(0)),
            ("application/*, application/json;q=0", Some(1)),
            ("text/csv;q=0", None),
            ("text/csv;q=2", None),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(preferred(&headers(accept), &offers), expected, "{accept}");
        }
    }

    #[test]
    fn json_is_served_to_whoever_takes_it() {
        assert!(accepts_json(&HeaderMap::new()));
        for ok in [
            "*/*",
            "application/*",
            "application/json",
            "text/html, application/json;q=0.1",
            "application/problem+json",
            "text/html;q=0.9, */*;q=0.1",
        ] {
            assert!(accepts(ok), "{ok}");
        }
        for no in [
            "text/html",
            "application/xml",
            "",
            "application/json;q=0",
            "*/*, application/json;q=0.0",
        ] {
            assert!(!accepts(no), "{no}");
        }
    }
}
