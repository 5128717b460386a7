//! What the words of problems mean that only this part uses.

api::problem_table! {
    /// There is no business of this id, or no more.
    "no_such_business" [404] Never,
        "See that the id is right, and forget it if it was.",
        "there is no such business";
    /// The business belongs to somebody else, or to nobody.
    "not_yours" [403] Never,
        "Have its owner or an operator do it.",
        "this business isn't yours";
    /// Only operators say whose a business is.
    "operators_only" [403] Never,
        "Leave owner out, or have an operator do it.",
        "only operators say whose a business is";
    /// The business isn't in the version that was expected any more: somebody changed it meanwhile. Nothing was changed.
    "other_version" [409, 412] Mended,
        "Read it again, make the change to what it is now, and send that with its new ETag in If-Match.",
        "the business was changed meanwhile: its version is 7";
    /// The owner has as many businesses as one may have.
    "too_many_owned" [409] Mended,
        "Delete one of them, or give it to somebody else.",
        "the owner has as many businesses as allowed, 1000";
    /// The id that was drawn for the business is another's already, which hardly ever happens.
    "id_taken" [500] Later,
        "Send it again: another id is drawn.",
        "the id is another business's";
    /// Something of a business can't be as it was sent.
    "invalid_business" [400] Never,
        "Mend the member that the detail names.",
        "name is over 200 characters";
    /// No business has this category, nor one of such a group.
    "unknown_category" [400] Never,
        "Compare it with the categories of businesses that there are: it may be misspelt.",
        "no business has this category, nor is of such a group";
    /// A category is not in the form that they have.
    "invalid_category" [400] Never,
        "Send it as businesses have it.",
        "category is empty";
    /// The time for which to tell who is open is not one.
    "invalid_open_at" [400] Never,
        "Send Unix milliseconds, or leave it out.",
        "open_at must be Unix milliseconds";
    /// The members to be answered are not among those that there are, or stand twice.
    "invalid_fields" [400] Never,
        "Name each once, separated by commas, as the detail lists them.",
        "fields are, each once, by commas: id, name, position";
    /// What says how new an answer has to be is not what a write was answered with.
    "invalid_freshness" [400] Never,
        "Send the header as the write answered with it, or leave it out.",
        "x-freshness is not what a write was answered with";
    /// The viewport is not one: a side is missing or not on Earth, or south is north of north.
    "invalid_viewport" [400] Never,
        "Send south, west, north and east in degrees. West may be greater than east, across the date line.",
        "south must not be north of north";
    /// The viewport has more cells of this resolution than are answered at a time.
    "too_many_cells" [400] Never,
        "Ask for a coarser resolution, which the detail names, or for a smaller viewport.",
        "the viewport has more than 4096 cells of resolution 9; resolution 6 or a coarser one would do";
    /// The position in the list of changes is not one that this service gave.
    "invalid_after" [400] Never,
        "Send next of the page before as it was, or begin without it.",
        "after is not what this service gave";
    /// The position in the list of changes is of another history of the data, such as before a backup was restored.
    "other_history" [409] Never,
        "Throw the copy away and follow from the beginning, without after.",
        "the position belongs to another history of the data: follow from the beginning";
    /// Businesses were removed behind this position that nobody knows of any more: the copy can't be brought up to date.
    "behind_horizon" [409] Never,
        "Throw the copy away and follow from the beginning, without after. Then follow more often.",
        "removals since that position are no longer on record: follow from the beginning";
}
