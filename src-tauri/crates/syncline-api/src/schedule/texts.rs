//! The same schedule for the machine's own schedulers, written out for the command: systemd, cron, Windows, a CI step.

use sha2::{Digest, Sha256};

use super::cron::{Cron, Sets};
use super::windows;
use crate::wire::{ApiError, NamedText, ScheduleTexts};

/// The command that runs a definition without a person.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) program: String,
    pub(crate) home: Option<String>,
    /// The definition's file; absent: the saved definition.
    pub(crate) file: Option<String>,
    pub(crate) definition: String,
    /// Most records that it may write.
    pub(crate) at_most: Option<u64>,
}

impl Command {
    /// Its arguments, the program left out.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(home) = &self.home {
            arguments.extend(["--home".to_owned(), home.clone()]);
        }
        arguments.extend(["--json", "sync", "run"].map(str::to_owned));
        match &self.file {
            Some(file) => arguments.push(file.clone()),
            None => arguments.extend(["--name".to_owned(), self.definition.clone()]),
        }
        arguments.push("--scheduled".to_owned());
        if let Some(most) = self.at_most {
            arguments.extend(["--at-most".to_owned(), most.to_string()]);
        }
        arguments
    }

    fn shell(&self) -> String {
        let words = std::iter::once(self.program.clone()).chain(self.arguments());
        words.map(|word| shell_word(&word)).collect::<Vec<_>>().join(" ")
    }

    /// A name for files: letters, digits and hyphens. What these can't tell apart, names in other letters and long ones, a part of their hash
    /// does: two schedules must not take each other's file.
    pub(crate) fn stem(&self) -> String {
        let name = self.definition.to_lowercase();
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
        let whole = parts.join("-");
        let mut stem = format!("syncline-{}", if whole.is_empty() { "sync" } else { &whole });
        if !name.is_ascii() || stem.len() > LONGEST_STEM {
            stem.truncate(LONGEST_STEM);
            stem.push('-');
            stem.push_str(&hex::encode(&Sha256::digest(name)[..4]));
        }
        stem
    }
}

/// Letters of a file's name, before the part of a hash.
const LONGEST_STEM: usize = 69;

/// A word of a POSIX shell.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// All forms.
pub(crate) fn all(cron: &Cron, command: &Command) -> Vec<ScheduleTexts> {
    vec![systemd(cron, command), crontab(cron, command), windows::task(cron, command), ci(cron, command)]
}

pub(super) fn texts(
    form: &str,
    title: &str,
    note: &str,
    files: Result<Vec<(String, String)>, ApiError>,
) -> ScheduleTexts {
    let (files, problem) = match files {
        Ok(files) => (files, None),
        Err(error) => {
            let hint = error.hint.map(|hint| format!(": {hint}")).unwrap_or_default();
            (Vec::new(), Some(format!("{}{hint}", error.message)))
        }
    };
    ScheduleTexts {
        form: form.to_owned(),
        title: title.to_owned(),
        note: note.to_owned(),
        files: files.into_iter().map(|(name, text)| NamedText { name, text }).collect(),
        problem,
    }
}

fn systemd(cron: &Cron, command: &Command) -> ScheduleTexts {
    let stem = command.stem();
    let files = cron.sets().map(|sets| {
        let calendar: String = calendars(&sets).iter().map(|line| format!("OnCalendar={line}\n")).collect();
        let words = std::iter::once(command.program.clone()).chain(command.arguments());
        let start = words.map(|word| systemd_word(&word)).collect::<Vec<_>>().join(" ");
        let name = command.definition.replace(['\n', '\r'], " ").replace('%', "%%");
        vec![
            (
                format!("{stem}.service"),
                format!(
                    "[Unit]\nDescription=Syncline: {name}\n\n[Service]\nType=oneshot\n# 4: done, some records were refused; the run tells which\nSuccessExitStatus=4\nExecStart={start}\n"
                ),
            ),
            (
                format!("{stem}.timer"),
                format!(
                    "[Unit]\nDescription=Syncline: {name} ({} UTC)\n\n[Timer]\n{calendar}AccuracySec=1s\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n",
                    cron.text()
                ),
            ),
        ]
    });
    let note = format!(
        "Put both into ~/.config/systemd/user, then: systemctl --user daemon-reload && systemctl --user enable --now {stem}.timer. \
         The keychain must be unlocked while it runs."
    );
    texts("systemd", "systemd timer", &note, files)
}

