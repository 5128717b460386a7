use std::fmt;

use crate::Error;

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// Reads `http://host:port`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let fault = || Error::Plan(format!("{text:?} is no address like http://localhost:8080"));
        let uri: http::Uri = text.trim_end_matches('/').parse().map_err(|_| fault())?;
        let authority = uri.authority().ok_or_else(fault)?;
        let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
        if !plain || authority.as_str().contains('@') {
            return Err(fault());
        }
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self(format!("{}:{port}", authority.host())))
    }

    /// `host:port`
    pub(crate) fn host_and_port(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_addresses_are_understood() {
        for (text, host_and_port) in [
            ("http://localhost:8080", "localhost:8080"),
            ("http://127.0.0.2:9/", "127.0.0.2:9"),
            ("http://example.org", "example.org:80"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(Address::parse(text).expect(text).host_and_port(), host_and_port);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "localhost:8080", "https://a:1", "ws://a:1", "http://a:1/v1", "http://u@a"]
        {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
