//! Events gathered over a moment become one batch: of a job only its last state, of stale tags one list. Addresses to
//! open are the shell's own affair and stay out of it.

use syncline_api::wire::{Event, JobView, Tag};

/// Keeps the order in which jobs last moved. An older state of a job never replaces a newer one.
pub(crate) fn coalesce(events: Vec<Event>) -> Vec<Event> {
    let mut jobs: Vec<Box<JobView>> = Vec::new();
    let mut stale: Vec<Tag> = Vec::new();
    for event in events {
        match event {
            Event::Job { job } => {
                if jobs.iter().any(|known| known.id == job.id && known.number > job.number) {
                    continue;
                }
                jobs.retain(|known| known.id != job.id);
                jobs.push(job);
            }
            Event::Invalidate { tags } => {
                for tag in tags {
                    if !stale.contains(&tag) {
                        stale.push(tag);
                    }
                }
            }
            Event::OpenUrl { .. } => {}
        }
    }
    let mut batch: Vec<Event> = jobs.into_iter().map(|job| Event::Job { job }).collect();
    if !stale.is_empty() {
        batch.push(Event::Invalidate { tags: stale });
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::job;

    fn moved(id: &str, number: u64) -> Event {
        Event::Job { job: Box::new(job(id, number)) }
    }

    fn numbers(events: &[Event]) -> Vec<(String, u64)> {
        events
            .iter()
            .filter_map(|event| match event {
                Event::Job { job } => Some((job.id.clone(), job.number)),
                Event::Invalidate { .. } | Event::OpenUrl { .. } => None,
            })
            .collect()
    }

    #[test]
    fn of_each_job_the_last_state_stays() {
        let batch = coalesce(vec![moved("a", 1), moved("b", 1), moved("a", 3), moved("a", 2)]);
        assert_eq!(numbers(&batch), [("b".to_owned(), 1), ("a".to_owned(), 3)]);
    }

    #[test]
    fn stale_tags_come_once_and_after_the_jobs() {
        let batch = coalesce(vec![
            Event::Invalidate { tags: vec![Tag::Cache, Tag::Runs] },
            moved("a", 1),
            Event::Invalidate { tags: vec![Tag::Cache] },
        ]);
        assert_eq!(batch.len(), 2);
        assert!(matches!(&batch[1], Event::Invalidate { tags } if tags == &[Tag::Cache, Tag::Runs]));
    }

    #[test]
    fn addresses_to_open_do_not_reach_the_page() {
        assert!(coalesce(vec![Event::OpenUrl { url: "https://example.test".into() }]).is_empty());
    }

    #[test]
    fn nothing_in_nothing_out() {
        assert!(coalesce(Vec::new()).is_empty());
    }
}
