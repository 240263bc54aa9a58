//! Whether the tests would notice if a policy were another: each mutant is tried until a test fails.

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
            text.push_str(&format!("survived {file}:{line}:{column}: `{policy}`: {change}\n"));
        }
        for folder in &self.untried {
            text.push_str(&format!("mutants of `{}` not tried: its tests fail as it is\n", folder.display()));
        }
        let skipped = if self.skipped == 0 { String::new() } else { format!(" skipped: {}", self.skipped) };
        let (tried, killed, survived) = (self.tried(), self.killed, self.survivors.len());
        text.push_str(&format!("mutants: {tried} killed: {killed} survived: {survived}{skipped}\n"));
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
