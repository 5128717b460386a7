//! Rust source as tokens, without comments and documentation.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A token of a file: the line it begins on, from 1, and its text.
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What kind of token it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Literal,
    Mark,
}

/// The tokens of a stream, without comments and documentation.
pub(super) fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let mut push = |text: String, kind| tokens.push(Token { line, text, kind });
        match tree {
            TokenTree::Ident(word) => push(word.to_string(), Kind::Word),
            TokenTree::Literal(literal) => push(literal.to_string(), Kind::Literal),
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                let inner = trees.next_if(|next| next.to_string() == "!").is_some();
                if trees.next_if(is_documentation).is_none() {
                    push("#".to_owned(), Kind::Mark);
                    if inner {
                        push("!".to_owned(), Kind::Mark);
                    }
                }
            }
            TokenTree::Punct(mark) => push(mark.to_string(), Kind::Mark),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open.to_owned(), Kind::Mark);
                flatten(group.stream(), tokens);
                let line = group.span_close().start().line;
                tokens.push(Token { line, text: close.to_owned(), kind: Kind::Mark });
            }
        }
    }
}

/// Whether an attribute's brackets hold a doc comment.
fn is_documentation(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    group.delimiter() == Delimiter::Bracket
        && group.stream().into_iter().next().is_some_and(|first| first.to_string() == "doc")
}
