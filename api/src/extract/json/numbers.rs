use std::borrow::Cow;

/// Writes whole numbers as such, since JSON has one kind of numbers: 8.0 and 8e0 become 8. All else stays as it is, what is no JSON
/// too. The bytes must be UTF-8.
pub(super) fn with_whole_numbers(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at = after_text(json, at),
            b'-' | b'0'..=b'9' => {
                let end = at + json[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                if let Some(whole) = whole(&json[at..end]) {
                    out.extend(&json[kept..at]);
                    out.extend(whole.to_string().bytes());
                    kept = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.extend(&json[kept..]);
    Cow::Owned(out)
}

/// The place behind a text that begins here.
fn after_text(json: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < json.len() {
        match json[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.eE".contains(&byte)
}

/// The whole number that is written as one with a fraction or an exponent, if JSON has such.
fn whole(digits: &[u8]) -> Option<i64> {
    if !digits.iter().any(|byte| b".eE".contains(byte)) {
        return None;
    }
    // What is no JSON is for the parser to say.
    serde_json::from_slice::<f64>(digits).ok()?;
    model::whole_number(std::str::from_utf8(digits).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(json: &str) -> String {
        String::from_utf8(with_whole_numbers(json.as_bytes()).into_owned()).expect("UTF-8")
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        for (json, expected) in [
            ("{\"a\":8.0,\"b\":[8e0,80e-1],\"c\":-8.00}", "{\"a\":8,\"b\":[8,8],\"c\":-8}"),
            ("{\"a\":1e3 , \"b\":-0.0}", "{\"a\":1000 , \"b\":0}"),
            ("{\"a\":9007199254740993.0}", "{\"a\":9007199254740993}"),
            ("{\"a\":-9.223372036854775807e18}", "{\"a\":-9223372036854775807}"),
        ] {
            assert_eq!(rewritten(json), expected);
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for json in [
            "{\"a\":8.5,\"b\":18446744073709551616,\"c\":1e300,\"d\":1e400}",
            "{\"8.0\":\"8.0\",\"b\":\"\\\"8.0\",\"c\":\"\\\\\"}",
            "{\"a\":08.0,\"b\":8.,\"c\":.0,\"d\":8.0.0,\"e\":1-1.0}",
            "{\"a\":\"8.0",
            "{\"a\":\"\\",
            "",
        ] {
            assert_eq!(rewritten(json), json);
        }
    }
}
