//! The rules of merging, without input or output: what becomes of a field that both sides hold, and of a record that one side deleted.

use syncline_model::{ConflictRule, DeletedRule, Direction};
use syncline_store::LinkSide;

/// What is known of a field of two paired records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldState {
    /// Which way its values go.
    pub direction: Direction,
    /// Both sides hold the same, as far as their types can.
    pub equal: bool,
    /// What both held after the last sync is known.
    pub based: bool,
    /// The source holds something else than then.
    pub left_changed: bool,
    /// The destination holds something else than then.
    pub right_changed: bool,
    /// The source holds nothing.
    pub left_empty: bool,
    /// The destination holds nothing.
    pub right_empty: bool,
}

/// Who wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The definition's rule.
    pub conflict: ConflictRule,
    /// What a deletion does on the other side.
    pub deleted: DeletedRule,
    /// The side whose record was changed later, where that can be told.
    pub newer: Option<LinkSide>,
    /// The side that a person chose for what both sides hold now.
    pub decided: Option<LinkSide>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both hold the same: that is the base from now on.
    Same,
    /// They differ as they did after the last sync, and nobody changed anything.
    Keep,
    /// This side's value goes to the other one.
    Send(LinkSide),
    /// A person decides.
    Conflict,
}

/// What becomes of a field of two records that are both there.
///
/// - Of a field that goes one way the owner's value holds, whatever the other side has.
/// - A change on one side goes to the other one.
/// - Changes on both sides that differ are settled by a person's decision, else by the rule.
/// - Before the first sync nobody knows who changed what: a value goes where there is none, and two values that differ are settled like changes
///   on both sides.
pub fn merge_field(field: &FieldState, rules: &Rules) -> Verdict {
    if field.equal {
        return Verdict::Same;
    }
    match field.direction {
        Direction::To => return Verdict::Send(LinkSide::Source),
        Direction::From => return Verdict::Send(LinkSide::Destination),
        Direction::Both => {}
    }
    if !field.based {
        return match (field.left_empty, field.right_empty) {
            (true, false) => Verdict::Send(LinkSide::Destination),
            (false, true) => Verdict::Send(LinkSide::Source),
            (true, true) | (false, false) => settle(rules),
        };
    }
    match (field.left_changed, field.right_changed) {
        (true, false) => Verdict::Send(LinkSide::Source),
        (false, true) => Verdict::Send(LinkSide::Destination),
        (false, false) => Verdict::Keep,
        (true, true) => settle(rules),
    }
}

fn settle(rules: &Rules) -> Verdict {
    if let Some(side) = rules.decided {
        return Verdict::Send(side);
    }
    match (rules.conflict, rules.newer) {
        (ConflictRule::Source, _) => Verdict::Send(LinkSide::Source),
        (ConflictRule::Destination, _) => Verdict::Send(LinkSide::Destination),
        (ConflictRule::Newest, Some(side)) => Verdict::Send(side),
        (ConflictRule::Newest, None) | (ConflictRule::Ask, _) => Verdict::Conflict,
    }
}

/// What becomes of a pair of which one record is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoneVerdict {
    /// The other record stays, and is left alone from now on.
    Leave,
    /// The other record is made inactive, and left alone from then on.
    Deactivate,
    /// The other record is deleted.
    Delete,
    /// The record is made again from the other one.
    Recreate,
    /// A person decides.
    Conflict,
}

