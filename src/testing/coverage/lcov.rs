//! Coverage as LCOV's tracefile. A policy is a function; its lines were hit as often as it was evaluated; on its first
//! line are two branches, that it matches and that it does not.

use std::fmt::Write as _;

use super::{Coverage, PolicyCover};

pub(super) fn render(coverage: &Coverage) -> String {
    let mut text = String::new();
    let enforced: Vec<&PolicyCover> = coverage.enforced().collect();
    for policies in enforced.chunk_by(|a, b| a.file == b.file) {
        file(&mut text, policies);
    }
    text
}

fn file(text: &mut String, policies: &[&PolicyCover]) {
    let Some(first) = policies.first() else { return };
    put(text, format_args!("TN:\nSF:{}\n", first.file.display()));
    for policy in policies {
        // Without its last line, which readers of older versions take for a part of the name.
        put(text, format_args!("FN:{},{}\n", policy.first_line, policy.id));
    }
    for policy in policies {
        put(text, format_args!("FNDA:{},{}\n", policy.determining, policy.id));
    }
    totals(text, ["FNF", "FNH"], policies.iter().map(|policy| policy.determining));
    for policy in policies {
        for (branch, taken) in outcomes(policy).into_iter().enumerate() {
            let taken = if policy.evaluated == 0 { "-".to_owned() } else { taken.to_string() };
            put(text, format_args!("BRDA:{},0,{branch},{taken}\n", policy.first_line));
        }
    }
    totals(text, ["BRF", "BRH"], policies.iter().flat_map(|policy| outcomes(policy)));
    let lines = || policies.iter().flat_map(|p| (p.first_line..=p.last_line).map(|line| (line, p.evaluated)));
    for (line, hits) in lines() {
        put(text, format_args!("DA:{line},{hits}\n"));
    }
    totals(text, ["LF", "LH"], lines().map(|(_, hits)| hits));
    text.push_str("end_of_record\n");
}

fn outcomes(policy: &PolicyCover) -> [usize; 2] {
    [policy.satisfied, policy.unsatisfied]
}

fn totals(text: &mut String, [found, hit]: [&str; 2], counts: impl Iterator<Item = usize> + Clone) {
    let hits = counts.clone().filter(|count| *count > 0).count();
    put(text, format_args!("{found}:{}\n{hit}:{hits}\n", counts.count()));
}

fn put(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(content);
}
