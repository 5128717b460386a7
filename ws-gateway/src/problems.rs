//! What the words of problems mean that only this part uses: mostly those of requests that were to become a WebSocket.

api::problem_table! {
    /// A parameter of the list of friends nearby is out of its range.
    "invalid_query" [400] Never,
        "Send limit as the detail says.",
        "limit must be from 1 to 2000";
    /// The request comes from a page of another origin than the service lets in.
    "origin_not_allowed" [403] Mended,
        "Have an operator add the page's origin to gateway.allowed_origins, or have the proxy pass the Host header on.",
        "pages of this origin may not connect";
    /// The path is that of the WebSocket, and the request doesn't ask for one, or a proxy took away that it does.
    "upgrade_required" [426] Never,
        "Connect with a library for WebSockets, and see that proxies pass Connection and Upgrade on.",
        "this is a WebSocket: ask with Connection: Upgrade and Upgrade: websocket";
    /// The request asks for a WebSocket in a way that can't be answered.
    "invalid_handshake" [400] Never,
        "Offer the subprotocol whereabouts.v1.json or none, and let a library make the other headers.",
        "none of the subprotocols offered is whereabouts.v1.json";
}
