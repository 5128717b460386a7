use std::fmt::{self, Display, Write as _};

use api::problems::Meaning;
use axum::http::StatusCode;
use ws_gateway::protocol::{CloseCode, ErrorWord};

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded from anywhere, nothing runs, and no page frames it. The one style is named by its digest.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'sha256-3kejhDreOVcG3SyLqZi3or1KUh43xhW0M+9Imh/xEVw='; img-src data:; base-uri 'none'; \
form-action 'none'; frame-ancestors 'none'";

/// Text that stands for itself in HTML.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            c => f.write_char(c),
        })
    }
}

/// What a word means, with an answer that has it.
pub(super) fn meaning(meaning: &Meaning, example: &str) -> String {
    let Meaning { code, means, remedy, retry, .. } = meaning;
    let (means, remedy, advice) = (Text(means.trim()), Text(remedy), Text(retry.advice()));
    let (statuses, example) = (statuses(meaning), Text(example));
    let content = format!(
        "<p><a href=\"./\">All problems</a></p>\n<h1>{code}</h1>\n<p class=\"quiet\">HTTP {statuses}</p>\n<p>{means}</p>\n\
         <h2>What to do</h2>\n<p>{remedy}</p>\n<p>{advice}</p>\n<h2>An answer with it</h2>\n<pre>{example}</pre>\n"
    );
    document(code, &content)
}

/// All words, and what is refused on WebSockets.
pub(super) fn index(all: &[&Meaning]) -> String {
    let entry = |meaning: &&Meaning| {
        let (code, means) = (meaning.code, Text(meaning.means.trim()));
        let statuses = statuses(meaning);
        format!(
            "<dt><a href=\"{code}\"><code>{code}</code></a> <span class=\"quiet\">{statuses}</span></dt>\n<dd>{means}</dd>\n"
        )
    };
    let word = |word: &ErrorWord| format!("<code>{}</code>", word.as_str());
    let close = |close: &CloseCode| {
        let (code, word) = (close.code(), close.as_str());
        let again = if close.comes_back() { "yes, after a pause" } else { "no" };
        format!("<tr><td>{code}</td><td><code>{word}</code></td><td>{again}</td></tr>\n")
    };
    let entries: String = all.iter().map(entry).collect();
    let words = ErrorWord::ALL.iter().map(word).collect::<Vec<_>>().join(", ");
    let closes: String = CloseCode::ALL.iter().map(close).collect();
    let content = format!(
        "<h1>Problems</h1>\n<p>A request that is refused is answered with problem JSON (RFC 9457): <code>code</code> is one of \
         these words, <code>type</code> leads to its page, <code>detail</code> says what exactly was wrong, and \
         <code>request_id</code> is in the service's log.</p>\n<dl>\n{entries}</dl>\n<h2>On WebSockets</h2>\n<p>A message that is \
         refused is answered with one of these words in <code>error</code>, and with a <code>detail</code>; the connection goes \
         on.</p>\n<p>{words}</p>\n<p>A connection that the service ends has one of these codes.</p>\n<table>\n\
         <tr><th>Code</th><th>Reason</th><th>Connect again</th></tr>\n{closes}</table>\n"
    );
    document("Problems", &content)
}

fn statuses(meaning: &Meaning) -> String {
    let in_words = |status: &u16| {
        let known = StatusCode::from_u16(*status).ok();
        let words = known.and_then(|status| status.canonical_reason()).unwrap_or("Error");
        format!("{status} {words}")
    };
    meaning.statuses.iter().map(in_words).collect::<Vec<_>>().join(" or ")
}

fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · Whereabouts</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{content}</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_html_stands_for_itself() {
        assert_eq!(Text("a < b & \"c\" > d").to_string(), "a &lt; b &amp; &quot;c&quot; &gt; d");
    }
}
