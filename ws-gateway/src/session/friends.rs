//! Whom the session may see: their list, their channels, and what follows when something may have been missed.

pub(crate) mod people;

use model::{Metres, Moment};

use super::circle::{self, Amended, Amendment, Circle};
use super::messages::{CloseCode, Reply, Welcome};
use super::outbound::due::Due;
use super::{Effect, Phase, Session, Unavailable};

impl Session {
    /// Whom the user may see was read.
    pub(super) fn circle(
        &mut self,
        now: Moment,
        answer: Result<Circle, Unavailable>,
        effects: &mut Vec<Effect>,
    ) {
        let to_welcome = matches!(self.phase, Phase::Opening { welcomed: false });
        let read = answer.ok();
        if to_welcome && read.is_none() {
            return self.close(CloseCode::TryAgainLater, "friends can't be read now", effects);
        }
        self.reads.circle_done(now.monotonic, read.is_some());
        let Some(read) = read else { return };
        let Some(circle) = self.circle.read(read) else {
            return self.reads.circle_is_unknown();
        };
        if to_welcome {
            self.radius = circle.radius;
            self.view.set_radius(circle.radius);
            self.phase = Phase::Opening { welcomed: true };
            effects.extend(self.welcome(now).map(Effect::Send));
        } else {
            self.look_as_far_as(circle.radius);
        }
        let removed = self.view.set_friends(&circle.friends);
        unwatch(removed, effects);
        self.watch();
    }

    /// The circle has changed, in this way.
    pub(super) fn amend(&mut self, amendment: &Amendment, effects: &mut Vec<Effect>) {
        if let Amended::Friend(other, _) | Amended::Standing(other) = &amendment.what
            && self.is_welcomed()
        {
            self.relations.changed(other);
            self.people_stir = true;
        }
        match self.circle.amend(amendment) {
            circle::Effect::None => {}
            circle::Effect::Unknown => self.circle_is_unknown(),
            // Until the first reading there is nobody in the view: it will have this change, or be brought up to date.
            circle::Effect::Apply if !self.is_welcomed() => {}
            circle::Effect::Apply => match &amendment.what {
                Amended::Friend(friend, true) => {
                    self.view.add(friend);
                    self.watch();
                }
                Amended::Friend(friend, false) => {
                    unwatch(self.view.remove(friend).into_iter().collect(), effects);
                }
                Amended::Radius(radius) => self.look_as_far_as(*radius),
                Amended::Standing(_) => {}
            },
        }
    }

    /// Something may have been missed: of friends nothing may be told until the circle was read anew, and then with names;
    /// and whoever stands otherwise to the user now, the client finds in its lists.
    pub(super) fn circle_is_unknown(&mut self) {
        self.reads.circle_is_unknown();
        self.view.all_renamed();
        self.people_stir = true;
        if self.is_welcomed() {
            self.relations.are_unknown();
        }
    }

    fn look_as_far_as(&mut self, radius: Metres) {
        if radius != self.radius {
            self.radius = radius;
            self.due.insert(Due::Radius);
            self.view.set_radius(radius);
        }
    }

    /// Sees to it that whoever isn't watched yet is.
    fn watch(&mut self) {
        if self.view.has_unwatched() {
            self.reads.want_positions();
        }
        self.go_live();
    }

    fn welcome(&self, now: Moment) -> Option<Reply> {
        let caller = self.caller.as_ref()?;
        Some(Reply::Welcome(Box::new(Welcome {
            user: caller.user.clone(),
            session: self.id.clone(),
            epoch: self.epoch.clone(),
            at: now.wall,
            radius: self.radius,
            token_expires: caller.expires,
            hint: self.given_hint.given(),
            limits: self.limits.clone(),
        })))
    }

    /// The channels that weren't watched are subscribed, and their positions are in the view; or some are not.
    pub(super) fn positions(&mut self, now: Moment, ok: bool) {
        self.reads.positions_done(now.monotonic, ok);
        if ok && !std::mem::replace(&mut self.reads.own_channel, true) {
            // From here on no change of the circle is missed. What was read before, while the user's own server was
            // away, may lack one.
            self.reads.want_circle();
            if self.is_welcomed() {
                self.relations.are_unknown();
                self.people_stir = true;
            }
        } else if !self.is_welcomed() && !self.reads.own_channel {
            // The client may know its friends' names while their positions can't be read, and that its fixes fail.
            self.reads.want_circle();
        }
        self.go_live();
    }

    /// Whether the client was told who it is.
    pub(crate) fn is_welcomed(&self) -> bool {
        matches!(self.phase, Phase::Live | Phase::Opening { welcomed: true })
    }

    fn go_live(&mut self) {
        let opening = matches!(self.phase, Phase::Opening { welcomed: true });
        if opening && self.reads.own_channel && self.reads.are_idle() {
            self.start_over();
        }
    }

    /// Something may have been missed; what the view holds is the newest again.
    pub(super) fn gap(&mut self) {
        // Whoever isn't live yet gets its first snapshot anyway.
        if matches!(self.phase, Phase::Live) {
            // Told once, however often it happens before the snapshot.
            if !std::mem::replace(&mut self.gap_stands, true) {
                // Not an effect: that would wait behind a call under way, and the snapshot pass it.
                self.due.insert(Due::Gap);
            }
            self.start_over();
        }
    }

    fn start_over(&mut self) {
        self.phase = Phase::Live;
        self.due.insert(Due::Snapshot);
        self.view.start_over();
    }
}

fn unwatch(slots: Vec<u32>, effects: &mut Vec<Effect>) {
    if !slots.is_empty() {
        effects.push(Effect::Unwatch(slots));
    }
}
