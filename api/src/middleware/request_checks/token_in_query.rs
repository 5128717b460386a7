use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What a signed or encrypted token begins with: an object's `{"` in base64.
const TOKEN_START: &str = "eyJ";

/// Parts of a parameter's name that say that its value is a token; so does one that ends in [`TOKEN`].
const NAMES: [&str; 4] = ["auth", "authorization", "bearer", "jwt"];
const TOKEN: &[u8] = b"token";
/// With this in the name it is a place in a list.
const PAGE: &[u8] = b"page";

/// How often something may have been percent-encoded.
const ENCODINGS_MAX: usize = 3;

/// Whether somebody tries to say in a query string who they are.
pub(super) fn has_token(query: &str) -> bool {
    let is_named = query.split(['&', ';']).any(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        names_token(&decoded(name))
    });
    is_named || has_signed_token(query) || query.contains('%') && has_signed_token(&decoded(query))
}

/// `access_token`, `x-auth-token`, `authToken`, `params[token]`.
fn names_token(name: &str) -> bool {
    let parts = || name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::as_bytes);
    let says = |part: &[u8]| {
        let end = &part[part.len().saturating_sub(TOKEN.len())..];
        end.eq_ignore_ascii_case(TOKEN)
            || NAMES.iter().any(|name| part.eq_ignore_ascii_case(name.as_bytes()))
    };
    let is_page =
        |part: &[u8]| part.windows(PAGE.len()).any(|some| some.eq_ignore_ascii_case(PAGE));
    parts().any(says) && !parts().any(is_page)
}

/// `header.claims.signature`, wherever it stands.
fn has_signed_token(text: &str) -> bool {
    text.match_indices(TOKEN_START).any(|(start, _)| {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let token = text[start..].split(|c| !is_inside(c)).next().unwrap_or("");
        token.matches('.').count() >= 2
    })
}

fn decoded(text: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(text);
    for _ in 0..ENCODINGS_MAX {
        if !decoded.contains('%') {
            break;
        }
        decoded = Cow::Owned(percent_decode_str(&decoded).decode_utf8_lossy().into_owned());
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";

    #[test]
    fn whatever_its_name_a_token_is_found() {
        for query in [
            "token=abc",
            "v=1&ACCESS_TOKEN=abc&x",
            "%74oken=abc",
            "%2574oken=abc",
            "idToken=abc",
            "x-auth-token=x",
            "ws_token=",
            "token[]=x",
            "auth%5Btoken%5D=x",
            "a=1;token=x",
            "Authorization=Bearer+abc",
            "jwt",
        ] {
            assert!(has_token(query), "{query}");
        }
        for before in [
            "user=",
            "user=Bearer%20",
            "user=Bearer+",
            "a=1;b=",
            "connection_params=%7B%22t%22%3A%22",
            "connection_params={\"t\":\"",
            "next=/ws?u=",
        ] {
            assert!(has_token(&format!("{before}{SIGNED}")), "{before}");
        }
        let encrypted = "a=eyJhbGciOiJSU0EifQ.key.iv.text.tag";
        assert!(has_token(encrypted));
        assert!(has_token(&format!("a={}", SIGNED.replace("eyJ", "%2565yJ"))));
    }

    #[test]
    fn what_is_no_token_passes() {
        for query in [
            "",
            "_=1700000000000",
            "latitude=36.114&longitude=-115.173&radius=500",
            "limit=5&cursor=eyJhIjoxfQ",
            "page_token=abc",
            "nextPageToken=abc",
            "category=tokens.and.eyJ",
            "author=ann",
            "name=%C3%A9%FF%",
        ] {
            assert!(!has_token(query), "{query}");
        }
    }
}
