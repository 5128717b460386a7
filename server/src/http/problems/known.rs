api::problem_table! {
    /// No problem has this name in this version of the service.
    "no_such_problem" [404] Never,
        "Follow the type of a problem as it was answered; all of them are listed one level up.",
        "no problem has this name";
    /// The development page answers browsers on the machine itself only, since it makes tokens for anybody.
    "not_local" [403] Never,
        "Open it as http://localhost or http://127.0.0.1 on that machine.",
        "development mode answers on localhost only";
    /// The port wants to be told by a proxy who the client is, and the connection began without that.
    "proxy_header_missing" [400] Never,
        "Connect by the proxy, and have it send the PROXY protocol; or turn http.proxy_protocol off.",
        "this port wants a header of the PROXY protocol first: http.proxy_protocol says so";
    /// Only proxies may connect to this port, and the connection comes from somebody else.
    "untrusted_proxy" [400] Never,
        "Connect by the proxy. If this is the proxy, have an operator add its address to http.trusted_proxies.",
        "only the addresses of http.trusted_proxies may connect here: the PROXY protocol says who a client is";
    /// What the proxy sent first can't be read as the PROXY protocol, version 1 or 2.
    "proxy_header" [400] Never,
        "See that the proxy sends the PROXY protocol once, and nothing before it.",
        "the header of the PROXY protocol is malformed";
    /// A proxy tells who the client is by the PROXY protocol, which this port doesn't take.
    "proxy_header_unwanted" [400] Never,
        "Set http.proxy_protocol and http.trusted_proxies, or have the proxy not send it.",
        "this port doesn't take the PROXY protocol: set http.proxy_protocol and http.trusted_proxies, or have the proxy not send it";
    /// The port speaks TLS, and the request came without.
    "tls_missing" [400] Never,
        "Use https and wss in addresses.",
        "this port speaks TLS: connect with https or wss";
}
