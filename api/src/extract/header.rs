use http::{HeaderMap, HeaderName};
use model::ErrorKind;

use crate::Problem;

/// The one value of a header, if it is there; sent twice, it isn't clear which is meant.
pub fn single_header<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Problem> {
    let invalid = |detail: String| Problem::new(ErrorKind::Invalid, "invalid_header", detail);
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(Some)
            .map_err(|_| invalid(format!("{name} may have visible ASCII characters only"))),
        _ => Err(invalid(format!("{name} stands more than once"))),
    }
}
