//! Files that mean harm, or nothing.

use proptest::prelude::*;

use super::*;

fn failed(format: ImportFormat, file: &[u8]) -> ImportError {
    let failed = read_in_pieces(format, file, usize::MAX).expect_err("can't be read");
    assert_eq!(read_in_pieces(format, file, 3).expect_err("can't be read"), failed);
    failed
}

#[test]
fn files_of_another_kind_are_named() {
    for format in [ImportFormat::Gpx, ImportFormat::GoogleTimeline, ImportFormat::Csv] {
        assert!(matches!(failed(format, b""), ImportError::OtherFormat(_)), "{format:?}");
    }
    assert_eq!(failed(ImportFormat::Gpx, b"<kml></kml>"), ImportError::OtherFormat("GPX"));
    let other = failed(ImportFormat::GoogleTimeline, br#"{"a": [{"latitudeE7": 1}]}"#);
    assert_eq!(other, ImportError::OtherFormat("Google's location history"));
}

#[test]
fn files_that_end_too_early_say_so() {
    assert_eq!(failed(ImportFormat::Gpx, b"<gpx><trk>"), ImportError::CutOff);
    assert_eq!(failed(ImportFormat::Gpx, b"<gpx><trk"), ImportError::CutOff);
    assert_eq!(failed(ImportFormat::GoogleTimeline, br#"{"locations": [{"#), ImportError::CutOff);
    assert_eq!(failed(ImportFormat::GoogleTimeline, br#"["abc"#), ImportError::CutOff);
}

#[test]
fn document_types_are_refused() {
    let bomb = br#"<!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><gpx>&b;</gpx>"#;
    assert_eq!(failed(ImportFormat::Gpx, bomb), ImportError::DocumentType);
}

#[test]
fn depth_is_bounded() {
    let elements = "<gpx>".repeat(100_000);
    assert_eq!(failed(ImportFormat::Gpx, elements.as_bytes()), ImportError::TooDeep(64));
    for brackets in ["[", "{\"a\":", "{\"locations\":["] {
        let nested = brackets.repeat(100_000);
        assert_eq!(
            failed(ImportFormat::GoogleTimeline, nested.as_bytes()),
            ImportError::TooDeep(64)
        );
    }
}

#[test]
fn length_is_bounded() {
    let long = "x".repeat(3 << 20);
    let tag = format!("<gpx a=\"{long}");
    assert_eq!(failed(ImportFormat::Gpx, tag.as_bytes()), ImportError::TooLong(64 * 1_024));
    let gpx = format!(
        "<gpx><!--{long}--><name>{long}</name><time><![CDATA[{long}]]></time>{}\
        <trkpt lat='1' lon='1'><time>2020-01-01T00:00:00Z</time></trkpt></gpx>",
        "<![CDATA[x]]>".repeat(1_000),
    );
    assert_eq!(read_in_pieces(ImportFormat::Gpx, gpx.as_bytes(), 4_096).expect("GPX").0.len(), 1);

    let csv = format!("ts,lat,lon\n1,1,1,{long}\n2,2,2\n{long}");
    let (found, skipped) = read_in_pieces(ImportFormat::Csv, csv.as_bytes(), 4_096).expect("CSV");
    assert_eq!((found.len(), reasons(&skipped)), (1, vec![(SkipReason::TooLong, 2, 2)]));
    assert_eq!(failed(ImportFormat::Csv, long.as_bytes()), ImportError::TooLong(64 * 1_024));

    let item = r#"{"latitudeE7": 1, "longitudeE7": 1, "timestampMs": "1"}"#;
    let json =
        format!(r#"{{"{long}": "{long}", "locations": [{item}, {{"a": "{long}"}}, {item}]}}"#);
    let (found, skipped) =
        read_in_pieces(ImportFormat::GoogleTimeline, json.as_bytes(), 4_096).expect("JSON");
    assert_eq!((found.len(), reasons(&skipped)), (2, vec![(SkipReason::TooLong, 1, 2)]));
}

#[test]
fn what_is_not_text_is_counted() {
    let file = b"ts,lat,lon\n1,1,1\n\xff\xfe,1,1\n1,\0,1\n";
    let (found, skipped) = read_in_pieces(ImportFormat::Csv, file, 5).expect("CSV");
    let expected = vec![(SkipReason::NotUtf8, 1, 3), (SkipReason::Malformed, 1, 4)];
    assert_eq!((found.len(), reasons(&skipped)), (1, expected));
    assert_eq!(failed(ImportFormat::Gpx, b"<gpx \xff>"), ImportError::OtherFormat("XML in UTF-8"));
}

/// Pieces of which files of all formats are made.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "<gpx>",
        "<trkpt lat='1' lon='1'>",
        "</trkpt>",
        "<time>",
        "2020-01-01T00:00:00Z",
        "</time>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<",
        ">",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"locations\":[",
        "\"latitudeE7\"",
        "\\",
        "1",
        "ts,lat,lon",
        "\n",
        "1,1,1",
        "\t*\t",
        "°",
        "\u{feff}",
        "/",
        "w:fix seq='1'",
    ]);
    let piece = prop_oneof![
        9 => words.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_file_comes_to_fixes_or_an_error_however_it_is_cut(file in any_file(), piece_bytes in 1..9usize) {
        for format in ImportFormat::ALL {
            let whole = read_in_pieces(*format, &file, usize::MAX);
            prop_assert_eq!(read_in_pieces(*format, &file, piece_bytes), whole, "{:?}", format);
        }
    }
}
