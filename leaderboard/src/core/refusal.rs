use crate::core::limits::{
    ARCHIVES_MAX, AROUND_MAX, BANNED_MAX, BOARDS_MAX, CHANGES_MAX, EVENTS_MAX, GRACE_MS_MAX,
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
            "the event happened longer ago than keys are remembered (leaderboard.key_age_ms): whether it was counted can't be \
             known";
        /// The event is dated ahead of our clock.
        Ahead = Conflict, "event_ahead", "the event is dated more than five minutes ahead of our clock";
        /// What wins, or what is kept, would be another.
        RulesFixed = Conflict, "rules_fixed",
            "which scores win and what becomes of them can't change: delete the board and make it again";
        /// A range that no score is in.
        EmptyRange = Invalid, "invalid_range", "score_min is above score_max";
        /// A range with scores that the index doesn't keep exactly.
        RangeTooWide = Invalid, "score_range_too_wide",
            "standings are kept on Redis, which has whole numbers from -9007199254740992 to 9007199254740992 (2^53) exactly: \
             score_min and score_max must lie there";
        /// There are as many boards as can be.
        TooManyBoards = Conflict, "too_many_boards", "there are as many boards as can be, {BOARDS_MAX}";
        /// As many were on the board as can be.
        TooManyPlayers = Conflict, "too_many_players", "as many players were on this board as can be, {PLAYERS_MAX}";
        /// As many are banned as can be.
        TooManyBanned = Conflict, "too_many_banned", "as many are banned from this board as can be, {BANNED_MAX}";
        /// As many events are remembered as can be.
        TooManyEvents = Unavailable, "too_many_events",
            "as many events are remembered by their keys as can be: new ones are taken as these get old; for more of them raise \
             leaderboard.keys_max or lower leaderboard.key_age_ms";
        /// The season takes no events any more.
        SeasonClosed {
            /// Since when, Unix milliseconds.
            closed_ms: i64,
        } = Conflict, "season_closed",
            "the season in which it happened takes no events since {closed_ms} (Unix milliseconds)";
        /// The board had no season of this number, or doesn't keep it any more.
        NoSuchSeason = NotFound, "no_such_season", "the board has no such season, or no more";
        /// Ranks aren't final yet.
        SeasonNotSealed = Conflict, "season_not_sealed", "the season isn't sealed yet: who stands where may still change";
        /// A season that would be over.
        SeasonOver = Invalid, "invalid_season", "the season would never end, or has ended already";
        /// Rules of seasons that can't be.
        Season = Invalid, "invalid_season",
            "grace_ms must be 0 to {GRACE_MS_MAX}, archives 0 to {ARCHIVES_MAX}, and at least 1 for rewards of seasons that \
             repeat";
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
