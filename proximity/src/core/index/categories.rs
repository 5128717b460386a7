use std::collections::HashMap;
use std::sync::Arc;

use crate::core::catalogue::category::{Category, CategoryKey, keys};

/// The sets of categories that businesses have, each once: a business needs to keep a number only. There are hundreds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Categories {
    sets: Vec<Arc<[CategoryKey]>>,
    numbers: HashMap<Arc<[CategoryKey]>, u32>,
}

impl Categories {
    /// The number of the set of these; a new one changes all clones' common data into their own.
    pub(crate) fn number(this: &mut Arc<Self>, categories: &[Category]) -> u32 {
        let set = keys(categories);
        if let Some(number) = this.numbers.get(set.as_slice()) {
            return *number;
        }
        let (this, set): (_, Arc<[CategoryKey]>) = (Arc::make_mut(this), set.into());
        let number = this.sets.len() as u32;
        this.sets.push(Arc::clone(&set));
        this.numbers.insert(set, number);
        number
    }

    /// Which sets have the key, by their numbers.
    pub(crate) fn having(&self, key: &CategoryKey) -> Vec<bool> {
        self.sets.iter().map(|set| set.binary_search(key).is_ok()).collect()
    }

    /// How many of these sets have each key.
    pub(crate) fn counts(&self, numbers: impl Iterator<Item = u32>) -> HashMap<CategoryKey, usize> {
        let mut by_number = vec![0_usize; self.sets.len()];
        for number in numbers {
            by_number[number as usize] += 1;
        }
        let mut counts = HashMap::new();
        for (set, count) in self.sets.iter().zip(by_number) {
            for key in set.iter() {
                *counts.entry(key.clone()).or_default() += count;
            }
        }
        counts
    }
}
