use crate::core::catalogue::details::DraftError;
use crate::core::limits::RESULTS_MAX;

model::refusals! {
    /// Why something isn't done, though the store works; nothing was changed.
    pub enum Refusal {
        /// There is none with this id, or no more.
        NoSuchBusiness = NotFound, "no_such_business", "there is no such business";
        /// It belongs to somebody else, or to nobody.
        NotYours = Forbidden, "not_yours", "this business isn't yours";
        /// Only operators say whose a business is.
        OperatorsOnly = Forbidden, "operators_only", "only operators say whose a business is";
        /// It was changed meanwhile.
        OtherVersion {
            /// Its version now.
            current: u64,
        } = Conflict, "other_version", "the business was changed meanwhile: its version is {current}";
        /// The owner has as many as allowed.
        TooManyOwned {
            /// As many.
            max: u32,
        } = Conflict, "too_many_owned", "the owner has as many businesses as allowed, {max}";
        /// The key was used for another request.
        KeyUsed = Conflict, "idempotency_key_used", "this idempotency key was used for another request";
        /// The id is another business's; a new one, drawn anew, will do.
        IdTaken = Internal, "id_taken", "the id is another business's";
        /// What it would become can't be.
        Draft {
            /// What is wrong with it.
            fault: DraftError,
        } = Invalid, "invalid_business", "{fault}";
        /// A radius out of the allowed range.
        Radius {
            /// The largest, metres.
            max_m: u32,
        } = Invalid, "invalid_radius", "radius must be from 1 to {max_m} metres";
        /// No business has such a category, nor had one lately.
        NoSuchCategory = Invalid, "unknown_category",
            "no business has this category, nor is of such a group";
        /// A number of results out of the allowed range.
        Results = Invalid, "invalid_limit", "limit must be from 1 to {RESULTS_MAX}";
        /// The position in the feed is of another timeline, or isn't reached yet: begin anew.
        OtherTimeline = Conflict, "other_history",
            "the position belongs to another history of the data: follow from the beginning";
        /// Removals behind the position in the feed are forgotten: begin anew.
        BehindHorizon = Conflict, "behind_horizon",
            "removals since that position are no longer on record: follow from the beginning";
    }
}

impl From<DraftError> for Refusal {
    fn from(fault: DraftError) -> Self {
        Self::Draft { fault }
    }
}
