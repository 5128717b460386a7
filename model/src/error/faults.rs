use std::fmt;
use std::ops::RangeInclusive;

/// All that is wrong with some settings, each in words that begin with the name of the setting.
///
/// Whoever has five wrong is told of five, and needn't start five times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<SettingFault>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// The section whose setting it is, such as `auth.issuers[0]`; empty at the top.
    section: String,
    /// Whether the words begin behind the name of the section.
    is_behind: bool,
    words: String,
}

impl SettingFault {
    /// Whether it is of this section, or of one within.
    pub fn is_of(&self, section: &str) -> bool {
        let rest = self.section.strip_prefix(section);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// The same, if it is of an entry of this list, with the place that the entry has in `places`: it was counted without others.
    #[must_use]
    pub fn counted(mut self, list: &str, places: &[usize]) -> Self {
        let entry = self.section.strip_prefix(list).and_then(|rest| {
            let (number, rest) = rest.strip_prefix('[')?.split_once(']')?;
            Some((places.get(number.parse::<usize>().ok()?)?, rest.to_owned()))
        });
        if let Some((place, rest)) = entry {
            self.section = format!("{list}[{place}]{rest}");
        }
        self
    }
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_behind {
            write!(f, "{}.", self.section)?;
        }
        f.write_str(&self.words)
    }
}

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: impl Into<String>) {
        self.add_of("", fault);
    }

    /// Adds one of a section, whose words say all.
    pub fn add_of(&mut self, section: &str, fault: impl Into<String>) {
        let (section, words) = (section.to_owned(), fault.into());
        self.0.push(SettingFault { section, is_behind: false, words });
    }

    /// Adds the rule that doesn't hold.
    pub fn unless(&mut self, holds: bool, rule: impl Into<String>) {
        if !holds {
            self.add(rule);
        }
    }

    /// Adds the rule of a value that isn't in its range.
    pub fn unless_in<T>(&mut self, range: &RangeInclusive<T>, name: &str, value: T)
    where
        T: PartialOrd + fmt::Display + Copy,
    {
        let (least, most) = (range.start(), range.end());
        self.unless(range.contains(&value), format!("{name} must be from {least} to {most}"));
    }

    /// Adds why something failed; answers what there is if it didn't.
    pub fn check<T>(&mut self, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|fault| self.add(fault)).ok()
    }

    /// Adds those of a section, behind its name.
    pub fn check_section(&mut self, section: &str, outcome: Result<(), Self>) {
        let Err(Self(faults)) = outcome else { return };
        self.0.extend(faults.into_iter().map(|fault| SettingFault {
            section: match fault.section.as_str() {
                "" => section.to_owned(),
                within => format!("{section}.{within}"),
            },
            is_behind: true,
            words: fault.words,
        }));
    }

    /// Adds all of others.
    pub fn check_all(&mut self, outcome: Result<(), Self>) {
        if let Err(Self(faults)) = outcome {
            self.0.extend(faults);
        }
    }

    /// Errs if there is any.
    pub fn result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, SettingFault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a SettingFault;
    type IntoIter = std::slice::Iter<'a, SettingFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Faults {
    type Item = SettingFault;
    type IntoIter = std::vec::IntoIter<SettingFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<SettingFault> for Faults {
    fn extend<T: IntoIterator<Item = SettingFault>>(&mut self, faults: T) {
        self.0.extend(faults);
    }
}

/// A line each.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(SettingFault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl From<Faults> for String {
    fn from(faults: Faults) -> Self {
        faults.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_by_their_sections_a_line_each() {
        let mut part = Faults::default();
        part.unless_in(&(1..=9), "edge", 1);
        part.unless_in(&(1..=9), "edge", 9);
        assert_eq!(part.clone().result(), Ok(()));
        part.unless_in(&(1..=9), "copies", 10);
        part.unless(false, "a must be less than b");
        part.check(Err::<(), _>("url isn't one".to_owned()));
        let mut all = Faults::default();
        all.check_section("part", part.result());
        let mut others = Faults::default();
        others.add("roles contradict");
        all.check_all(others.result());
        let told = "part.copies must be from 1 to 9\npart.a must be less than b\npart.url isn't one\nroles contradict";
        assert_eq!(all.iter().count(), 4);
        assert_eq!(all.result().map_err(String::from), Err(told.to_owned()));
    }

    #[test]
    fn a_fault_knows_its_section_and_the_place_of_its_entry() {
        let mut entry = Faults::default();
        entry.add("url isn't one");
        let mut list = Faults::default();
        list.check_section("issuers[1]", entry.result());
        let mut all = Faults::default();
        all.check_section("auth", list.result());
        all.add_of("log", "the filter of the log isn't one");
        let [auth, log] = &all.0[..] else { panic!("{all}") };
        assert!(auth.is_of("auth") && auth.is_of("auth.issuers") && auth.is_of("auth.issuers[1]"));
        assert!(!auth.is_of("auth.issuers[12]") && !auth.is_of("au") && !auth.is_of("log"));
        assert!(log.is_of("log") && log.to_string() == "the filter of the log isn't one");
        let moved = auth.clone().counted("auth.issuers", &[0, 3]).to_string();
        assert_eq!(moved, "auth.issuers[3].url isn't one");
        assert_eq!(auth.clone().counted("auth.keys", &[7, 8]), *auth);
    }
}
