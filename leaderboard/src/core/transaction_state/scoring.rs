use crate::core::board::{BoardPosition, Operator, Rules, Wins};
use crate::core::entry::Entry;
use crate::core::event::Amount;
use crate::core::mutation::Effect;
use crate::core::refusal::Refusal;

/// What a player has once this is posted at `position`.
pub(super) fn changed(
    rules: &Rules,
    before: Option<Entry>,
    amount: Amount,
    position: BoardPosition,
) -> Result<(Entry, Effect), Refusal> {
    let range = rules.range;
    let out_of_range = Refusal::OutOfRange { min: range.min, max: range.max };
    let score = match (rules.operator, amount) {
        (Operator::Sum, Amount::Delta(delta)) => {
            let score = before.map_or(0, |entry| entry.score);
            score.checked_add(delta).ok_or(out_of_range)?
        }
        (Operator::Sum, Amount::Score(_)) => return Err(Refusal::NeedsDelta),
        (_, Amount::Delta(_)) => return Err(Refusal::NeedsScore),
        (_, Amount::Score(score)) => score,
    };
    if !range.has(score) {
        return Err(out_of_range);
    }
    match before {
        Some(entry) if entry.score == score => Ok((entry, Effect::Unchanged)),
        Some(entry) if rules.operator == Operator::Best && !is_better(rules.wins, score, entry) => {
            Ok((entry, Effect::Unchanged))
        }
        Some(_) => Ok((Entry { score, reached: position }, Effect::Changed)),
        None => Ok((Entry { score, reached: position }, Effect::Created)),
    }
}

fn is_better(wins: Wins, score: i64, than: Entry) -> bool {
    match wins {
        Wins::High => score > than.score,
        Wins::Low => score < than.score,
    }
}
