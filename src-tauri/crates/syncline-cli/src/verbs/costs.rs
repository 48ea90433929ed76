//! What work costs, in words.

use syncline_api::wire::{CostView, PullCost};

/// `about 60 requests, 15 s, 2 % of what the service lets one user do in five minutes`.
pub(crate) fn words(cost: &CostView) -> String {
    let share = cost.share_of_requests.max(cost.share_of_time);
    let mut text = format!("about {} requests, {}", cost.calls, time(cost.seconds));
    if share > 0.0 {
        let percent = (share * 100.0).ceil();
        text.push_str(&format!(", {percent:.0} % of what the service lets one user do in five minutes"));
    }
    if share > 1.0 {
        text.push_str(": it will impose pauses");
    }
    text
}

/// The same of a pull, with its records.
pub(crate) fn of_pull(pull: &PullCost) -> String {
    let records = match (pull.records, pull.exact) {
        (Some(records), true) => format!("{records} records"),
        (Some(records), false) => format!("about {records} records"),
        (None, _) => "as many records as changed".to_owned(),
    };
    format!("{}: {records}, {} a page, {}", pull.entity, pull.page_size, words(&pull.cost))
}

fn time(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{:.0} s", short.max(1.0)),
        long => format!("{:.0} minutes", (long / 60.0).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_in_words() {
        let small = CostView { calls: 60, seconds: 15.0, share_of_requests: 0.01, share_of_time: 0.025 };
        assert_eq!(
            words(&small),
            "about 60 requests, 15 s, 3 % of what the service lets one user do in five minutes"
        );
        let large = CostView { calls: 18_000, seconds: 600.0, share_of_requests: 3.0, share_of_time: 0.0 };
        assert!(words(&large).ends_with(
            "10 minutes, 300 % of what the service lets one user do in five minutes: it will impose pauses"
        ));
        let pull = PullCost {
            entity: "contact".into(),
            records: None,
            exact: false,
            page_size: 500,
            way: "changes".into(),
            cost: small,
        };
        assert!(of_pull(&pull).starts_with("contact: as many records as changed, 500 a page, about 60"));
    }
}
