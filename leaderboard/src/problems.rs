//! What the words of problems mean that only this part uses. Those of events stand for each event of a batch too.

api::problem_table! {
    /// There is no board of this name, or no more.
    "no_such_board" [404] Mended,
        "See that the name is right. An operator makes boards.",
        "there is no such board";
    /// Only services and operators read this board.
    "services_only" [403] Never,
        "Have a service read it for the user.",
        "only services read this board";
    /// An event says something that none can, or lacks something.
    "invalid_event" [400] Never,
        "Mend the member that the detail names.",
        "missing field `board`";
    /// A score, or what is added to one, is not a whole number that fits.
    "invalid_number" [400] Never,
        "Send a whole number from -2^63 to 2^63 - 1.",
        "delta has a fraction";
    /// The time of an event is not one.
    "invalid_happened_ms" [400] Never,
        "Send Unix milliseconds, or leave it out.",
        "happened_ms must be Unix milliseconds";
    /// A request has no event, or more than one request may.
    "invalid_events" [400] Never,
        "Send as many in each request as the detail says.",
        "a request has 1 to 256 events";
    /// An event has no change, or more than one event may.
    "invalid_changes" [400] Never,
        "Make several events of it, each with its key.",
        "an event has 1 to 16 changes";
    /// The score would leave the range that the board has. Nothing was counted.
    "score_out_of_range" [409] Never,
        "See whether the score is right. An operator can widen the range of a board.",
        "the score would leave the board's range, 0 to 1000000";
    /// The board adds up what is posted, and a score was posted.
    "needs_delta" [409] Never,
        "Send delta, what is to be added.",
        "this board adds up what is posted: it takes delta, not score";
    /// The board keeps scores as they are, and something to be added was posted.
    "needs_score" [409] Never,
        "Send score, the whole of it.",
        "this board keeps scores as they are: it takes score, not delta";
    /// The event is older than keys are remembered, so that nobody knows whether it was counted before.
    "event_too_old" [409] Never,
        "Post events within days. An operator can have keys remembered longer (leaderboard.key_age_ms).",
        "the event happened longer ago than keys are remembered (leaderboard.key_age_ms): whether it was counted can't \
         be known";
    /// The event is dated ahead of the service's clock.
    "event_ahead" [409] Mended,
        "Set the clock of whoever dates events, or leave happened_ms out.",
        "the event is dated more than five minutes ahead of our clock";
    /// As many events are remembered by their keys as can be.
    "too_many_events" [503] Later,
        "Wait: new ones are taken as these get old. An operator can make room (leaderboard.keys_max).",
        "as many events are remembered by their keys as can be: new ones are taken as these get old";
    /// The season in which the event happened takes none any more.
    "season_closed" [409] Never,
        "Post events before a season is closed: its grace_ms says how long after its end they are taken.",
        "the season in which it happened takes no events since 1767225600000 (Unix milliseconds)";
    /// The board had no season of this number, or doesn't keep it any more.
    "no_such_season" [404] Never,
        "Read the list of the board's seasons: it has those that are kept.",
        "the board has no such season, or no more";
    /// Who stands where in this season may still change.
    "season_not_sealed" [409] Later,
        "Wait until the season is sealed, which its list says.",
        "the season isn't sealed yet: who stands where may still change";
    /// A season, or the rules of seasons, are not such as can be.
    "invalid_season" [400] Never,
        "Mend what the detail names.",
        "season must be a whole number from 0";
    /// Which scores win and what becomes of them can't change once a board exists.
    "rules_fixed" [409] Never,
        "Send these as they are, or delete the board and make it again, which forgets its scores.",
        "which scores win and what becomes of them can't change: delete the board and make it again";
    /// Something of a board can't be as it was sent.
    "invalid_board" [400] Never,
        "Mend the member that the detail names.",
        "order must be one of highest, lowest";
    /// Standings are kept on Redis, which has not all scores of the range exactly.
    "score_range_too_wide" [400] Never,
        "Let score_min and score_max be at most 2^53 away from zero.",
        "score_min and score_max must lie there";
    /// There are as many boards as can be.
    "too_many_boards" [409] Mended,
        "Delete one that nobody needs.",
        "there are as many boards as can be, 10000";
    /// As many players were on this board as can be.
    "too_many_players" [409] Never,
        "Begin another board, or use seasons, which begin empty.",
        "as many players were on this board as can be";
    /// As many players are banned from this board as can be.
    "too_many_banned" [409] Mended,
        "Lift a ban that nobody needs.",
        "as many are banned from this board as can be";
    /// The rank to begin at is not one.
    "invalid_from_rank" [400] Never,
        "Send a whole number from 1, or leave it out.",
        "from_rank must be a whole number from 1";
    /// The number of neighbours is out of its range.
    "invalid_around" [400] Never,
        "Send a number as the detail says.",
        "around must be from 0 to 50";
    /// A request names no player, or more than one request may.
    "invalid_users" [400] Never,
        "Ask for as many at a time as the detail says.",
        "a request names 1 to 100 players";
}
