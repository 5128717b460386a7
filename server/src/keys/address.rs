use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

/// The address of a JWKS: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwksAddress {
    url: Url,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl JwksAddress {
    /// Says what is wrong with an address that can't be asked.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("jwks_url {why}"));
        let Ok(url) = Url::parse(text) else { return wrong("is no address") };
        let Some(host) = url.host() else { return wrong("has no host") };
        let is_local = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        let is_tls = match url.scheme() {
            "https" => true,
            "http" if is_local => false,
            "http" => return wrong("must be https: by http anybody on the way could put in keys"),
            _ => return wrong("must begin with https://"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("has a user name, which isn't sent");
        }
        if url.fragment().is_some() {
            return wrong("has a fragment (#), which isn't sent");
        }
        let host = match host {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let port = url.port_or_known_default().unwrap_or(443);
        Ok(Self { url, host, port, is_tls })
    }

    /// Scheme, host and path, for people: a query may be secret.
    pub(crate) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }

    /// What stands behind the host.
    pub(super) fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..]
    }

    /// Host and port as the header `Host` has them.
    pub(super) fn authority(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// Whether a connection may go there: by http only to this machine, wherever the name leads.
    pub(super) fn allows(&self, to: &SocketAddr) -> bool {
        let is_loopback = match to.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        self.is_tls || is_loopback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for (text, authority, path) in [
            ("https://id.example/.well-known/jwks.json", "id.example", "/.well-known/jwks.json"),
            ("https://id.example:8443/a?b=c", "id.example:8443", "/a?b=c"),
            ("HTTPS://ID.example:443", "id.example", "/"),
            ("http://localhost:1/x", "localhost:1", "/x"),
            ("http://127.8.8.8/x", "127.8.8.8", "/x"),
            ("http://[::1]:7/x", "[::1]:7", "/x"),
        ] {
            let address = JwksAddress::parse(text).expect(text);
            assert_eq!(
                (address.authority(), address.path_and_query()),
                (authority, path),
                "{text}"
            );
        }
        for text in [
            "",
            "id.example/jwks",
            "http://id.example/jwks",
            "http://localhost.example/jwks",
            "http://10.0.0.1/jwks",
            "http://0.0.0.0/jwks",
            "http://[::ffff:10.0.0.1]/jwks",
            "file:///etc/passwd",
            "ftp://id.example/",
            "https://",
            "https://user@id.example/",
            "https://user:secret@id.example/",
            "https://id.example/#keys",
            "data:application/json,{}",
        ] {
            assert!(
                JwksAddress::parse(text).is_err_and(|why| why.starts_with("jwks_url ")),
                "{text}"
            );
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let address = JwksAddress::parse("https://id.example/jwks?key=secret").expect("an address");
        assert_eq!(address.shown(), "https://id.example/jwks");
    }
}
