use std::collections::{HashMap, VecDeque};

use model::Timestamp;

use crate::core::limits::KEY_AGE_MS_MAX;
use crate::core::record::{EventRecord, KeyOf, Remembered};

/// Events of the last day by their keys.
#[derive(Debug, Default)]
pub(crate) struct RememberedEvents {
    events: HashMap<KeyOf, Remembered>,
    // In the order in which they came.
    order: VecDeque<(Timestamp, KeyOf)>,
}

impl RememberedEvents {
    /// What is remembered of a key.
    pub(crate) fn get(&self, key: &KeyOf) -> Option<&Remembered> {
        self.events.get(key)
    }

    /// Remembers an event, and forgets those that came too long before it.
    pub(crate) fn take(&mut self, record: &EventRecord) {
        let key = (record.event.producer.clone(), record.event.key.clone());
        let EventRecord { digest, at, ref result, .. } = *record;
        self.events.insert(key.clone(), Remembered { digest, at, result: result.clone() });
        self.order.push_back((at, key));
        while let Some((came, key)) = self.order.front()
            && at - *came > KEY_AGE_MS_MAX
        {
            // It may have come again since.
            if self.events.get(key).is_some_and(|known| known.at == *came) {
                self.events.remove(key);
            }
            self.order.pop_front();
        }
    }
}
