//! What the words of problems mean that only this part uses. Those of points stand for each point of a request.

api::problem_table! {
    /// The user has turned their movement history off: nothing is added to it.
    "history_off" [409] Never,
        "Respect that: the points are not wanted.",
        "this user turned their history off";
    /// As many erasures of this user's history wait as can be.
    "too_many_erasures" [409] Later,
        "Erase longer ranges, or all at once, instead of many short ones.",
        "as many ranges of this user are being erased as can be";
    /// A request has no point, or more than one request may.
    "invalid_points" [400] Never,
        "Send as many in each request as the detail says.",
        "points must be 1 to 256";
    /// A point is not an object with the members that it needs, of the kinds that they are of. It alone isn't kept.
    "invalid_point" [400] Never,
        "Send the members of points as the API description has them; the detail names the one that is wrong.",
        "latitude: must be a number, and is a text";
    /// A time is not one, or is plainly not in milliseconds.
    "invalid_time" [400] Never,
        "Send Unix milliseconds, which have 13 digits these days; seconds are refused where they would erase.",
        "from must be a time in Unix milliseconds";
    /// The number of a point is not one. Its point alone isn't kept.
    "invalid_seq" [400] Never,
        "Send a whole number up to 2^53.",
        "seq must be a whole number up to 2^53";
    /// The device of a point is not one. Its point alone isn't kept.
    "invalid_device" [400] Never,
        "Send 1 to 64 of the characters that the detail names.",
        "device is empty";
    /// A value of a point can't be. Its point alone isn't kept.
    "invalid_value" [400] Never,
        "Leave the value out if it isn't known, or send it within its range.",
        "speed_mps must be from 0 to 1000";
    /// The order of a track is not one.
    "invalid_order" [400] Never,
        "Send asc or desc, or leave it out.",
        "order must be asc or desc";
    /// The most points to be answered is out of its range.
    "invalid_max_points" [400] Never,
        "Send a number as the detail says.",
        "max_points must be from 2 to 10000";
    /// A question between processes of a deployment, with which no client has to do, is not sealed by its key.
    "not_ours" [403] Mended,
        "See that all processes have the same history.key_files, and that no client can reach paths below /internal/.",
        "this isn't a question of this deployment: see that all processes have the same history.key_files";
    /// A question between processes of a deployment, with which no client has to do, is old or from the future.
    "late" [403] Mended,
        "See that the clocks of all machines agree.",
        "the question is more than five minutes old or ahead: see that the clocks agree";
}
