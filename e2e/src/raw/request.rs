/// The `Host` of every request.
pub const HOST: &str = "node.example.com";

/// An HTTP request in which everything can be wrong.
#[derive(Debug, Clone)]
pub struct Request {
    line: [String; 3],
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A right request without a body.
    pub fn new(method: &str, path: &str) -> Self {
        let line = [method, path, "HTTP/1.1"].map(str::to_owned);
        Self { line, headers: Vec::new(), body: Vec::new() }.with("Host", HOST)
    }

    /// A right request for a WebSocket.
    pub fn upgrade(token: Option<&str>) -> Self {
        let request = Self::new("GET", "/v1/ws")
            .with("Connection", "Upgrade")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        match token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }

    /// With a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// With a body of JSON, described rightly.
    #[must_use]
    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        self.with("Content-Type", "application/json")
            .with("Content-Length", &body.len().to_string())
            .body(body)
    }

    /// With these bytes behind the head, whatever the headers say.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without these headers.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With this header instead of those of its name.
    #[must_use]
    pub fn instead(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    /// With another method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.line[0]);
        self
    }

    /// For another target: a path, perhaps with a query.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.line[1]);
        self
    }

    /// With another version of HTTP.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.line[2]);
        self
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let line = self.line.join(" ");
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines: Vec<_> = std::iter::once(line).chain(headers).collect();
        let head = lines.join("\r\n") + "\r\n\r\n";
        [head.as_bytes(), &self.body].concat()
    }
}
