//! How the walk looks.

/// A scene's headline.
pub(super) fn title(number: usize, text: &str) {
    println!("\n  {number}. {text}");
}

/// A request, its answer and the policies that decided.
pub(super) fn exchange((method, path): (&str, &str), presented: &str, status: u16, note: &str, policies: &[String]) {
    let policies = if policies.is_empty() { String::new() } else { format!("[{}]", policies.join(", ")) };
    let line = format!("     {method:<5}{path:<18}{presented:<13} → {status}  {note:<25} {policies}");
    println!("{}", line.trim_end());
}

/// What somebody else says, or is told.
pub(super) fn aside(who: &str, line: &str) {
    println!("       {who:<16}{line}");
}

/// Something that must hold.
pub(super) fn verdict(holds: bool, text: &str) {
    println!("     {} {text}", if holds { "✔" } else { "✘ NOT SO:" });
}

/// The last line.
pub(super) fn conclusion(held: usize, failed: usize) {
    if failed == 0 {
        println!("\n  All {held} expectations held.\n");
    } else {
        println!("\n  {failed} of {} expectations did not hold, as the policies are now.\n", held + failed);
    }
}
