use std::collections::HashMap;
use std::io::Write;

use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use super::page::Row;

/// Names that are handed to a column at a time.
const NAMES_AT_ONCE: usize = 1_024;

/// Rows that wait to be written as one row group: some hundred bytes each, whatever names are in them.
#[derive(Default)]
pub(super) struct Columns {
    names: Names,
    users: Vec<u32>,
    devices: Vec<u32>,
    times: Vec<i64>,
    received: Vec<i64>,
    seqs: Vec<i64>,
    latitudes: Vec<f64>,
    longitudes: Vec<f64>,
    /// Accuracy, altitude, speed, heading, battery.
    values: [Optional<f64>; 5],
    unshown: Optional<u32>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn add(&mut self, user: &str, row: &Row<'_>) {
        self.users.push(self.names.number(user));
        self.devices.push(self.names.number(&row.device));
        self.times.push(row.time_ms);
        self.received.push(row.received_ms);
        self.seqs.push(row.seq as i64);
        self.latitudes.push(row.latitude);
        self.longitudes.push(row.longitude);
        let told =
            [row.accuracy_m, row.altitude_m, row.speed_mps, row.heading_deg, row.battery_percent];
        for (column, value) in self.values.iter_mut().zip(told) {
            column.push(value);
        }
        let unshown = row.unshown.as_deref().map(|word| self.names.number(word));
        self.unshown.push(unshown);
    }

    /// Writes all rows as a row group, and forgets them.
    pub(super) fn write<W: Write + Send>(
        &mut self,
        file: &mut SerializedFileWriter<W>,
    ) -> Result<()> {
        let Self { names, users, devices, unshown, .. } = self;
        let mut group = file.next_row_group()?;
        write_names(&mut group, names, users, None)?;
        write_names(&mut group, names, devices, None)?;
        for numbers in [&self.times, &self.received, &self.seqs] {
            write::<Int64Type>(&mut group, numbers, None)?;
        }
        for degrees in [&self.latitudes, &self.longitudes] {
            write::<DoubleType>(&mut group, degrees, None)?;
        }
        for Optional { present, values } in &self.values {
            write::<DoubleType>(&mut group, values, Some(present))?;
        }
        write_names(&mut group, names, &unshown.values, Some(&unshown.present))?;
        group.close()?;
        self.clear();
        Ok(())
    }

    /// Room that was made once is used again.
    fn clear(&mut self) {
        self.names = Names::default();
        for numbers in [&mut self.users, &mut self.devices] {
            numbers.clear();
        }
        for numbers in [&mut self.times, &mut self.received, &mut self.seqs] {
            numbers.clear();
        }
        for degrees in [&mut self.latitudes, &mut self.longitudes] {
            degrees.clear();
        }
        self.values.iter_mut().for_each(Optional::clear);
        self.unshown.clear();
    }
}

/// Writes the next column of a group. `present` says of each row whether it has one of the values, where one may be absent.
fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[T::T],
    present: Option<&[i16]>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, present, None)?;
    column.close()
}

/// The same of names, a part of them at a time: each is larger than its number.
fn write_names(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    names: &Names,
    numbers: &[u32],
    present: Option<&[i16]>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let typed = column.typed::<ByteArrayType>();
    let lookup = |numbers: &[u32]| -> Vec<ByteArray> {
        numbers.iter().map(|number| names.list[*number as usize].clone()).collect()
    };
    let mut rest = numbers;
    match present {
        None => {
            for numbers in rest.chunks(NAMES_AT_ONCE) {
                typed.write_batch(&lookup(numbers), None, None)?;
            }
        }
        Some(present) => {
            for present in present.chunks(NAMES_AT_ONCE) {
                let count = present.iter().filter(|it| **it == 1).count();
                let (numbers, behind) = rest.split_at(count);
                rest = behind;
                typed.write_batch(&lookup(numbers), Some(present), None)?;
            }
        }
    }
    column.close()
}

/// A column in which values may be absent.
#[derive(Default)]
struct Optional<T> {
    /// Of each row 1, or 0 if it has no value.
    present: Vec<i16>,
    values: Vec<T>,
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<T>) {
        self.present.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn clear(&mut self) {
        self.present.clear();
        self.values.clear();
    }
}

/// Names of users and devices, and words, each once.
#[derive(Default)]
struct Names {
    numbers: HashMap<Box<str>, u32>,
    list: Vec<ByteArray>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.list.push(ByteArray::from(name));
        self.numbers.insert(name.into(), number);
        number
    }
}
