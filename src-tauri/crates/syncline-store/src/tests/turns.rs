//! Turns and steps of a plan's rows.

use syncline_model::Action;
use uuid::Uuid;

use super::work::{plan, plan_row, run};
use crate::testing::open;
use crate::{PlanStep, RunOutcome};

fn came(ordinal: u32, outcome: &str) -> RunOutcome {
    RunOutcome {
        ordinal,
        outcome: outcome.to_owned(),
        destination_id: None,
        code: None,
        message: None,
        request_id: None,
        version: Some("7".to_owned()),
        events: 0,
        sent_at: None,
        at: crate::testing::now(),
    }
}

#[test]
fn rows_are_read_turn_by_turn_and_steps_are_found_from_both_ends() {
    let (_home, store) = open();
    let made = || plan(Uuid::new_v4(), Uuid::new_v4());
    let (plan, other) = (made(), made());
    for one in [&plan, &other] {
        store.save_plan(one).unwrap();
        let rows: Vec<_> = (0..40).map(|n| plan_row(n, "x")).collect();
        store.add_plan_rows(one.id, &rows).unwrap();
    }
    let begun = run(&plan);
    store.save_run(&begun).unwrap();
    let due: Vec<u32> =
        (0..40).filter(|n| store.plan_row(plan.id, *n).unwrap().unwrap().action == Action::Create).collect();
    let (late, last) = (due[2], due[0]);
    store.save_plan_turns(plan.id, &[(late, 1), (last, 5), (due[1], 0)]).unwrap();
    store.save_plan_turns(other.id, &[(due[3], 1)]).unwrap();
    assert_eq!(store.plan_turns(plan.id).unwrap(), [1, 5]);
    let of_turn = |turn: u32| -> Vec<u32> {
        let (mut seen, mut from) = (Vec::new(), 0);
        loop {
            let rows = store.plan_rows_to_write(plan.id, begun.id, turn, from, 7).unwrap();
            let Some(row) = rows.last() else { return seen };
            from = row.ordinal + 1;
            seen.extend(rows.iter().map(|row| row.ordinal));
        }
    };
    let first: Vec<u32> = due.iter().copied().filter(|n| ![late, last].contains(n)).collect();
    assert_eq!((of_turn(0), of_turn(1), of_turn(2), of_turn(5)), (first, vec![late], vec![], vec![last]));
    store.add_run_rows(begun.id, &[came(late, "created")]).unwrap();
    assert_eq!(of_turn(1), Vec::<u32>::new(), "what has an outcome does not go again");
    assert_eq!(store.run_outcome(begun.id, late).unwrap(), Some(came(late, "created")));
    assert_eq!(store.run_outcome(begun.id, last).unwrap(), None);

    let step = PlanStep { step: last, main: late, first: false };
    store.save_plan_steps(plan.id, &[step]).unwrap();
    assert_eq!(store.plan_steps(plan.id, &[late]).unwrap(), [step]);
    assert_eq!(store.plan_steps(plan.id, &[last]).unwrap(), [step]);
    assert_eq!(store.plan_steps(plan.id, &[due[1]]).unwrap(), []);
    assert_eq!(store.plan_steps(other.id, &[late]).unwrap(), []);
    // A step alone is sent again where its row is made; with its row it is not.
    let failed = || -> Vec<u32> {
        let found = store.run_source_ids(begun.id, true, 0, 100).unwrap();
        found.into_iter().map(|(ordinal, _)| ordinal).collect()
    };
    store.add_run_rows(begun.id, &[came(last, "failed")]).unwrap();
    assert!(failed().contains(&last) && !failed().contains(&late));
    store.add_run_rows(begun.id, &[came(late, "failed")]).unwrap();
    assert!(!failed().contains(&last) && failed().contains(&late));
}
