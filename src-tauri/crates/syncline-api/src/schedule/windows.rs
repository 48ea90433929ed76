//! A schedule as a task of Windows' Task Scheduler. Source: Task Scheduler schema 1.2 (CalendarTrigger, Repetition).

use std::fmt::Write as _;
use syncline_model::ErrorCode;

use super::cron::{Cron, Sets};
use super::texts::{Command, texts};
use crate::wire::{ApiError, ScheduleTexts};

/// Triggers that one task holds.
const MOST_TRIGGERS: usize = 48;

pub(super) fn task(cron: &Cron, command: &Command) -> ScheduleTexts {
    let stem = command.stem();
    let file = format!("{stem}.xml");
    let name = command.definition.replace(['"', '\\', '/', ':', '*', '?', '<', '>', '|', '\n', '\r'], " ");
    let files = cron
        .sets()
        .and_then(|sets| triggers(&sets))
        .map(|triggers| vec![(file.clone(), xml(&triggers, command))]);
    let note = format!(
        "In a command prompt of the user whose keychain holds the secrets: schtasks /Create /TN \"Syncline\\{}\" /XML {file}",
        name.trim()
    );
    texts("windows", "Windows task", &note, files)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// An argument as Windows' programs take a command line apart.
fn word(text: &str) -> String {
    if !text.is_empty() && !text.contains([' ', '\t', '"']) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    let mut slashes = 0;
    for c in text.chars() {
        match c {
            '\\' => slashes += 1,
            '"' => {
                // Backslashes before a quote are doubled, and the quote has one of its own.
                out.push_str(&"\\".repeat(slashes * 2 + 1));
                out.push('"');
                slashes = 0;
            }
            c => {
                out.push_str(&"\\".repeat(slashes));
                out.push(c);
                slashes = 0;
            }
        }
    }
    out.push_str(&"\\".repeat(slashes * 2));
    out.push('"');
    out
}

fn xml(triggers: &str, command: &Command) -> String {
    let arguments = command.arguments().iter().map(|argument| word(argument)).collect::<Vec<_>>().join(" ");
    format!(
        "<?xml version=\"1.0\"?>\n<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n  \
         <RegistrationInfo><Description>Syncline: {}</Description></RegistrationInfo>\n  <Triggers>\n{triggers}  </Triggers>\n  \
         <Principals><Principal id=\"Author\"><LogonType>InteractiveToken</LogonType></Principal></Principals>\n  <Settings>\n    \
         <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n    <StartWhenAvailable>false</StartWhenAvailable>\n    \
         <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\n    \
         <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>\n  </Settings>\n  <Actions Context=\"Author\">\n    <Exec><Command>{}</Command><Arguments>{}</Arguments></Exec>\n  \
         </Actions>\n</Task>\n",
        escape(&command.definition),
        escape(&command.program),
        escape(&arguments)
    )
}

/// Every time of day with its repetition, on every kind of day.
fn triggers(sets: &Sets) -> Result<String, ApiError> {
    let times = times(sets);
    let days = days(sets);
    if times.len() * days.len() > MOST_TRIGGERS {
        return Err(ApiError::new(
            ErrorCode::Usage,
            format!(
                "these are {} start times a day; a Windows task holds {MOST_TRIGGERS}",
                times.len() * days.len()
            ),
        )
        .hint("use times at even distances, such as */15"));
    }
    let mut out = String::new();
    for (hour, minute, every) in &times {
        for day in &days {
            // Writing to a string does not fail.
            let _ = writeln!(
                out,
                "    <CalendarTrigger>{}<StartBoundary>2026-01-01T{hour:02}:{minute:02}:00Z</StartBoundary><Enabled>true</Enabled>{day}</CalendarTrigger>",
                every
                    .map(|minutes| format!(
                        "<Repetition><Interval>PT{minutes}M</Interval><Duration>P1D</Duration></Repetition>"
                    ))
                    .unwrap_or_default()
            );
        }
    }
    Ok(out)
}

/// Hour and minute of each start; where starts lie at even distances all day, the first with its distance in minutes.
fn times(sets: &Sets) -> Vec<(u16, u16, Option<u16>)> {
    let all: Vec<u16> = sets
        .hours
        .iter()
        .flat_map(|hour| sets.minutes.iter().map(move |minute| hour * 60 + minute))
        .collect();
    if let [first, second, ..] = all.as_slice() {
        let every = second - first;
        let even = all.windows(2).all(|pair| pair[1] - pair[0] == every);
        if even && *first < every && all.last().is_some_and(|last| last + every == 1440 + first) {
            return vec![(first / 60, first % 60, Some(every))];
        }
    }
    all.into_iter().map(|at| (at / 60, at % 60, None)).collect()
}

fn days(sets: &Sets) -> Vec<String> {
    const WEEKDAYS: [&str; 7] =
        ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let elements = |names: &[&str], values: &[u16], from: u16| {
        let name = |value: &u16| names.get(usize::from(value - from)).map(|name| format!("<{name} />"));
        values.iter().filter_map(name).collect::<String>()
    };
    let all: Vec<u16> = (1..=12).collect();
    let months = elements(&MONTHS, sets.months.as_deref().unwrap_or(&all), 1);
    let on_days = |days: &[u16]| {
        let days: String = days.iter().map(|day| format!("<Day>{day}</Day>")).collect();
        format!(
            "<ScheduleByMonth><DaysOfMonth>{days}</DaysOfMonth><Months>{months}</Months></ScheduleByMonth>"
        )
    };
    let on_weekdays = |days: &[u16]| {
        let names = elements(&WEEKDAYS, days, 0);
        if sets.months.is_none() {
            format!(
                "<ScheduleByWeek><DaysOfWeek>{names}</DaysOfWeek><WeeksInterval>1</WeeksInterval></ScheduleByWeek>"
            )
        } else {
            format!(
                "<ScheduleByMonthDayOfWeek><Weeks><Week>1</Week><Week>2</Week><Week>3</Week><Week>4</Week><Week>Last</Week></Weeks><DaysOfWeek>{names}</DaysOfWeek><Months>{months}</Months></ScheduleByMonthDayOfWeek>"
            )
        }
    };
    let every: Vec<u16> = (1..=31).collect();
    match (&sets.days, &sets.weekdays) {
        (None, None) if sets.months.is_none() => {
            vec!["<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>".to_owned()]
        }
        (None, None) => vec![on_days(&every)],
        (Some(days), None) => vec![on_days(days)],
        (None, Some(weekdays)) => vec![on_weekdays(weekdays)],
        (Some(days), Some(weekdays)) => vec![on_days(days), on_weekdays(weekdays)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<String, ApiError> {
        triggers(&Cron::read(text)?.sets()?)
    }

    #[test]
    fn triggers_in_the_schemas_words() {
        let hourly = made("0 * * * *").unwrap();
        assert!(hourly.contains("<Interval>PT60M</Interval>") && hourly.contains("T00:00:00Z"), "{hourly}");
        assert!(hourly.contains("ScheduleByDay"));
        let quarter = made("*/15 * * * 1-5").unwrap();
        assert!(
            quarter.contains("PT15M") && quarter.contains("<Monday />") && !quarter.contains("Sunday"),
            "{quarter}"
        );
        let daily = made("30 6,18 * * *").unwrap();
        assert_eq!(daily.matches("<CalendarTrigger>").count(), 1, "twelve hours apart: {daily}");
        assert_eq!(made("30 6,7 1 2 *").unwrap().matches("<Day>1</Day>").count(), 2);
        assert!(made("1,2,3,5 * * * *").is_err(), "96 start times");
    }

    #[test]
    fn words_survive_windows() {
        assert_eq!(word(r"C:\a b\"), r#""C:\a b\\""#);
        assert_eq!(word(r#"say "x""#), r#""say \"x\"""#);
        assert_eq!(word("plain"), "plain");
    }
}
