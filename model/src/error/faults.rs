use std::fmt;
use std::ops::RangeInclusive;

/// All that is wrong with some settings, each in words that begin with the name of the setting.
///
/// Whoever has five wrong is told of five, and needn't start five times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
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

    /// Adds why something failed.
    pub fn check<T>(&mut self, outcome: Result<T, String>) {
        if let Err(fault) = outcome {
            self.add(fault);
        }
    }

    /// Adds those of a section, behind its name.
    pub fn check_section(&mut self, section: &str, outcome: Result<(), Self>) {
        if let Err(Self(faults)) = outcome {
            self.0.extend(faults.iter().map(|fault| format!("{section}.{fault}")));
        }
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

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A line each.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
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
        all.check_all(Err(Faults(vec!["roles contradict".to_owned()])));
        let told = "part.copies must be from 1 to 9\npart.a must be less than b\npart.url isn't one\nroles contradict";
        assert_eq!(all.iter().count(), 4);
        assert_eq!(all.result().map_err(String::from), Err(told.to_owned()));
    }
}
