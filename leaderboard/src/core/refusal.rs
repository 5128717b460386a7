use crate::core::limits::{
    AROUND_MAX, BANNED_MAX, BOARDS_MAX, CHANGES_MAX, EVENTS_MAX, EVENTS_REMEMBERED_MAX,
    PLAYERS_MAX, STANDINGS_MAX, USERS_MAX,
};

model::refusals! {
    /// Why something isn't done, though log and index work; nothing was changed.
    pub enum Refusal {
        /// There is none of this name, or no more.
        NoSuchBoard = NotFound, "no_such_board", "there is no such board";
        /// Only services and operators read it.
        ServicesOnly = Forbidden, "services_only", "only services read this board";
        /// The score would leave the board's range.
        OutOfRange {
            /// The lowest.
            min: i64,
            /// The highest.
            max: i64,
        } = Conflict, "score_out_of_range", "the score would leave the board's range, {min} to {max}";
        /// A score was posted to a board that sums.
        NeedsDelta = Conflict, "needs_delta", "this board adds up what is posted: it takes delta, not score";
        /// A delta was posted to a board that doesn't sum.
        NeedsScore = Conflict, "needs_score", "this board keeps scores as they are: it takes score, not delta";
        /// The key was used for another event.
        KeyUsed = Conflict, "idempotency_key_used", "this key was used for another event";
        /// The event is older than keys are remembered.
        TooOld = Conflict, "event_too_old",
            "the event happened longer ago than keys are remembered, a day: whether it was counted can't be known";
        /// The event is dated ahead of our clock.
        Ahead = Conflict, "event_ahead", "the event is dated more than five minutes ahead of our clock";
        /// What wins, or what is kept, would be another.
        RulesFixed = Conflict, "rules_fixed",
            "which scores win and what becomes of them can't change: delete the board and make it again";
        /// A range that no score is in.
        EmptyRange = Invalid, "invalid_range", "score_min is above score_max";
        /// There are as many boards as can be.
        TooManyBoards = Conflict, "too_many_boards", "there are as many boards as can be, {BOARDS_MAX}";
        /// As many were on the board as can be.
        TooManyPlayers = Conflict, "too_many_players", "as many players were on this board as can be, {PLAYERS_MAX}";
        /// As many are banned as can be.
        TooManyBanned = Conflict, "too_many_banned", "as many are banned from this board as can be, {BANNED_MAX}";
        /// As many events are remembered as can be.
        TooManyEvents = Unavailable, "too_many_events",
            "as many events of the last day are remembered as can be, {EVENTS_REMEMBERED_MAX}: new ones are taken as \
             these get a day old";
        /// A number of events out of the allowed range.
        Events = Invalid, "invalid_events", "a request has 1 to {EVENTS_MAX} events";
        /// A number of changes out of the allowed range.
        Changes = Invalid, "invalid_changes", "an event has 1 to {CHANGES_MAX} changes";
        /// A number of standings out of the allowed range.
        Limit = Invalid, "invalid_limit", "limit must be from 1 to {STANDINGS_MAX}";
        /// A number of neighbours out of the allowed range.
        Around = Invalid, "invalid_around", "around must be from 0 to {AROUND_MAX}";
        /// A number of players out of the allowed range.
        Users = Invalid, "invalid_users", "a request names 1 to {USERS_MAX} players";
    }
}
