//! Numbers in parameters: they come as texts, and are written as in JSON, since many programs have one kind of numbers.

use serde_json::value::RawValue;

/// 2^53: numbers with a fraction are smaller.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The whole number that a parameter is, however it is written: 8, 8.0 and 8e0 are the same.
pub fn whole_parameter(text: &str) -> Option<i64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    number(text)?;
    model::whole_number(text).ok()
}

/// Whether a parameter is a whole number from 0, however it is written, and however large.
pub fn is_whole_parameter(text: &str) -> bool {
    let is_number = text.starts_with(|first: char| first.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok_and(|json| json.get() == text);
    let read = || model::whole_number(text);
    is_number && matches!(read(), Ok(_) | Err(model::WholeNumberError::OutOfRange))
}

/// The time in Unix milliseconds that a parameter is; with a fraction of one it is `rounded`.
pub fn time_parameter(text: &str, rounded: fn(f64) -> f64) -> Option<i64> {
    let fraction = || number(text).filter(|ms| ms.abs() < EXACT_MAX);
    whole_parameter(text).or_else(|| fraction().map(|ms| rounded(ms) as i64))
}

/// A number as in JSON, with nothing around it.
fn number(text: &str) -> Option<f64> {
    let is_bare = text.ends_with(|last: char| last.is_ascii_digit())
        && text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    is_bare.then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        for (text, number) in [
            ("8", 8),
            ("8.0", 8),
            ("8e0", 8),
            ("80E-1", 8),
            ("0.8e+1", 8),
            ("008", 8),
            ("-8", -8),
            ("-8.0", -8),
            ("-0.0", 0),
            ("9007199254740993.0", 9_007_199_254_740_993),
        ] {
            assert_eq!(whole_parameter(text), Some(number), "{text}");
        }
        for text in [
            "",
            " 8",
            "8 ",
            "+8",
            "8.",
            ".8",
            "8.5",
            "1e400",
            "NaN",
            "0x8",
            "eight",
            "8_0",
            "8,0",
            "--8",
            "9223372036854775808",
            "true",
            "null",
            "\"8\"",
            "[8]",
            "８",
        ] {
            assert_eq!(whole_parameter(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_number_may_be_larger_than_any_that_is_known() {
        for text in ["0", "7", "7.0", "1e30", "1e400", "99999999999999999999", "1e99999999999"] {
            assert!(is_whole_parameter(text), "{text}");
        }
        for text in ["", "-1", "-1e30", "1.5", "1e-1", " 7", "7 ", "7.", "+7", "x", "\"7\"", "NaN"]
        {
            assert!(!is_whole_parameter(text), "{text}");
        }
    }

    #[test]
    fn a_time_may_have_a_fraction() {
        assert_eq!(time_parameter("1700000000000.906", f64::floor), Some(1_700_000_000_000));
        assert_eq!(time_parameter("1700000000000.906", f64::ceil), Some(1_700_000_000_001));
        assert_eq!(time_parameter("1.7e12", f64::ceil), Some(1_700_000_000_000));
        assert_eq!(time_parameter("-0.5", f64::floor), Some(-1));
        for text in ["2026-01-01", "1e400", "1e300", "9223372036854775808", "-1e20", "", "-", "5m"]
        {
            assert_eq!(time_parameter(text, f64::floor), None, "{text}");
        }
    }
}
