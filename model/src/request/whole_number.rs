/// The most digits of a number of 64 bits.
const DIGITS_MAX: i64 = 19;

/// Why the text of a JSON value is no whole number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WholeNumberError {
    /// It is no number.
    #[error("must be a number")]
    Other,
    /// It isn't whole.
    #[error("must be a whole number")]
    Fraction,
    /// It is greater, or lower.
    #[error("must be from {min} to {max}", min = i64::MIN, max = i64::MAX)]
    OutOfRange,
}

/// Reads the text of a JSON value that is a whole number exactly, however it is written down: JSON has one kind of numbers, and
/// `1e3` and `7.0` are some. By way of a fraction of 64 bits, those beyond 2^53 would be another number. The text must be JSON.
pub fn whole_number(text: &str) -> Result<i64, WholeNumberError> {
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Err(WholeNumberError::Other);
    }
    // As nearly all are written.
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (sign, digits) = mantissa.strip_prefix('-').map_or((1, mantissa), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    let all = all.trim_start_matches('0');
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    // How many zeros are behind the significant digits; fewer than none: some of these are a fraction.
    let written = (all.len() - significant.len()) as i64 - fraction.len() as i64;
    let zeros = power(exponent).saturating_add(written);
    if zeros < 0 {
        return Err(WholeNumberError::Fraction);
    }
    if zeros.saturating_add(significant.len() as i64) > DIGITS_MAX {
        return Err(WholeNumberError::OutOfRange);
    }
    let magnitude = significant.parse::<i128>().map_err(|_| WholeNumberError::OutOfRange)?;
    let number = sign * magnitude * 10_i128.pow(zeros as u32);
    i64::try_from(number).map_err(|_| WholeNumberError::OutOfRange)
}

/// An exponent; one that isn't even a number of 64 bits is as good as the largest.
fn power(exponent: &str) -> i64 {
    let farthest = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    exponent.parse().unwrap_or(farthest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_exactly_however_they_are_written() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0e7", 0),
            ("0e999999999999999999999", 0),
            ("0.000e-99999999999999999999", 0),
            ("7.0", 7),
            ("1e3", 1_000),
            ("1.5E+1", 15),
            ("-120e-1", -12),
            ("0.0012e4", 12),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", i64::MAX),
            ("9.223372036854775807e18", i64::MAX),
            ("9223372036854775807.000", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("-92233720368547758080e-1", i64::MIN),
        ] {
            assert_eq!(whole_number(text), Ok(number), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_for_what_it_is() {
        for (text, error) in [
            ("\"5\"", WholeNumberError::Other),
            ("null", WholeNumberError::Other),
            ("true", WholeNumberError::Other),
            ("[1]", WholeNumberError::Other),
            ("{}", WholeNumberError::Other),
            ("1.5", WholeNumberError::Fraction),
            ("1e-1", WholeNumberError::Fraction),
            ("1e-320", WholeNumberError::Fraction),
            ("1e-99999999999999999999", WholeNumberError::Fraction),
            ("9223372036854775806.5", WholeNumberError::Fraction),
            ("9223372036854775808", WholeNumberError::OutOfRange),
            ("-9223372036854775809", WholeNumberError::OutOfRange),
            ("18446744073709551616", WholeNumberError::OutOfRange),
            ("1e19", WholeNumberError::OutOfRange),
            ("1e400", WholeNumberError::OutOfRange),
            ("1e99999999999999999999", WholeNumberError::OutOfRange),
        ] {
            assert_eq!(whole_number(text), Err(error), "{text}");
        }
    }
}
