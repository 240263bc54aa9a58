use std::fs;
use std::os::unix::fs::symlink;
use std::sync::mpsc;

use super::super::testkit::{Folder, ask, robot};
use super::*;

const ALLOW: &str = "@id(\"allow\")\npermit (principal, action, resource);\n";
const DENY: &str = "@id(\"no\")\nforbid (principal, action, resource);\n";

struct Watched {
    store: Arc<PolicyStore>,
    outcomes: mpsc::Receiver<ReloadOutcome>,
    _guard: WatchGuard,
}

impl Watched {
    fn new(folder: &Folder) -> Self {
        let store = Arc::new(folder.open().unwrap());
        let (sender, outcomes) = mpsc::channel();
        let guard = watch(Arc::clone(&store), move |outcome| drop(sender.send(outcome.clone()))).unwrap();
        Self { store, outcomes, _guard: guard }
    }

    /// The next outcome, which an event must have brought: it comes well before a poll would.
    fn next(&self) -> ReloadOutcome {
        self.outcomes.recv_timeout(Duration::from_secs(4)).expect("the change is noticed")
    }

    fn permits(&self) -> bool {
        ask(&self.store, &robot(), "GET", "/").is_permit()
    }
}

#[test]
fn an_edit_in_place_is_noticed() {
    let folder = Folder::with(ALLOW);
    let watched = Watched::new(&folder);
    folder.write("policies/orders/a.cedar", DENY);
    assert!(matches!(watched.next(), ReloadOutcome::Replaced(_)));
    assert!(!watched.permits());
    folder.write("policies/orders/a.cedar", "oops");
    assert!(matches!(watched.next(), ReloadOutcome::Refused(_)));
    folder.write("policies/orders/a.cedar", ALLOW);
    assert!(matches!(watched.next(), ReloadOutcome::Replaced(_)));
    assert!(watched.permits());
}

#[test]
fn a_save_by_renaming_is_noticed_each_time() {
    let folder = Folder::with(ALLOW);
    let watched = Watched::new(&folder);
    for (text, permits) in [(DENY, false), (ALLOW, true), (DENY, false)] {
        folder.write("policies/orders/.a.cedar.swp", text);
        fs::rename(folder.path("policies/orders/.a.cedar.swp"), folder.path("policies/orders/a.cedar")).unwrap();
        watched.next();
        assert_eq!(watched.permits(), permits);
    }
}

#[test]
fn a_swap_of_the_data_link_is_noticed_each_time() {
    let folder = Folder::empty();
    folder.write("policies/orders/..0/a.cedar", ALLOW);
    symlink("..0", folder.path("policies/orders/..data")).unwrap();
    symlink("..data/a.cedar", folder.path("policies/orders/a.cedar")).unwrap();
    let watched = Watched::new(&folder);
    for (round, text, permits) in [(1, DENY, false), (2, ALLOW, true)] {
        folder.write(&format!("policies/orders/..{round}/a.cedar"), text);
        symlink(format!("..{round}"), folder.path("policies/orders/..tmp")).unwrap();
        fs::rename(folder.path("policies/orders/..tmp"), folder.path("policies/orders/..data")).unwrap();
        fs::remove_dir_all(folder.path(&format!("policies/orders/..{}", round - 1))).unwrap();
        watched.next();
        assert_eq!(watched.permits(), permits);
    }
}

#[test]
fn a_new_folder_is_noticed_and_what_is_written_to_it() {
    let folder = Folder::with(ALLOW);
    let watched = Watched::new(&folder);
    folder.write("policies/_all/b.cedar", DENY);
    watched.next();
    assert!(!watched.permits());
    folder.write("policies/_all/b.cedar", "");
    watched.next();
    assert!(watched.permits());
}

#[test]
fn dropping_the_guard_ends_the_watch() {
    let folder = Folder::with(ALLOW);
    let watched = Watched::new(&folder);
    let Watched { store, outcomes, _guard: guard } = watched;
    drop(guard);
    folder.write("policies/orders/a.cedar", DENY);
    assert!(matches!(outcomes.recv_timeout(Duration::from_millis(500)), Err(mpsc::RecvTimeoutError::Disconnected)));
    assert!(ask(&store, &robot(), "GET", "/").is_permit());
}