/// What becomes of a pair whose record of the side `gone` is deleted. `changed`: the other side changed it since the last sync.
pub fn merge_gone(gone: LinkSide, changed: bool, rules: &Rules) -> GoneVerdict {
    let by_rule = match rules.deleted {
        DeletedRule::Ignore => return GoneVerdict::Leave,
        DeletedRule::Deactivate => GoneVerdict::Deactivate,
        DeletedRule::Delete => GoneVerdict::Delete,
    };
    if !changed {
        return by_rule;
    }
    let winner = match (rules.decided, rules.conflict) {
        (Some(side), _) => side,
        (None, ConflictRule::Source) => LinkSide::Source,
        (None, ConflictRule::Destination) => LinkSide::Destination,
        // No time of the deletion is known, and what was changed after the last sync is lost for good if it goes.
        (None, ConflictRule::Newest) => gone.other(),
        (None, ConflictRule::Ask) => return GoneVerdict::Conflict,
    };
    if winner == gone { by_rule } else { GoneVerdict::Recreate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn direction() -> impl Strategy<Value = Direction> {
        prop_oneof![Just(Direction::To), Just(Direction::From), Just(Direction::Both)]
    }
    fn side() -> impl Strategy<Value = LinkSide> {
        prop_oneof![Just(LinkSide::Source), Just(LinkSide::Destination)]
    }
    fn rules() -> impl Strategy<Value = Rules> {
        let conflict = prop_oneof![
            Just(ConflictRule::Newest),
            Just(ConflictRule::Source),
            Just(ConflictRule::Destination),
            Just(ConflictRule::Ask)
        ];
        let deleted =
            prop_oneof![Just(DeletedRule::Ignore), Just(DeletedRule::Deactivate), Just(DeletedRule::Delete)];
        (conflict, deleted, proptest::option::of(side()), proptest::option::of(side()))
            .prop_map(|(conflict, deleted, newer, decided)| Rules { conflict, deleted, newer, decided })
    }
    /// A field as three small numbers tell it; 0 is empty.
    fn state(direction: Direction, base: Option<u8>, left: u8, right: u8) -> FieldState {
        FieldState {
            direction,
            equal: left == right,
            based: base.is_some(),
            left_changed: base.is_some_and(|base| base != left),
            right_changed: base.is_some_and(|base| base != right),
            left_empty: left == 0,
            right_empty: right == 0,
        }
    }
    fn mirrored_rules(rules: &Rules) -> Rules {
        Rules {
            conflict: match rules.conflict {
                ConflictRule::Source => ConflictRule::Destination,
                ConflictRule::Destination => ConflictRule::Source,
                other @ (ConflictRule::Newest | ConflictRule::Ask) => other,
            },
            newer: rules.newer.map(LinkSide::other),
            decided: rules.decided.map(LinkSide::other),
            deleted: rules.deleted,
        }
    }
    fn mirrored(verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Send(side) => Verdict::Send(side.other()),
            other @ (Verdict::Same | Verdict::Keep | Verdict::Conflict) => other,
        }
    }

    proptest! {
        #[test]
        fn both_ways_are_treated_alike(direction in direction(), base in proptest::option::of(0u8..3), left in 0u8..3, right in 0u8..3, rules in rules()) {
            let there = merge_field(&state(direction, base, left, right), &rules);
            let back = merge_field(&state(direction.reversed(), base, right, left), &mirrored_rules(&rules));
            prop_assert_eq!(there, mirrored(back));
        }

        #[test]
        fn one_change_is_never_lost_and_nothing_is_done_without_one(base in 0u8..4, left in 0u8..4, right in 0u8..4, rules in rules()) {
            let verdict = merge_field(&state(Direction::Both, Some(base), left, right), &rules);
            match (left != base, right != base) {
                (false, false) => prop_assert_eq!(verdict, Verdict::Same),
                (true, false) => prop_assert_eq!(verdict, Verdict::Send(LinkSide::Source)),
                (false, true) => prop_assert_eq!(verdict, Verdict::Send(LinkSide::Destination)),
                (true, true) if left == right => prop_assert_eq!(verdict, Verdict::Same),
                (true, true) => prop_assert!(matches!(verdict, Verdict::Send(_) | Verdict::Conflict)),
            }
        }

        #[test]
        fn after_a_merge_there_is_nothing_left_to_merge(direction in direction(), base in proptest::option::of(0u8..4), left in 0u8..4, right in 0u8..4, rules in rules()) {
            let (l, r) = match merge_field(&state(direction, base, left, right), &rules) {
                Verdict::Send(LinkSide::Source) => (left, left),
                Verdict::Send(LinkSide::Destination) => (right, right),
                Verdict::Same | Verdict::Keep => (left, right),
                Verdict::Conflict => return Ok(()),
            };
            let again = merge_field(&state(direction, Some(l), l, r), &rules);
            prop_assert!(matches!(again, Verdict::Same | Verdict::Keep), "{again:?}");
        }

        #[test]
        fn asking_never_overwrites(base in proptest::option::of(0u8..4), left in 1u8..4, right in 1u8..4) {
            let rules = Rules { conflict: ConflictRule::Ask, deleted: DeletedRule::Ignore, newer: Some(LinkSide::Source), decided: None };
            let verdict = merge_field(&state(Direction::Both, base, left, right), &rules);
            let both = left != right && base.is_none_or(|base| left != base && right != base);
            prop_assert_eq!(both, verdict == Verdict::Conflict);
        }

        #[test]
        fn a_change_against_a_deletion_is_lost_only_by_rule_or_decision(gone in side(), changed: bool, rules in rules()) {
            let verdict = merge_gone(gone, changed, &rules);
            let removes = matches!(verdict, GoneVerdict::Delete | GoneVerdict::Deactivate);
            let wanted = rules.decided == Some(gone) || rules.decided.is_none() && matches!(
                (rules.conflict, gone),
                (ConflictRule::Source, LinkSide::Source) | (ConflictRule::Destination, LinkSide::Destination)
            );
            if rules.deleted == DeletedRule::Ignore {
                prop_assert_eq!(verdict, GoneVerdict::Leave);
            } else {
                prop_assert_eq!(removes, !changed || wanted);
                prop_assert_eq!(verdict == GoneVerdict::Recreate, changed && !wanted
                    && (rules.decided.is_some() || rules.conflict != ConflictRule::Ask));
            }
        }
    }
}
