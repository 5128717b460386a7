//! From which pages browsers may speak to this service.

mod host;

use std::fmt;

/// How much of a header is repeated in a refusal, characters.
const QUOTED_MAX: usize = 128;

/// An origin (RFC 6454), as the same for all ways to write it: scheme and host in lower case, and a port also where the scheme's
/// default goes without saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Reads what a browser sends; `None` for `null`, and for what is no origin.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        Self::from_parts(scheme, authority).ok()
    }

    /// Errs with why no browser sends it.
    fn from_parts(scheme: &str, authority: &str) -> Result<Self, &'static str> {
        let scheme = scheme.to_ascii_lowercase();
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|first| first.is_ascii_lowercase())
            && letters.all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it));
        let (host, port) = authority_parts(authority)?;
        let port = port.or(default_port(&scheme));
        if !is_scheme {
            return Err("its scheme is none, as https, http or capacitor are");
        }
        Ok(Self { scheme, host, port })
    }

    /// Whether it is of the host that a request was sent to, by its `Host` header.
    fn is_of_host(&self, host: &str) -> bool {
        authority_parts(host).is_ok_and(|(name, port)| {
            name == self.host && port.or(default_port(&self.scheme)) == self.port
        })
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Host, as browsers send it, and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn authority_parts(text: &str) -> Result<(String, Option<u16>), &'static str> {
    let after_address = text.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match text[after_address..].find(':') {
        None => (text, None),
        Some(colon) => {
            let (host, port) = text.split_at(after_address + colon);
            let digits = &port[1..];
            let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
            let port = is_number.then(|| digits.parse().ok()).flatten();
            (
                host,
                Some(port.ok_or("write it as https://app.example.com or http://localhost:3000")?),
            )
        }
    };
    Ok((host::canonical(host)?, port))
}

/// One entry of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// `*`: every page that has an origin.
    Any,
    One(Origin),
    /// `https://*.example.com`: hosts with at least one label more.
    Below(Origin),
}

/// Which pages of other origins may speak to this service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<Pattern>);

impl AllowedOrigins {
    /// Reads a setting. Errs with a sentence about the first entry that no page could ever match.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        entries.iter().map(|entry| pattern(entry)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a page of this `Origin` may.
    pub fn allow(&self, origin: &str) -> bool {
        let Some(origin) = Origin::parse(origin) else { return false };
        self.0.iter().any(|pattern| match pattern {
            Pattern::Any => true,
            Pattern::One(one) => *one == origin,
            Pattern::Below(above) => {
                let below = origin.host.strip_suffix(&above.host);
                let is_below =
                    below.is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'));
                is_below && above.scheme == origin.scheme && above.port == origin.port
            }
        })
    }

    /// Whether a page of this `Origin` may speak to this host: its own pages may, too.
    pub fn allow_at(&self, origin: &str, host: Option<&str>) -> bool {
        let is_own = host.is_some_and(|host| {
            Origin::parse(origin).is_some_and(|origin| origin.is_of_host(host))
        });
        is_own || self.allow(origin)
    }
}

/// What was compared when a page was refused, for those who look after the service. Both are public; the setting's own list isn't told.
pub struct Refused<'a> {
    /// The `Origin` header.
    pub origin: &'a str,
    /// The `Host` header.
    pub host: Option<&'a str>,
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = |text: &str| text.chars().take(QUOTED_MAX).collect::<String>();
        let host = self.host.map_or("none".to_owned(), |host| format!("{:?}", cut(host)));
        write!(
            f,
            "pages of this Origin may not connect: Origin {:?}, Host {host}; gateway.allowed_origins lists what else may",
            cut(self.origin)
        )
    }
}

fn pattern(entry: &str) -> Result<Pattern, String> {
    let refused = |why: &str| Err(format!("{entry:?} can't be an origin: {why}"));
    let text = entry.trim();
    if text == "*" {
        return Ok(Pattern::Any);
    }
    if text.eq_ignore_ascii_case("null") {
        return refused(
            "pages without an origin say null, and anybody can make one; write where the page comes from",
        );
    }
    if !text.is_ascii() {
        return refused("browsers send names in ASCII: write the xn-- form");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return refused("it needs a scheme, as in https://app.example.com");
    };
    // A browser sends none.
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '@']) {
        return refused("it is a scheme, a host and perhaps a port, without a path or a user");
    }
    let (rest, is_below) = match rest.strip_prefix("*.") {
        Some(above) => (above, true),
        None => (rest, false),
    };
    if rest.contains('*') {
        return refused(
            "a * stands alone, or for whole labels in front, as in https://*.example.com",
        );
    }
    let origin = match Origin::from_parts(scheme, rest) {
        Ok(origin) => origin,
        Err(why) => return refused(why),
    };
    if is_below && (origin.host.starts_with('[') || host::is_address(&origin.host)) {
        return refused("an address has no labels");
    }
    Ok(if is_below { Pattern::Below(origin) } else { Pattern::One(origin) })
}

#[cfg(test)]
mod tests;
