use std::sync::{Arc, LazyLock};

use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, TypePtr};

/// The columns in the order in which [`Columns`](super::columns::Columns) writes them. They are called as in the protocol; times
/// are milliseconds in UTC.
const MESSAGE: &str = "
    message point {
        REQUIRED BYTE_ARRAY user (STRING);
        REQUIRED BYTE_ARRAY device (STRING);
        REQUIRED INT64 time (TIMESTAMP(MILLIS,true));
        REQUIRED INT64 received (TIMESTAMP(MILLIS,true));
        REQUIRED INT64 seq (INTEGER(64,false));
        REQUIRED DOUBLE latitude;
        REQUIRED DOUBLE longitude;
        OPTIONAL DOUBLE accuracy_m;
        OPTIONAL DOUBLE altitude_m;
        OPTIONAL DOUBLE speed_mps;
        OPTIONAL DOUBLE heading_deg;
        OPTIONAL DOUBLE battery_percent;
        OPTIONAL BYTE_ARRAY unshown (STRING);
    }
";
/// By which rows are sorted: user, then time, as places among the columns.
const SORTED_BY: [i32; 2] = [0, 2];
/// Whole numbers, which grow by little.
const GROWING: [&str; 3] = ["time", "received", "seq"];
/// Columns in which hardly a value comes twice.
const UNIQUE: [&str; 5] = ["time", "received", "seq", "latitude", "longitude"];

pub(super) static SCHEMA: LazyLock<TypePtr> =
    LazyLock::new(|| Arc::new(parse_message_type(MESSAGE).expect("a message type")));

/// How columns are written: as every reader of the format reads them.
pub(super) static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| {
    let ascending =
        |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("whereabouts ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_sorting_columns(Some(SORTED_BY.map(ascending).to_vec()));
    for column in UNIQUE {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    for column in GROWING {
        let column = ColumnPath::from(column);
        properties = properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    Arc::new(properties.build())
});