/// A word of `ExecStart`: percent signs and dollars stand for themselves (systemd.service, command lines).
fn systemd_word(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,$".contains(c)) {
        word
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Calendar events (systemd.time). Where days of the month and of the week are both named, cron runs on either: one line each.
fn calendars(sets: &Sets) -> Vec<String> {
    let list = |values: &[u16], whole: usize| {
        if values.len() == whole {
            "*".to_owned()
        } else {
            values.iter().map(|value| format!("{value:02}")).collect::<Vec<_>>().join(",")
        }
    };
    let time = format!("{}:{}:00 UTC", list(&sets.hours, 24), list(&sets.minutes, 60));
    let months = sets.months.as_ref().map_or_else(|| "*".to_owned(), |months| list(months, 12));
    let on_days = |days: &[u16]| format!("*-{months}-{} {time}", list(days, 31));
    let on_weekdays = |days: &[u16]| {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let names: Vec<&str> = days.iter().filter_map(|day| NAMES.get(usize::from(*day)).copied()).collect();
        format!("{} *-{months}-* {time}", names.join(","))
    };
    match (&sets.days, &sets.weekdays) {
        (None, None) => vec![format!("*-{months}-* {time}")],
        (Some(days), None) => vec![on_days(days)],
        (None, Some(weekdays)) => vec![on_weekdays(weekdays)],
        (Some(days), Some(weekdays)) => vec![on_days(days), on_weekdays(weekdays)],
    }
}

fn crontab(cron: &Cron, command: &Command) -> ScheduleTexts {
    // A percent sign ends the command of a crontab's line.
    let line = format!("CRON_TZ=UTC\n{} {}\n", cron.text(), command.shell().replace('%', "\\%"));
    texts(
        "cron",
        "cron line",
        "Add it with: crontab -e. CRON_TZ is known to cronie; where cron does not know it, the machine's clock must be in UTC. \
         The keychain must be unlocked while it runs.",
        Ok(vec![("crontab".to_owned(), line)]),
    )
}

fn ci(cron: &Cron, command: &Command) -> ScheduleTexts {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let text = format!(
        "name: {}\non:\n  schedule:\n    - cron: {} # UTC\n  workflow_dispatch: {{}}\nconcurrency:\n  group: {}\n  cancel-in-progress: false\njobs:\n  sync:\n    \
         runs-on: self-hosted\n    steps:\n      - uses: actions/checkout@v4\n      - name: Run the sync\n        run: |\n          code=0\n          {} || code=$?\n          \
         # 4: done, some records were refused; the run tells which\n          if [ \"$code\" -ne 0 ] && [ \"$code\" -ne 4 ]; then exit \"$code\"; fi\n",
        quoted(&format!("Syncline: {}", command.definition)),
        quoted(cron.text()),
        command.stem(),
        command.shell()
    );
    texts(
        "ci",
        "CI step",
        "A workflow for GitHub Actions on a runner of your own: the store and its keychain are on that machine.",
        Ok(vec![(format!("{}.yml", command.stem()), text)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        Command {
            program: "/opt/syncline".to_owned(),
            home: None,
            file: Some("/data/it's 100%.sync.json".to_owned()),
            definition: "It's 100% ok".to_owned(),
            at_most: None,
        }
    }

    #[test]
    fn systemd_knows_the_same_times() {
        let line = |text: &str| calendars(&Cron::read(text).unwrap().sets().unwrap());
        assert_eq!(line("0 * * * *"), ["*-*-* *:00:00 UTC"]);
        assert_eq!(line("*/30 6-8 * * 1-5"), ["Mon,Tue,Wed,Thu,Fri *-*-* 06,07,08:00,30:00 UTC"]);
        assert_eq!(line("5 0 1 1,7 *"), ["*-01,07-01 00:05:00 UTC"]);
        assert_eq!(
            line("5 0 1 * 0"),
            ["*-*-01 00:05:00 UTC", "Sun *-*-* 00:05:00 UTC"],
            "either day will do"
        );
    }

    #[test]
    fn no_schedule_takes_the_file_of_another() {
        let stem = |definition: &str| Command { definition: definition.to_owned(), ..command() }.stem();
        assert_eq!(stem("Contacts to CRM"), "syncline-contacts-to-crm");
        let long = "a".repeat(80);
        let names =
            ["Контакты", "Компании", "連絡先", "Zoë", "Zoé", &format!("{long}1"), &format!("{long}2")];
        let stems: std::collections::BTreeSet<String> = names.into_iter().map(stem).collect();
        assert_eq!(stems.len(), names.len(), "{stems:?}");
        for one in &stems {
            assert!(one.len() <= 80 && one.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{one}");
        }
        assert_eq!(stem("КОНТАКТЫ"), stem("контакты"), "names differ by more than case");
    }

    #[test]
    fn words_are_quoted_for_each_reader() {
        let all = all(&Cron::read("0 * * * *").unwrap(), &command());
        let text =
            |form: &str, at: usize| all.iter().find(|one| one.form == form).unwrap().files[at].text.clone();
        assert!(
            text("systemd", 0).contains(
                r#"ExecStart=/opt/syncline --json sync run "/data/it's 100%%.sync.json" --scheduled"#
            )
        );
        assert!(
            text("cron", 0).contains(r"'/data/it'\''s 100\%.sync.json' --scheduled"),
            "{}",
            text("cron", 0)
        );
        assert!(text("ci", 0).contains(r#"- cron: "0 * * * *" # UTC"#));
        assert_eq!(all[0].files[1].name, "syncline-it-s-100-ok.timer");
        assert_eq!(
            Command { file: None, ..command() }.arguments()[3..],
            ["--name", "It's 100% ok", "--scheduled"]
        );
    }

    #[test]
    fn every_form_carries_the_limit() {
        let limited = Command { at_most: Some(2500), ..command() };
        for one in all(&Cron::read("0 * * * *").unwrap(), &limited) {
            let text: String = one.files.iter().map(|file| file.text.as_str()).collect();
            assert!(text.contains("--scheduled --at-most 2500"), "{}: {text}", one.form);
        }
    }

    #[test]
    fn what_only_cron_knows_is_said() {
        let all = all(&Cron::read("0 0 L * *").unwrap(), &command());
        assert!(all.iter().any(|one| one.form == "systemd" && one.problem.is_some()));
        assert!(all.iter().any(|one| one.form == "cron" && one.problem.is_none()));
        let often = super::all(&Cron::read("*/7 * * * *").unwrap(), &command());
        let problem = often.iter().find(|one| one.form == "windows").and_then(|one| one.problem.clone());
        assert!(problem.as_deref().is_some_and(|text| text.ends_with("such as */15")), "{problem:?}");
    }
}
