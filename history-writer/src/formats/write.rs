mod csv;
mod gpx;
mod json;
#[cfg(test)]
mod tests;

use model::{Metres, Timestamp, UserId, words};

use crate::core::point::Point;
use gpx::Segment;

words! {
    /// How a track is written.
    pub enum TrackFormat {
        /// One object with a list of points.
        Json = "json",
        /// A line a point, each an object, and a last one with the end.
        Ndjson = "ndjson",
        /// RFC 7946: a collection of points.
        GeoJson = "geojson",
        /// GPX 1.1: what our GPX has no element for stands in an extension.
        Gpx = "gpx",
        /// A line a point, behind one with the columns' names.
        Csv = "csv",
    }
}

impl TrackFormat {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::GeoJson => "application/geo+json",
            Self::Gpx => "application/gpx+xml",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// What is told behind the last point, where a format has room for it: all but CSV.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrackEnd {
    /// The cursor of the next page, if there is one; JSON alone has pages.
    pub next: Option<String>,
    /// What was received until then is in the track.
    pub complete_until: Option<Timestamp>,
    /// Why points may be missing that were received until then; none if none are.
    pub incomplete: Vec<&'static str>,
    /// Where points were left out: how far they are from the line of those that are there, at most.
    pub tolerance: Option<Metres>,
}

/// Writes one track: [`Self::begin`], each point, [`Self::end`].
#[derive(Debug)]
pub struct TrackWriter {
    format: TrackFormat,
    user: UserId,
    is_first: bool,
    segment: Segment,
}

impl TrackWriter {
    /// Writes a track of this user.
    pub fn new(format: TrackFormat, user: UserId) -> Self {
        Self { format, user, is_first: true, segment: Segment::default() }
    }

    /// What stands before the points.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        match self.format {
            TrackFormat::Json => json::begin(out, &self.user),
            TrackFormat::Ndjson => {}
            TrackFormat::GeoJson => json::begin_collection(out),
            TrackFormat::Gpx => gpx::begin(out, &self.user),
            TrackFormat::Csv => csv::header(out),
        }
    }

    /// A point.
    pub fn point(&mut self, point: &Point, out: &mut Vec<u8>) {
        let needs_comma = !std::mem::take(&mut self.is_first)
            && matches!(self.format, TrackFormat::Json | TrackFormat::GeoJson);
        if needs_comma {
            out.push(b',');
        }
        match self.format {
            TrackFormat::Json => json::point(out, point),
            TrackFormat::Ndjson => {
                json::point(out, point);
                out.push(b'\n');
            }
            TrackFormat::GeoJson => json::feature(out, point),
            TrackFormat::Gpx => self.segment.point(out, point),
            TrackFormat::Csv => csv::row(out, &self.user, point),
        }
    }

    /// What stands behind the points.
    pub fn end(self, end: &TrackEnd, out: &mut Vec<u8>) {
        match self.format {
            TrackFormat::Json => {
                out.extend_from_slice(b"],");
                json::next_cursor(out, end.next.as_deref());
                json::end(out, end);
                out.push(b'}');
            }
            TrackFormat::GeoJson => {
                out.extend_from_slice(b"],");
                json::end(out, end);
                out.push(b'}');
            }
            TrackFormat::Ndjson => {
                out.push(b'{');
                json::end(out, end);
                out.extend_from_slice(b"}\n");
            }
            TrackFormat::Gpx => gpx::end(out, end),
            TrackFormat::Csv => {}
        }
    }
}
