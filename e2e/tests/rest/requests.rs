//! What REST refuses, whatever the route: the right status, a problem that says what is wrong, nothing changed.
//!
//! Not reachable here: `Idempotency-Key` (no endpoint has effects that must not be repeated: all are `PUT`, `DELETE`, or a
//! request for friendship, which is the same however often it is made); leaderboards and the nearby search of businesses
//! (not built yet); lists of ids (no endpoint takes any).
//!
//! What the HTTP library can't parse never reaches the routes: it answers with a bare 400 or 431, and hangs up.

mod world;

mod bodies;
mod described;
mod framing;
mod routes;
