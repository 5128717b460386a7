crate::problem_table! {
    // Who asks.

    /// The request has no token, and what it asks for is not for everybody.
    "no_token" [401] Mended,
        "Send the header Authorization: Bearer and a token. Apps get it from whoever signs their users in.",
        "this needs a token: send Authorization: Bearer …";
    /// There is a header Authorization, and it has no token in the form that is needed.
    "invalid_authorization" [401] Mended,
        "Send one header Authorization: the word Bearer, a space and the token, and nothing else.",
        "the Authorization header has another scheme than Bearer";
    /// The token is not valid: it is malformed, signed by a key that is not known here, or made for another service.
    "invalid_token" [401] Mended,
        "Get a new token from whoever signs your users in. If new ones are refused too, compare their iss, aud, alg and \
         kid with the service's settings (auth).",
        "the token's signature is wrong";
    /// The token was valid until the time in its exp.
    "token_expired" [401] Mended,
        "Get a new token and send the request with that. Apps do it some time before the old one ends.",
        "the token has expired";
    /// The token begins to be valid in the future: two clocks differ, that of its issuer and the service's.
    "token_not_yet_valid" [401] Later,
        "Wait a moment. If it lasts, see that the clocks of the issuer and the service are set.",
        "the token is not valid yet";
    /// The token is valid, and whoever it belongs to may not do this. It says nothing of whether there is what was asked for.
    "forbidden" [403] Never,
        "Ask for what is the caller's own, or have a service or an operator do it: the role is in their token.",
        "only services may do this";

    // How often.

    /// The caller has sent more requests, or costlier ones, than one caller may in a time.
    "rate_limited" [429] Later,
        "Wait as long as the answer says, and send fewer requests, or ask for less with each.",
        "more requests than allowed";
    /// Costly requests of others take all the time that there is for such.
    "busy" [503] Later,
        "Wait, then send it again. Requests for less, such as a smaller radius, have their turn at any time.",
        "others have too many costly requests; wait and try again";
    /// The request would take longer than one request may.
    "too_expensive" [413] Never,
        "Ask for less at a time, such as a smaller radius, fewer results or a shorter time.",
        "the request would take longer than 2000 ms; ask for less, such as a smaller radius or a shorter time";

    // What is sent.

    /// Nothing has this path in this version of the service, with these settings.
    "no_such_path" [404] Never,
        "Compare the path with the description at /openapi.json. Parts that are turned off have no paths.",
        "nothing has this path";
    /// The path exists, and doesn't take this method.
    "method_not_allowed" [405] Never,
        "Use one of the methods that the header Allow of the answer names.",
        "this path takes other methods; the header Allow names them";
    /// The path could be read in two ways: it has an empty segment, dots as a segment, a control character, or bad percent-
    /// encoding.
    "invalid_path" [400] Never,
        "Encode every id in the path by itself, and join the segments with single slashes.",
        "the path has an empty segment";
    /// The Accept header excludes every form in which the answer can be given.
    "not_acceptable" [406] Never,
        "Leave Accept out, or name one of the media types that the description has for this path.",
        "answers are application/json; the Accept header excludes that";
    /// A token was sent in the query string, where every proxy on the way writes it into its log. It was not looked at.
    "token_in_query" [400] Never,
        "Send it in the header Authorization, or open the WebSocket without it and send it in the first message. Take \
         this token for known to others.",
        "a token doesn't travel in the query string, which every proxy on the way logs";
    /// A header stands more than once, or has characters that none may have.
    "invalid_header" [400] Never,
        "Send each header once, in visible ASCII characters.",
        "if-match stands more than once";
    /// One header, or all of them together, are longer than is read.
    "headers_too_large" [431] Never,
        "Send fewer and shorter headers: see whether cookies or tracing headers have grown. Longer tokens are let in by \
         a setting of the service.",
        "a header may have 8192 bytes, all of them 32768";
    /// A parameter in the query string is unknown, stands twice or can't be read.
    "invalid_parameter" [400] Never,
        "Mend the parameter that the detail names; the description at /openapi.json lists all of a path.",
        "limit must be a whole number";
    /// The body is not one JSON object as the description has it: a member is unknown, missing, repeated or of another type.
    "invalid_json" [400] Never,
        "Mend the member that the detail names. Numbers may be written as JSON has them: 8, 8.0 and 8e0 are the same.",
        "missing field `display_name`";
    /// A member of the body can't be chosen by the caller, and differs from what it is.
    "read_only_field" [400] Never,
        "Leave it out, or send it as it was read.",
        "user can't be chosen: leave it out, or send it as it was read";
    /// The body is not said to be JSON.
    "unsupported_media_type" [415] Never,
        "Send the header Content-Type: application/json, once.",
        "the body needs one Content-Type: application/json";
    /// The body is compressed, which is not read.
    "unsupported_encoding" [415] Never,
        "Send it without Content-Encoding.",
        "compressed bodies are not read: send it without Content-Encoding";
    /// The body is larger than is read.
    "body_too_large" [413] Never,
        "Send less at a time.",
        "the body is over 65536 bytes";
    /// The body ended before it was whole.
    "incomplete_body" [400] Later,
        "See whether Content-Length is that of the body, and whether something on the way cuts connections.",
        "the body broke off or is not framed as HTTP asks";
    /// The body took longer to arrive than is waited for.
    "slow_body" [408] Later,
        "Send the body together with the headers. On a bad line send less at a time.",
        "the body did not arrive within 10s";
    /// An id is not one that there could be, whether there is such a thing or not.
    "invalid_id" [400] Never,
        "Send the id as it was received, percent-encoded where it stands in a path.",
        "user is empty";
    /// The cursor is not one that this service gave, was changed, or belongs to another list.
    "invalid_cursor" [400] Never,
        "Send next_cursor of the page before as it was, with the same other parameters; or begin without one.",
        "cursor belongs to another list";
    /// The number of results to be answered is out of its range.
    "invalid_limit" [400] Never,
        "Ask for fewer at a time and follow next_cursor.",
        "limit must be from 1 to 500";
    /// A position is not one on Earth.
    "invalid_position" [400] Never,
        "Send latitude from -90 to 90 and longitude from -180 to 180, in degrees, and not the other way round.",
        "latitude must be from -90 to 90";
    /// A radius is out of its range.
    "invalid_radius" [400] Never,
        "Send whole metres within the range that the detail names.",
        "radius must be from 1 to 50000 metres";
    /// A range ends before it begins.
    "invalid_range" [400] Never,
        "Exchange the two ends, or leave one out.",
        "to must be later than from";
    /// A resolution is not one that there is.
    "invalid_resolution" [400] Never,
        "Send one in the form that the detail names.",
        "resolution must be from 0 to 15";
    /// The key by which a repeated request is known is not one that can be.
    "invalid_idempotency_key" [400] Never,
        "Send a fresh random text, such as a UUID, and the same one with each repetition.",
        "Idempotency-Key is empty";
    /// The key by which a repeated request is known came with another request before. Nothing was done.
    "idempotency_key_used" [409] Never,
        "Draw a fresh key for each new request, and keep it for repetitions of the same one only.",
        "this idempotency key was used for another request";

    // The service itself.

    /// A part of the service, or a server that it uses, can't answer now.
    "unavailable" [503] Later,
        "Wait and send it again. What was written with a key for repetitions is done once however often it comes.",
        "the directory can't be reached; try again";
    /// A fault of the service. Whether the request was carried out is not known.
    "internal" [500] Later,
        "Give its operators the request id: the log says more. Writes that may be repeated can be sent again.",
        "a fault of the service; its log says more";
    /// A fault of the service's program. Whether the request was carried out is not known.
    "internal_error" [500] Later,
        "Give its operators the request id: the log says more. Writes that may be repeated can be sent again.",
        "a fault of ours";
}
