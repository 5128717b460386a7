use model::{Timestamp, UserId};

use super::super::text::{hundredths_up, put_date_time, put_decimal, put_unsigned, put_whole};
use super::TrackEnd;
use crate::core::point::Point;

/// The namespace of our extension, which has what GPX lacks as the attributes of elements: one a point, and one at the end.
const NAMESPACE: &str = "urn:whereabouts:gpx:1";
/// A track is interrupted where no point is for longer than this, milliseconds.
const GAP_MS: i64 = 30 * 60 * 1_000;

/// Writes what stands before the points.
pub(super) fn begin(out: &mut Vec<u8>, user: &UserId) {
    out.extend_from_slice(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"Whereabouts\" \
          xmlns=\"http://www.topografix.com/GPX/1/1\" xmlns:w=\"",
    );
    out.extend_from_slice(NAMESPACE.as_bytes());
    out.extend_from_slice(b"\">\n<trk><name>");
    for byte in user.as_str().bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(other),
        }
    }
    out.extend_from_slice(b"</name><trkseg>\n");
}

/// The part of a track without interruption that is being written.
#[derive(Debug, Default)]
pub(super) struct Segment {
    last: Option<Timestamp>,
}

impl Segment {
    /// Writes a point, of a new segment if it is too far from the last one.
    pub(super) fn point(&mut self, out: &mut Vec<u8>, point: &Point) {
        let at = point.effective();
        if self.last.is_some_and(|last| (at - last).saturating_abs() > GAP_MS) {
            out.extend_from_slice(b"</trkseg><trkseg>\n");
        }
        self.last = Some(at);
        put_point(out, point);
    }
}

/// Writes what stands behind the points.
pub(super) fn end(out: &mut Vec<u8>, end: &TrackEnd) {
    out.extend_from_slice(b"</trkseg></trk>\n<extensions><w:end");
    if let Some(moment) = end.complete_until {
        put_attribute(out, "complete_until_ms");
        put_whole(out, moment.0);
        out.push(b'"');
    }
    put_attribute(out, "incomplete");
    if end.incomplete.is_empty() {
        out.extend_from_slice(b"false\"");
    } else {
        out.extend_from_slice(b"true\"");
        put_attribute(out, "incomplete_because");
        out.extend_from_slice(end.incomplete.join(" ").as_bytes());
        out.push(b'"');
    }
    if let Some(metres) = end.tolerance {
        put_attribute(out, "tolerance_m");
        put_decimal(out, hundredths_up(metres), 2);
        out.push(b'"');
    }
    out.extend_from_slice(b"/></extensions>\n</gpx>\n");
}

fn put_point(out: &mut Vec<u8>, point: &Point) {
    let fix = &point.fix;
    out.extend_from_slice(b"<trkpt lat=\"");
    put_decimal(out, fix.latitude_e7.into(), 7);
    out.extend_from_slice(b"\" lon=\"");
    put_decimal(out, fix.longitude_e7.into(), 7);
    out.extend_from_slice(b"\">");
    if let Some(altitude_cm) = fix.altitude_cm {
        out.extend_from_slice(b"<ele>");
        put_decimal(out, altitude_cm.into(), 2);
        out.extend_from_slice(b"</ele>");
    }
    out.extend_from_slice(b"<time>");
    put_date_time(out, point.effective());
    out.extend_from_slice(b"</time><extensions><w:fix device=\"");
    out.extend_from_slice(point.version.device.as_str().as_bytes());
    out.extend_from_slice(b"\" seq=\"");
    put_unsigned(out, point.version.seq);
    out.extend_from_slice(b"\" received_ms=\"");
    put_whole(out, point.received.0);
    out.push(b'"');
    let told = [
        ("accuracy_m", fix.accuracy_cm.map(i64::from)),
        ("speed_mps", fix.speed_cmps.map(i64::from)),
        ("heading_deg", fix.heading_cdeg.map(i64::from)),
        ("battery_percent", fix.battery_cpercent.map(i64::from)),
    ];
    for (name, value) in told {
        let Some(hundredths) = value else { continue };
        put_attribute(out, name);
        put_decimal(out, hundredths, 2);
        out.push(b'"');
    }
    if let Some(unshown) = point.unshown {
        put_attribute(out, "unshown");
        out.extend_from_slice(unshown.as_str().as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b"/></extensions></trkpt>\n");
}

/// Writes the beginning of an attribute behind others.
fn put_attribute(out: &mut Vec<u8>, name: &str) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
}
