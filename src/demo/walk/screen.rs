//! How the walk looks.

/// A scene's headline.
pub(super) fn title(number: usize, text: &str) {
    println!("\n  {number}. {text}");
}

/// A request and its answer.
pub(super) fn exchange(method: &str, path: &str, presented: &str, status: u16, note: &str) {
    println!("     {method:<5}{path:<18}{presented:<14}→ {status}  {note}");
}

/// What somebody else says.
pub(super) fn aside(who: &str, line: &str) {
    println!("     {who:<23}{line}");
}

/// What the API was told of the caller.
pub(super) fn told(name: &str, value: &str) {
    println!("       {name:<21}{value}");
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
