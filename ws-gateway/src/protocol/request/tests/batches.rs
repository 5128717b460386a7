use super::*;

fn batch(items: &[&str]) -> String {
    format!(r#"{{"type":"fixes","device":"d","fixes":[{}]}}"#, items.join(","))
}

#[test]
fn each_fix_of_a_batch_is_judged_by_itself() {
    let good = r#"{"seq":1,"latitude":1,"longitude":2}"#;
    assert!(parse(&batch(&[good; 100]), BATCH_MAX).is_ok());
    assert_eq!(word(&batch(&[good; 101])), ErrorWord::TooManyFixes);
    let items = [
        good,
        r#"{"seq":2,"latitude":91,"longitude":2}"#,
        r#"{"seq":3,"latitude":1,"longitude":2,"speed_mps":-1}"#,
        "[1,2,3]",
        "null",
        r#"{"latitude":1,"longitude":2}"#,
        r#"{"device":"e","seq":7,"latitude":1,"longitude":2}"#,
        r#"{"seq":8,"seq":9,"latitude":1,"longitude":2}"#,
        r#"{"seq":10,"latitude":1,"longitude":2,"accuracy_m":-1}"#,
        r#"{"seq":11,"latitude":"1","longitude":2}"#,
    ];
    let Ok(Request::Fixes { fixes, refused, last_seq, .. }) = parse(&batch(&items), BATCH_MAX)
    else {
        panic!("refused")
    };
    assert_eq!(fixes.iter().map(|fix| fix.seq).collect::<Vec<_>>(), [1, 3, 10]);
    let places: Vec<_> = refused.iter().map(|fix| (fix.index, fix.seq)).collect();
    let expected =
        [(1, Some(2)), (3, None), (4, None), (5, None), (6, Some(7)), (7, Some(9)), (9, Some(11))];
    assert_eq!((places, last_seq), (expected.into(), 11));
}

#[test]
fn fixes_that_waited_as_messages_of_their_own_count_in_a_batch_of_their_device() {
    let waited = |seq: u64, device: &str| {
        format!(r#"{{"type":"fix","device":{device},"seq":{seq},"latitude":1,"longitude":2}}"#)
    };
    let items = ["\"d\"", "null", "\"\\u0064\"", "\"D\"", "7", "\"\\ud800\""];
    let items: Vec<_> = (1..).zip(items).map(|(seq, device)| waited(seq, device)).collect();
    let items: Vec<_> = items.iter().map(String::as_str).collect();
    let Ok(Request::Fixes { fixes, refused, .. }) = parse(&batch(&items), BATCH_MAX) else {
        panic!("refused")
    };
    assert_eq!(fixes.iter().map(|fix| fix.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(refused.iter().all(|fix| fix.detail.contains("device")), "{refused:?}");
    assert_eq!(refused.iter().filter_map(|fix| fix.seq).collect::<Vec<_>>(), [4, 5, 6]);
}

#[test]
fn a_batch_of_which_nothing_can_be_named_is_an_error() {
    let Err(fault) = parse(&batch(&["{}", "7"]), BATCH_MAX) else { panic!("accepted") };
    assert_eq!(fault.word, ErrorWord::InvalidFix);
    assert!(fault.detail.contains("fixes[0]: seq is missing"), "{}", fault.detail);
    // What was to be sent has all been sent before: that counts as no fault.
    let Err(fault) = parse(&batch(&[]), BATCH_MAX) else { panic!("accepted") };
    assert_eq!((fault.word, &*fault.detail), (ErrorWord::InvalidFix, "fixes is empty"));
}
