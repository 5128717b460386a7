use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::{Hit, Millimetres, Name};

/// Room for most pages from the start, bytes a hit and bytes besides.
const HIT_BYTES: usize = 144;
const BARE_HIT_BYTES: usize = 48;
const REST_BYTES: usize = 192;

/// A page of hits of which no more is told than is found in memory, as JSON. It is written as serde would, but without
/// asking for each of a hit's many parts whether it is there: this is the answer that most searches get.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainPage<'a> {
    pub(super) hits: &'a [Hit],
    pub(super) names: bool,
    pub(super) positions: bool,
    pub(super) next_cursor: Option<&'a str>,
    pub(super) total: Option<u64>,
}

impl PlainPage<'_> {
    /// The JSON.
    pub(super) fn text(&self) -> Vec<u8> {
        let a_hit = if self.names || self.positions { HIT_BYTES } else { BARE_HIT_BYTES };
        let mut text = Vec::with_capacity(REST_BYTES + a_hit * self.hits.len());
        text.extend_from_slice(b"{\"businesses\":[");
        for (place, hit) in self.hits.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            self.hit(hit, &mut text);
        }
        text.extend_from_slice(b"],\"next_cursor\":");
        match self.next_cursor {
            // Its letters are those of base 64.
            Some(cursor) => {
                text.push(b'"');
                text.extend_from_slice(cursor.as_bytes());
                text.push(b'"');
            }
            None => text.extend_from_slice(b"null"),
        }
        if let Some(total) = self.total {
            text.extend_from_slice(b",\"total\":");
            value(&total, &mut text);
        }
        text.push(b'}');
        text
    }

    fn hit(&self, hit: &Hit, text: &mut Vec<u8>) {
        text.extend_from_slice(b"{\"id\":\"");
        text.extend_from_slice(&hit.id.text());
        text.extend_from_slice(b"\",\"distance_m\":");
        metres(hit.distance, text);
        if let Some(name) = hit.name.as_ref().filter(|_| self.names) {
            text.extend_from_slice(b",\"name\":");
            value(Name::as_str(name), text);
        }
        if self.positions {
            text.extend_from_slice(b",\"position\":{\"latitude\":");
            value(&hit.position.latitude(), text);
            text.extend_from_slice(b",\"longitude\":");
            value(&hit.position.longitude(), text);
            text.push(b'}');
        }
        text.push(b'}');
    }
}

impl IntoResponse for PlainPage<'_> {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, kind)], self.text()).into_response()
    }
}

fn value(value: &(impl serde::Serialize + ?Sized), text: &mut Vec<u8>) {
    serde_json::to_writer(text, value).expect("texts and numbers become JSON");
}

/// Metres with as many of three decimals as are needed, and one at least: the shortest text of that number.
fn metres(distance: Millimetres, text: &mut Vec<u8>) {
    let (whole, thousandths) = (distance.0 / 1_000, distance.0 % 1_000);
    value(&whole, text);
    let decimals = [thousandths / 100, thousandths / 10 % 10, thousandths % 10];
    let decimals = decimals.map(|digit| b'0' + digit as u8);
    let needed = decimals.iter().rposition(|digit| *digit != b'0').unwrap_or(0) + 1;
    text.push(b'.');
    text.extend_from_slice(&decimals[..needed]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_are_written_as_the_shortest_text_of_the_number() {
        let odd = (0..60).map(|power| (1_u64 << power) - 1).filter(|mm| *mm < 1 << 50);
        for mm in (0..20_001).chain([123_450_000, 19_999_999, 20_000_000]).chain(odd) {
            let (mut ours, distance) = (Vec::new(), Millimetres(mm));
            metres(distance, &mut ours);
            let serdes = serde_json::to_vec(&distance.metres()).expect("a number");
            assert_eq!(ours, serdes, "{mm} mm");
        }
    }

    #[test]
    fn numbers_are_written_in_all_their_digits() {
        for number in [0, 9, 10, 1_000_000, u64::MAX] {
            let mut text = Vec::new();
            value(&number, &mut text);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }
}
