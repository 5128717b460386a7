//! The objects of the lists in a file of JSON, one after the other: files of gigabytes never lie in memory.

use super::ImportError;
use super::skipped::SkipReason;

/// How many objects and lists may lie in each other.
const DEPTH_MAX: usize = 64;
/// The longest object of a list, bytes.
const ITEM_BYTES_MAX: usize = 1 << 20;
/// The longest name that is compared, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Finds the objects of lists: those that are the file, or members of the file's one object by one of these names.
#[derive(Debug)]
pub(super) struct Items {
    lists: &'static [&'static str],
    /// The brackets that are open.
    open: Vec<u8>,
    is_in_string: bool,
    is_escaped: bool,
    /// The last string, as far as it matters.
    name: Vec<u8>,
    /// Which list is being read.
    list: Option<&'static str>,
    item: Vec<u8>,
    is_too_long: bool,
    count: u64,
}

/// What is done with an object: its number, from 1, the name of its list, empty if that is the file, and its bytes.
pub(super) type Take<'a> = dyn FnMut(u64, &'static str, Result<&[u8], SkipReason>) + 'a;

impl Items {
    pub(super) fn new(lists: &'static [&'static str]) -> Self {
        Self {
            lists,
            open: Vec::new(),
            is_in_string: false,
            is_escaped: false,
            name: Vec::new(),
            list: None,
            item: Vec::new(),
            is_too_long: false,
            count: 0,
        }
    }

    /// Reads the next bytes.
    pub(super) fn read(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), ImportError> {
        bytes.iter().try_for_each(|byte| self.step(*byte, take))
    }

    /// Whether all that was begun is ended. A file without one of the lists isn't `format`.
    pub(super) fn finish(self, format: &'static str) -> Result<(), ImportError> {
        if !self.open.is_empty() || self.is_in_string {
            return Err(ImportError::CutOff);
        }
        if self.list.is_none() { Err(ImportError::OtherFormat(format)) } else { Ok(()) }
    }

    fn step(&mut self, byte: u8, take: &mut Take<'_>) -> Result<(), ImportError> {
        let is_within = self.is_in_item();
        if is_within {
            self.keep(byte);
        }
        if self.is_in_string {
            self.string(byte);
            return Ok(());
        }
        match byte {
            b'"' => {
                self.is_in_string = true;
                self.name.clear();
            }
            b'{' | b'[' => {
                if self.open.len() >= DEPTH_MAX {
                    return Err(ImportError::TooDeep(DEPTH_MAX));
                }
                self.open(byte);
                if !is_within && self.is_in_item() {
                    self.keep(byte);
                }
            }
            b'}' | b']' => {
                self.open.pop();
                if is_within && !self.is_in_item() {
                    self.count += 1;
                    let is_too_long = std::mem::take(&mut self.is_too_long);
                    let item =
                        if is_too_long { Err(SkipReason::TooLong) } else { Ok(&self.item[..]) };
                    take(self.count, self.list.unwrap_or_default(), item);
                    self.item.clear();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How many brackets are open where an object of a list begins: that of the list, and of the object it is a member of.
    fn depth(&self) -> usize {
        if self.open.first() == Some(&b'[') { 1 } else { 2 }
    }

    fn is_in_item(&self) -> bool {
        let depth = self.depth();
        self.open.len() > depth && self.open[depth - 1] == b'[' && self.is_of_list()
    }

    /// Whether the list that is open is one of those that are wanted.
    fn is_of_list(&self) -> bool {
        let named = self.open.len() >= 2 && self.list.is_some_and(|list| !list.is_empty());
        self.open.first() == Some(&b'[') || (named && self.open.first() == Some(&b'{'))
    }

    fn open(&mut self, bracket: u8) {
        self.open.push(bracket);
        match self.open.as_slice() {
            b"[" => self.list = Some(""),
            b"{[" => {
                let named = self.lists.iter().find(|list| list.as_bytes() == self.name);
                // An empty name is no list that is wanted.
                self.list = named.copied().or(self.list.map(|_| ""));
            }
            _ => {}
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.item.len() >= ITEM_BYTES_MAX {
            self.is_too_long = true;
            self.item.clear();
        }
        if !self.is_too_long {
            self.item.push(byte);
        }
    }

    fn string(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.is_in_string = false,
            byte if self.name.len() < NAME_BYTES_MAX => self.name.push(byte),
            _ => {}
        }
    }
}
