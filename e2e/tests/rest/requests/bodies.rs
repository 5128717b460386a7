//! What a body holds, and what is said of it.

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn bodies_that_are_not_one_json_object_are_refused() {
    let mut world = World::start().await;
    let utf16: Vec<u8> =
        r#"{"display_name":"X"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_with_mark = [&[0xff, 0xfe], utf16.as_slice()].concat();
    let nested = format!(r#"{{"display_name":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let unknown =
        format!(r#"{{"display_name":"X","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [(&str, &[u8], &str); 26] = [
        ("empty", b"", "empty"),
        ("spaces", b"  ", "JSON object"),
        ("null", b"null", "JSON object"),
        ("an array", br#"["X"]"#, "JSON object"),
        ("a text", br#""X""#, "JSON object"),
        ("nothing in it", b"{}", "missing field `display_name`"),
        ("name null", br#"{"display_name":null}"#, "display_name: must be a text, and is null"),
        ("name a number", br#"{"display_name":7}"#, "display_name: must be a text, and is 7"),
        ("name twice", br#"{"display_name":"X","display_name":"Y"}"#, "duplicate field"),
        ("an unknown field", br#"{"display_name":"X","admin":true}"#, "unknown field `admin`"),
        ("trailing data", br#"{"display_name":"X"}{"display_name":"Y"}"#, "goes on"),
        ("a trailing bracket", br#"{"display_name":"X"}]"#, "goes on"),
        ("a comment", br#"{"display_name":"X" /* Y */}"#, "expected"),
        ("a comment behind", br#"{"display_name":"X"} // Y"#, "goes on"),
        ("a trailing comma", br#"{"display_name":"X",}"#, "trailing comma"),
        ("half", br#"{"display_name":"X""#, "breaks off"),
        ("UTF-16", &utf16, "UTF-16"),
        ("UTF-16 with a mark", &utf16_with_mark, "UTF-16"),
        ("UTF-8 with a mark", b"\xef\xbb\xbf{\"display_name\":\"X\"}", "byte order mark"),
        ("Latin-1", b"{\"display_name\":\"\xe9\"}", "not UTF-8"),
        ("a bare U+0000", b"{\"display_name\":\"X\0\"}", "UTF-8"),
        ("a lone surrogate", br#"{"display_name":"\ud800"}"#, "hex escape"),
        ("depth 10^4", nested.as_bytes(), "display_name: must be a text, and is a list"),
        ("depth 10^4, unknown", unknown.as_bytes(), "unknown field `x`"),
        ("NaN", br#"{"display_name":NaN}"#, "expected value"),
        ("1e400", br#"{"display_name":1e400}"#, "out of range"),
    ];
    let cases = bodies
        .into_iter()
        .map(|(case, body, words)| (case, world.rename().json(body), (400, "invalid_json", words)));
    let cases = cases.collect();
    world.expect_problems(cases).await;
}

#[tokio::test]
async fn names_are_taken_from_any_script_and_refused_where_they_are_none() {
    let mut world = World::start().await;
    let emoji = format!(r#"{{"display_name":"{}"}}"#, "😀".repeat(2_560));
    let refused = |words| (400, "invalid_display_name", words);
    let mut cases =
        vec![("10 KB of emoji", world.rename().json(&emoji), refused("100 characters"))];
    for (case, name, words) in [
        ("empty", "", "blank"),
        ("spaces", "\u{3000} ", "blank"),
        ("U+0000", r"a\u0000b", "control character"),
        ("a line feed", r"a\nb", "control character"),
        ("DEL", r"a\u007f", "control character"),
    ] {
        let body = format!(r#"{{"display_name":"{name}"}}"#);
        cases.push((case, world.rename().json(body), refused(words)));
    }
    world.expect_problems(cases).await;

    for name in [
        "\u{200f}\u{5d0}\u{5d1}\u{200e}",
        "\u{202e}drawkcab",
        "山田 太郎",
        "김철수",
        "👩‍👩‍👧",
        &"é".repeat(100),
    ] {
        let body = json!({ "display_name": name }).to_string();
        let answer = world.answer(name, &world.rename().json(body).encode()).await;
        assert_eq!(
            (answer.status, &answer.json["display_name"]),
            (200, &json!(name)),
            "{answer:?}"
        );
        assert_eq!(world.look().await[0]["display_name"], name);
    }
}

#[tokio::test]
async fn content_types_encodings_and_accept_headers_that_do_not_fit_are_refused() {
    let mut world = World::start().await;
    let body = br#"{"display_name":"X"}"#;
    let rename = world.rename().json(body);
    let typed = |kind: &str| rename.clone().instead("Content-Type", kind);
    let media = |words| (415, "unsupported_media_type", words);
    let encoded = |name: &str| {
        world.rename().json(b"\x1f\x8b\x08\0\0\0\0\0\0\x03").with("Content-Encoding", name)
    };
    let encoding = (415, "unsupported_encoding", "without Content-Encoding");
    let accepting = |kinds: &str| world.request("GET", "/v1/users/me").with("Accept", kinds);
    let unacceptable = (406, "not_acceptable", "application/json");
    let cases = vec![
        ("no type", world.rename().json(body).without("Content-Type"), media("one Content-Type")),
        (
            "two types",
            world.rename().json(body).with("Content-Type", "application/json"),
            media("one Content-Type"),
        ),
        ("empty type", typed(""), media("application/json")),
        ("text/xml", typed("text/xml"), media("application/json")),
        ("text/plain", typed("text/plain"), media("application/json")),
        ("a form", typed("application/x-www-form-urlencoded"), media("application/json")),
        ("utf-7", typed("application/json; charset=utf-7"), media("utf-8")),
        ("utf-16", typed("application/json;charset=\"utf-16\""), media("utf-8")),
        ("gzip", encoded("gzip"), encoding),
        ("twice gzip", encoded("gzip, gzip"), encoding),
        ("deflate", encoded("deflate"), encoding),
        ("identity and gzip", encoded("identity").with("Content-Encoding", "gzip"), encoding),
        ("accept HTML", accepting("text/html"), unacceptable),
        ("accept XML", accepting("application/xml, text/xml;q=0.9"), unacceptable),
        ("accept all but JSON", accepting("*/*, application/json;q=0"), unacceptable),
        ("accept nothing", accepting(""), unacceptable),
        (
            "accept HTML while renaming",
            world.rename().json(body).with("Accept", "text/html"),
            unacceptable,
        ),
        (
            "accept HTML nearby",
            world.request("GET", "/v1/friends/nearby").with("Accept", "text/html"),
            unacceptable,
        ),
    ];
    world.expect_problems(cases).await;
    let right = typed("Application/JSON; charset=\"UTF-8\"").body(br#"{"display_name":"Z"}"#);
    assert_eq!(world.answer("odd but right", &right.encode()).await.status, 200);
}
