//! The tutorial of `docs/policies.md`, followed to the letter as a newcomer would: its files are written, its commands run
//! in one shell, and what they print is held against what the document shows. Ports, times and durations alone differ,
//! and whatever the document leaves out by `...`.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::process::{free_port, installed};

/// Longer than any command takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the shell says between two commands.
const DONE: &str = "-- done --";

/// The ports of the document.
const PORTS: [&str; 4] = ["10000", "7070", "8081", "9000"];

/// What the reader of the tutorial does next.
#[derive(Debug)]
enum Step {
    /// Puts a text where its first line says.
    File { path: String, text: String },
    /// Enters a command.
    Command { entered: String, shown: Vec<String> },
}

/// The steps of a section, in its order.
fn steps(section: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in section.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let first = text.lines().next().unwrap_or_default();
        let named = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "));
        match (language, named) {
            ("console", _) => steps.extend(commands(text)),
            // What a newcomer needs has been brought by `make peers`.
            ("sh", _) => {}
            (_, Some(path)) => steps.push(Step::File { path: path.to_owned(), text: format!("{text}\n") }),
            (_, None) => panic!("where does this go?\n{text}"),
        }
    }
    steps
}

fn commands(text: &str) -> Vec<Step> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), found.last_mut()) {
            (Some(command), ..) => found.push((command.to_owned(), Vec::new())),
            (None, Some(more), Some((entered, _))) => entered.extend(["\n", more]),
            (None, _, Some((_, shown))) => shown.push(line.to_owned()),
            (None, _, None) => panic!("nothing was entered that prints `{line}`"),
        }
    }
    found.into_iter().map(|(entered, shown)| Step::Command { entered, shown }).collect()
}

/// A shell that ends, with all that it started, when it is dropped.
struct Shell {
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Shell {
    fn open(folder: &Path) -> Self {
        let authorizer = Path::new(env!("CARGO_BIN_EXE_authorizer")).parent().unwrap().to_owned();
        let mut path = vec![authorizer, installed("bin"), installed("aauth/bin")];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut process = Command::new("bash")
            .current_dir(folder)
            .env("PATH", env::join_paths(path).unwrap())
            .env_remove("AAUTH_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let input = process.stdin.take();
        let mut shell = Self { process, input, lines };
        shell.enter("exec 2>&1; trap 'kill $(jobs -p) 2>/dev/null' EXIT");
        shell
    }

    /// What a command prints.
    fn enter(&mut self, command: &str) -> Vec<String> {
        let input = self.input.as_mut().unwrap();
        // A newline first, as not everything that is printed ends with one.
        writeln!(input, "{command}\nprintf '\\n{DONE}\\n'").unwrap();
        let mut printed = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{command}` does not end"));
            if line == DONE {
                break;
            }
            printed.push(line);
        }
        while printed.last().is_some_and(String::is_empty) {
            printed.pop();
        }
        printed
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.input.take());
        self.process.wait().ok();
    }
}

/// A line without what differs each time.
fn plain(line: &str) -> String {
    let line = line.trim_end();
    match line.rsplit_once('(').and_then(|(before, took)| Some((before, took.strip_suffix(" ms)")?))) {
        Some((before, took)) if took.bytes().all(|b| b.is_ascii_digit()) => format!("{before}(N ms)"),
        Some(_) | None => line.to_owned(),
    }
}

/// Whether this is what is shown, where a line `...` stands for any lines, and `...` in a line for any text.
fn fits(shown: &[String], printed: &[String]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "..." => (0..=printed.len()).any(|at| fits(rest, &printed[at..])),
        (Some((line, rest)), Some((got, more))) => line_fits(&plain(line), &plain(got)) && fits(rest, more),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let Some((start, end)) = shown.split_once("...") else { return shown == printed };
    printed.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
}

#[test]
fn the_tutorial_works_as_it_is_written() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policies.md");
    let document = fs::read_to_string(document).unwrap();
    let (_, section) = document.split_once("\n## Ten minutes").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let ports = PORTS.map(|port| (port, free_port().to_string()));
    let ours = |text: &str| ports.iter().fold(text.to_owned(), |text, (shown, free)| text.replace(shown, free));
    let theirs = |text: &str| ports.iter().fold(text.to_owned(), |text, (shown, free)| text.replace(free, shown));

    let folder = TempDir::new().unwrap();
    let mut shell = Shell::open(folder.path());
    let (mut files, mut commands) = (0, 0);
    for step in steps(section) {
        match step {
            Step::File { path, text } => {
                files += 1;
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, ours(&text)).unwrap();
            }
            Step::Command { entered, shown } => {
                commands += 1;
                let printed: Vec<String> = shell.enter(&ours(&entered)).iter().map(|line| theirs(line)).collect();
                let log = fs::read_to_string(folder.path().join("authorizer.log")).unwrap_or_default();
                assert!(
                    fits(&shown, &printed),
                    "$ {entered}\n{}\n\nis shown as\n\n{}\n\n{log}",
                    printed.join("\n"),
                    shown.join("\n")
                );
            }
        }
    }
    assert!(files >= 5 && commands >= 20, "{files} files and {commands} commands were found");
}
