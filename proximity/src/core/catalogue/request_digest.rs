use model::{Canonical, CanonicalDigest, Position, UserId};

use crate::core::catalogue::details::{Address, AttributeValue, Details, Name, Phone, Site};
use crate::core::catalogue::hours::{Interval, OpeningHours};
use crate::core::catalogue::mutation::Mutation;
use crate::core::catalogue::patch::{Edit, HoursPart, PartEdits, Patch};

/// The version of [`canonical`]. A change of what it writes is a new one.
const VERSION: u8 = 1;

/// By what a request that comes again with its idempotency key is told from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestDigest {
    /// What was compared before there were digests: a hash of 64 bits of the request's `Debug` text. It is stored for
    /// processes that know no digests, and compared where they stored it; it can go when no such row is left.
    pub(crate) debug_hash: u64,
    /// None of a request that a process stored which knows no digests.
    pub(crate) digest: Option<CanonicalDigest>,
}

impl RequestDigest {
    /// Of a request, but for the id that it proposes for a new business.
    pub(crate) fn new(mutation: &Mutation) -> Self {
        let digest = Some(canonical(mutation).digest(VERSION));
        Self { debug_hash: debug_hash(mutation), digest }
    }

    /// Whether a stored one is of the same request as a new one.
    pub(crate) fn is_same(&self, new: &Self) -> bool {
        match self.digest {
            Some(_) => self.digest == new.digest,
            None => self.debug_hash == new.debug_hash,
        }
    }
}

/// Fields: 1 the kind of mutation, 2 the business (of a creation none), 3 the version that is expected, 4 the owner, 5 all
/// details, 6 what is different.
fn canonical(mutation: &Mutation) -> Canonical {
    let mut form = Canonical::new("proximity.mutation");
    form.text(1, mutation.as_str());
    let expected = match mutation {
        Mutation::Create { .. } => None,
        Mutation::Replace { id, expected, .. }
        | Mutation::Change { id, expected, .. }
        | Mutation::Remove { id, expected }
        | Mutation::Assign { id, expected, .. } => {
            form.text(2, &id.to_string());
            *expected
        }
    };
    if let Some(version) = expected {
        form.number(3, version);
    }
    if let Mutation::Create { owner, .. } | Mutation::Assign { owner, .. } = mutation {
        form.optional_text(4, owner.as_ref().map(UserId::as_str));
    }
    match mutation {
        Mutation::Create { details, .. } | Mutation::Replace { details, .. } => {
            form.nested(5, |form| write_details(form, details));
        }
        Mutation::Change { patch, .. } => form.nested(6, |form| write_patch(form, patch)),
        Mutation::Remove { .. } | Mutation::Assign { .. } => {}
    }
    form
}

/// Fields, of details and of what is different alike: 1 name, 2 categories, 3 address, 4 position, 5 hours, 6 phone,
/// 7 site, 8 attributes.
fn write_details(form: &mut Canonical, details: &Details) {
    form.text(1, details.name.as_str());
    form.nested(2, |list| details.categories.iter().for_each(|it| list.text(1, it.as_str())));
    form.optional_text(3, details.address.as_ref().map(Address::as_str));
    form.nested(4, |form| write_position(form, details.position));
    form.optional_text(5, details.hours.as_ref().map(OpeningHours::to_line).as_deref());
    form.optional_text(6, details.phone.as_ref().map(Phone::as_str));
    form.optional_text(7, details.site.as_ref().map(Site::as_str));
    form.nested(8, |list| {
        for (key, value) in &details.attributes {
            list.text(1, key.as_str());
            list.text(2, value.as_str());
        }
    });
}

fn write_patch(form: &mut Canonical, patch: &Patch) {
    form.optional_text(1, patch.name.as_ref().map(Name::as_str));
    if let Some(categories) = &patch.categories {
        form.nested(2, |list| categories.iter().for_each(|it| list.text(1, it.as_str())));
    }
    write_edit(form, 3, &patch.address, |it| it.as_str().to_owned());
    if let Some(position) = patch.position {
        form.nested(4, |form| write_position(form, position));
    }
    write_edit(form, 5, &patch.hours, OpeningHours::to_line);
    write_edit(form, 6, &patch.phone, |it| it.as_str().to_owned());
    write_edit(form, 7, &patch.site, |it| it.as_str().to_owned());
    form.nested(8, |list| {
        for (key, value) in &patch.attributes {
            list.text(1, key.as_str());
            // One that goes has no value.
            list.optional_text(2, value.as_ref().map(AttributeValue::as_str));
        }
    });
    write_parts(form, &patch.parts);
}

/// What changes parts: 9 of the position, as that is written, 10 of the hours: 1 the zone, 2 each time of the week, 3 that there is a
/// week; 11 that all
/// attributes go. What has no parts is written as before there were any.
fn write_parts(form: &mut Canonical, parts: &PartEdits) {
    if let Some(part) = parts.position {
        form.nested(9, |form| {
            part.latitude.into_iter().for_each(|degrees| form.fraction(1, degrees));
            part.longitude.into_iter().for_each(|degrees| form.fraction(2, degrees));
        });
    }
    if let Some(HoursPart { zone, week }) = &parts.hours {
        form.nested(10, |form| {
            form.optional_text(1, zone.as_deref());
            for Interval { day, opens_min, closes_min } in week.iter().flatten() {
                form.text(2, &format!("{day},{opens_min},{closes_min}"));
            }
            if week.is_some() {
                form.nested(3, |_| {});
            }
        });
    }
    if parts.clears_attributes {
        form.nested(11, |_| {});
    }
}

/// Fields: 1 degrees north, 2 degrees east.
fn write_position(form: &mut Canonical, position: Position) {
    form.fraction(1, position.latitude());
    form.fraction(2, position.longitude());
}

/// What stays as it is isn't written; field 1 is what it is from now on, and what is taken away has none.
fn write_edit<T>(form: &mut Canonical, tag: u8, edit: &Edit<T>, text: impl Fn(&T) -> String) {
    match edit {
        Edit::Keep => {}
        Edit::Clear => form.nested(tag, |_| {}),
        Edit::Set(value) => form.nested(tag, |form| form.text(1, &text(value))),
    }
}

/// See [`RequestDigest::debug_hash`]. Positions hide themselves in `Debug` output.
fn debug_hash(mutation: &Mutation) -> u64 {
    let position = match mutation {
        Mutation::Create { details, .. } | Mutation::Replace { details, .. } => {
            Some(details.position)
        }
        Mutation::Change { patch, .. } => patch.position,
        Mutation::Remove { .. } | Mutation::Assign { .. } => None,
    };
    let place = position.map(|at| (at.latitude().to_bits(), at.longitude().to_bits()));
    let text = match mutation {
        Mutation::Create { owner, details, .. } => {
            format!("create {owner:?} {details:?} {place:?}")
        }
        other => format!("{other:?} {place:?}"),
    };
    model::fnv1a(text.bytes())
}

#[cfg(test)]
mod tests;
