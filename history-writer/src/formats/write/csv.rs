use model::UserId;

use super::super::text::{put_decimal, put_unsigned, put_whole};
use crate::core::point::Point;

/// The columns, in their order. `ts` is the effective time in seconds.
const COLUMNS: &str = "user,ts,lat,lon,device,seq,accuracy_m,altitude_m,speed_mps,heading_deg,battery_percent,received_ms,unshown\n";

/// Writes the names of the columns.
pub(super) fn header(out: &mut Vec<u8>) {
    out.extend_from_slice(COLUMNS.as_bytes());
}

/// Writes a line.
pub(super) fn row(out: &mut Vec<u8>, user: &UserId, point: &Point) {
    let (version, fix) = (&point.version, &point.fix);
    put_user(out, user);
    out.push(b',');
    put_decimal(out, version.effective.0, 3);
    out.push(b',');
    put_decimal(out, fix.latitude_e7.into(), 7);
    out.push(b',');
    put_decimal(out, fix.longitude_e7.into(), 7);
    out.push(b',');
    out.extend_from_slice(version.device.as_str().as_bytes());
    out.push(b',');
    put_unsigned(out, version.seq);
    for value in fix.values() {
        out.push(b',');
        if let Some(hundredths) = value {
            put_decimal(out, hundredths.into(), 2);
        }
    }
    out.push(b',');
    put_whole(out, point.received.0);
    out.push(b',');
    if let Some(unshown) = point.unshown {
        out.extend_from_slice(unshown.as_str().as_bytes());
    }
    out.push(b'\n');
}

/// An id has no quotes, but may have commas.
fn put_user(out: &mut Vec<u8>, user: &UserId) {
    let bytes = user.as_str().as_bytes();
    if !bytes.contains(&b',') {
        return out.extend_from_slice(bytes);
    }
    out.push(b'"');
    out.extend_from_slice(bytes);
    out.push(b'"');
}
