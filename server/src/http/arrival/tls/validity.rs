use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Timestamp;

use super::der::{SEQUENCE, from_times, value};

/// The kinds of DER that times are.
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Of years with two digits those from this one on are of the last century (RFC 5280, 4.1.2.5.1).
const LAST_CENTURY: i16 = 50;

/// From when and until when a certificate (RFC 5280) is taken by clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    from: jiff::Timestamp,
    until: jiff::Timestamp,
}

impl Validity {
    /// That of a certificate in DER; none where it can't be read, of which clients may think what they want.
    pub(super) fn read(certificate: &[u8]) -> Option<Self> {
        let fields = from_times(certificate)?;
        let (times, _) = value(fields, SEQUENCE)?;
        let (from, times) = time(times)?;
        let (until, _) = time(times)?;
        Some(Self { from, until })
    }

    /// Says why clients refuse it now.
    pub(super) fn fault(self, now: Timestamp) -> Option<String> {
        let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
        if now > self.until {
            return Some(format!(
                "the certificate ended on {}, clients refuse it: renew it",
                self.until
            ));
        }
        let from = self.from;
        (now < from)
            .then(|| format!("the certificate begins on {from}, clients refuse it until then"))
    }
}

/// A time, `YYMMDDHHMMSSZ` or with four digits of the year.
fn time(der: &[u8]) -> Option<(jiff::Timestamp, &[u8])> {
    let (digits, rest, years) = match (value(der, UTC_TIME), value(der, GENERALIZED_TIME)) {
        (Some((text, rest)), _) => (text, rest, 2),
        (None, Some((text, rest))) => (text, rest, 4),
        (None, None) => return None,
    };
    let digits = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    let number = |from: usize, length: usize| digits.get(from..from + length)?.parse::<i8>().ok();
    let year = match years {
        2 => {
            let year = i16::from(number(0, 2)?);
            year + if year < LAST_CENTURY { 2_000 } else { 1_900 }
        }
        _ => digits.get(..4)?.parse().ok()?,
    };
    let part = |n: usize| number(years + 2 * n, 2);
    let moment = DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    Some((moment.to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

#[cfg(test)]
mod tests {
    use super::super::der::test_kit::der;
    use super::super::der::{FIELD_0, INTEGER};
    use super::*;

    fn certificate(from: &[u8], until: &[u8]) -> Vec<u8> {
        let times = der(SEQUENCE, &[from, until]);
        let version = der(FIELD_0, &[&der(INTEGER, &[&[2]])]);
        let (serial, names) = (der(INTEGER, &[&[1]]), der(SEQUENCE, &[&[0; 100]]));
        let fields = der(SEQUENCE, &[&version, &serial, &der(SEQUENCE, &[]), &names, &times]);
        der(SEQUENCE, &[&fields, &der(SEQUENCE, &[])])
    }

    fn fault(certificate: &[u8], now: &str) -> Option<String> {
        let now: jiff::Timestamp = now.parse().expect("a time");
        Validity::read(certificate).expect("times").fault(Timestamp(now.as_millisecond()))
    }

    #[test]
    fn a_certificate_is_refused_before_it_begins_and_after_it_ended() {
        let both = certificate(
            &der(UTC_TIME, &[b"491231235959Z"]),
            &der(GENERALIZED_TIME, &[b"20500101120000Z"]),
        );
        assert_eq!(fault(&both, "2049-12-31T23:59:59Z"), None);
        assert_eq!(fault(&both, "2050-01-01T12:00:00Z"), None);
        let early = fault(&both, "2049-12-31T23:59:58Z").expect("too early");
        assert!(early.contains("begins on 2049-12-31T23:59:59Z"), "{early}");
        let late = fault(&both, "2050-01-01T12:00:01Z").expect("too late");
        assert!(late.contains("ended on 2050-01-01T12:00:00Z"), "{late}");
        let old =
            certificate(&der(UTC_TIME, &[b"500101000000Z"]), &der(UTC_TIME, &[b"991231235959Z"]));
        assert!(fault(&old, "2026-01-01T00:00:00Z").is_some_and(|why| why.contains("1999-12-31")));
    }

    #[test]
    fn what_is_cut_or_odd_has_no_times() {
        let right =
            certificate(&der(UTC_TIME, &[b"260101000000Z"]), &der(UTC_TIME, &[b"270101000000Z"]));
        assert!(Validity::read(&right).is_some());
        for length in 0..right.len() {
            // The last two bytes are the empty signature.
            let _ = Validity::read(&right[..length]);
        }
        for odd in
            [&b"260101000000"[..], b"261301000000Z", b"26010100000\xffZ", b"Z", b"-1-1-1-1-1-1Z"]
        {
            let odd = certificate(&der(UTC_TIME, &[odd]), &der(UTC_TIME, &[b"270101000000Z"]));
            assert_eq!(Validity::read(&odd), None);
        }
        assert_eq!(Validity::read(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
