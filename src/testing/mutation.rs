//! Whether the tests would notice if a policy were another: each mutant is tried until a test fails.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bench::{Outcome, Status};
use super::session::Folder;
use crate::policy::{Mutant, Position};

/// What the tests made of the mutants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mutation {
    /// How many made a test fail.
    pub killed: usize,
    /// How many the policies' authors excuse.
    pub skipped: usize,
    /// Those that made none fail, in the order of the files.
    pub survivors: Vec<Survivor>,
    /// Folders of policies whose tests fail as it is, so that failing says nothing.
    pub untried: Vec<PathBuf>,
}

/// A change of a policy that no test noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// The policy.
    pub policy: String,
    /// Its file.
    pub file: PathBuf,
    /// Where the change is.
    pub at: Position,
    /// The change.
    pub change: String,
}

impl Mutation {
    /// How many mutants were tried.
    pub fn tried(&self) -> usize {
        self.killed + self.survivors.len()
    }

    /// Whether every mutant was tried and noticed.
    pub fn is_clean(&self) -> bool {
        self.survivors.is_empty() && self.untried.is_empty()
    }

    /// The survivors, one a line, and how many there were.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for Survivor { policy, file, at, change } in &self.survivors {
            let (file, line, column) = (file.display(), at.line, at.column);
            let _ = writeln!(text, "survived {file}:{line}:{column}: `{policy}`: {change}");
        }
        for folder in &self.untried {
            let _ = writeln!(text, "mutants of `{}` not tried: its tests fail as it is", folder.display());
        }
        let skipped = if self.skipped == 0 { String::new() } else { format!(" skipped: {}", self.skipped) };
        let (tried, killed, survived) = (self.tried(), self.killed, self.survivors.len());
        let _ = writeln!(text, "mutants: {tried} killed: {killed} survived: {survived}{skipped}");
        text
    }

    /// Tries the mutants of a folder, whose tests came out like this.
    pub(super) fn add(&mut self, folder: &Folder, outcomes: &[Outcome], jobs: usize) -> std::io::Result<()> {
        if outcomes.iter().any(|outcome| outcome.status.is_failure()) {
            self.untried.push(folder.policies.clone());
            return Ok(());
        }
        let mutants = folder.written.mutants();
        let next = AtomicUsize::new(0);
        let work = || -> std::io::Result<Vec<(usize, Fate)>> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            let mut fates = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(mutant) = mutants.get(number) else { return Ok(fates) };
                fates.push((number, runtime.block_on(fate(mutant, folder, outcomes))));
            }
        };
        let mut fates = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..jobs.clamp(1, mutants.len().max(1))).map(|_| scope.spawn(work)).collect();
            let mut fates = work()?;
            for thread in threads {
                let died = |_| Err(std::io::Error::other("a thread that tried mutants has died"));
                fates.extend(thread.join().unwrap_or_else(died)?);
            }
            Ok::<_, std::io::Error>(fates)
        })?;
        fates.sort_unstable_by_key(|(number, _)| *number);
        for (mutant, (_, fate)) in mutants.iter().zip(fates) {
            match fate {
                Fate::Killed => self.killed += 1,
                Fate::Skipped => self.skipped += 1,
                Fate::Survived => self.survivors.push(Survivor {
                    policy: mutant.policy.to_string(),
                    file: mutant.file.clone(),
                    at: mutant.at,
                    change: mutant.change.clone(),
                }),
            }
        }
        Ok(())
    }
}

/// What becomes of a mutant.
enum Fate {
    Killed,
    Skipped,
    Survived,
}

async fn fate(mutant: &Mutant, folder: &Folder, outcomes: &[Outcome]) -> Fate {
    if mutant.skip.is_some() {
        return Fate::Skipped;
    }
    // What cannot be built would never be loaded.
    let Ok(snapshot) = folder.written.under(mutant) else { return Fate::Killed };
    match folder.bench.first_failure(&likely(mutant, folder, outcomes), &snapshot).await {
        Some(_) => Fate::Killed,
        None => Fate::Survived,
    }
}

/// The tests that may notice a mutant, those that its policy decides first.
fn likely(mutant: &Mutant, folder: &Folder, outcomes: &[Outcome]) -> Vec<usize> {
    let may = outcomes.iter().filter(|outcome| {
        let reached = folder.bench.resource(outcome.number).is_none_or(|resource| mutant.reaches(resource));
        outcome.status == Status::Passed && reached
    });
    let decided = |outcome: &&Outcome| {
        outcome.seen.as_ref().is_some_and(|seen| seen.policies.iter().any(|id| **id == *mutant.policy))
    };
    let (first, rest): (Vec<&Outcome>, Vec<&Outcome>) = may.partition(decided);
    first.into_iter().chain(rest).map(|outcome| outcome.number).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testkit::Folder;
    use super::super::{Measures, Options, Session};
    use super::*;

    fn mutation(folder: &Folder) -> Mutation {
        let measures = Measures { coverage: false, mutation: true };
        Session::new(Options { measures, ..folder.options() }).run().unwrap().mutation.unwrap()
    }

    const POLICIES: &str = r#"
@id("read") permit (principal is AAuth::Agent, action in HTTP::Action::"read", resource in HTTP::Path::"/v1");
@id("open") permit (principal is AAuth::Agent, action in HTTP::Action::"read", resource in HTTP::Path::"/open");
"#;

    const FIXTURES: &str = "fixtures: { robot: { agent: aauth:robot@agents.example }, key: key }\ntests:\n  - { name: t, as: robot, request: { path: /v1 }, expect: allow }\n";

    #[test]
    fn what_no_test_notices_is_told_with_its_place() {
        let folder = Folder::with(POLICIES).suite(FIXTURES);
        let found = mutation(&folder);
        assert_eq!((found.tried(), found.killed, found.is_clean()), (8, 1, false));
        let text = found.render().replace(&format!("{}/", folder.path("").display()).replace("//", "/"), "");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "survived policies/orders/orders.cedar:2:21: `read`: widen the scope to any principal");
        assert_eq!(lines[3], "survived policies/orders/orders.cedar:3:1: `open`: drop the policy");
        assert_eq!(lines[7], "mutants: 8 killed: 1 survived: 7");
    }

    #[test]
    fn tests_that_notice_leave_no_survivor() {
        let folder = Folder::with(POLICIES).suite(&format!(
            "{FIXTURES}  - name: all\n    as: [robot, key]\n    request: {{ method: [GET, PUT], path: [/v1, /open, /v2] }}\n\
             \x20   table: {{ robot: {{ GET /v1: allow, GET /open: allow, \"*\": deny }}, key: deny }}\n"
        ));
        let found = mutation(&folder);
        assert_eq!((found.killed, found.survivors, found.skipped), (8, Vec::new(), 0));
    }

    #[test]
    fn where_tests_fail_mutants_say_nothing() {
        let folder = Folder::with(POLICIES).suite(&FIXTURES.replace("expect: allow", "expect: deny"));
        let found = mutation(&folder);
        assert_eq!((found.tried(), found.is_clean()), (0, false));
        assert!(found.render().contains("not tried: its tests fail as it is"), "{}", found.render());
    }
}
