use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::schedule::STAYS;
use super::*;

const NOW: Seconds = 1_790_000_000;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    (folder, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn kids(keys: &Keys) -> Vec<String> {
    let published = keys.jwks().to_json();
    published["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_first_start_makes_keys_for_the_owners_eyes_alone() {
    let (_folder, path) = folder();
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    assert_eq!(mode(&path), 0o700);
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600));
    assert_eq!(fs::read(path.join("subject.key")).unwrap().len(), 32);
    let published = keys.jwks().to_json();
    let key = published["keys"][0].as_object().unwrap();
    assert_eq!(
        (&key["alg"], &key["use"], &key["kid"]),
        (&"Ed25519".into(), &"sig".into(), &keys.signing().kid().into())
    );
    assert!(!key.contains_key("d"));
}

#[test]
fn a_second_start_finds_them_again() {
    let (_folder, path) = folder();
    let (first, _) = Keys::open(&path, NOW).unwrap();
    let (second, _) = Keys::open(&path, NOW + 5).unwrap();
    assert_eq!(kids(&first), kids(&second));
    assert_eq!(first.signing().public(), second.signing().public());
}

/// A new key is known to everybody before it signs, and an old one until everything it signed is over.
#[test]
fn a_rotation_overlaps() {
    let (_folder, path) = folder();
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    let old = keys.signing().kid().to_owned();
    let later = NOW + 86_400;
    let new = KeyDirectory::at(&path).rotate(later, OVERLAP).unwrap();
    assert_eq!(new.used, Use::Waits { from: later + OVERLAP });

    keys.reload(later + 30).unwrap();
    assert_eq!((keys.signing().kid(), kids(&keys)), (old.as_str(), vec![old.clone(), new.kid.clone()]));
    keys.reload(later + OVERLAP).unwrap();
    assert_eq!((keys.signing().kid(), kids(&keys).len()), (new.kid.as_str(), 2));
    keys.reload(later + OVERLAP + STAYS - 1).unwrap();
    assert_eq!(kids(&keys).len(), 2);
    keys.reload(later + OVERLAP + STAYS).unwrap();
    assert_eq!(kids(&keys), std::slice::from_ref(&new.kid));

    let again = KeyDirectory::at(&path).rotate(later + OVERLAP + STAYS, OVERLAP).unwrap();
    let left = KeyDirectory::at(&path).list(later + OVERLAP + STAYS).unwrap();
    assert_eq!(left.iter().map(|key| &key.kid).collect::<Vec<_>>(), [&new.kid, &again.kid]);
}

#[test]
fn one_rotation_at_a_time() {
    let (_folder, path) = folder();
    Keys::open(&path, NOW).unwrap();
    let directory = KeyDirectory::at(&path);
    directory.rotate(NOW + 100, OVERLAP).unwrap();
    let second = directory.rotate(NOW + 101, OVERLAP).unwrap_err();
    assert!(matches!(second, KeysError::Waiting { from, .. } if from == NOW + 100 + OVERLAP), "{second}");
    assert_eq!(directory.list(NOW + 101).unwrap().len(), 2);
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let (_folder, path) = folder();
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    let pem = path.join(format!("{}.pem", keys.signing().kid()));
    for (file, open, closed, advice) in [
        (pem.as_path(), 0o640, 0o600, "chmod 600"),
        (&path.join("subject.key"), 0o604, 0o600, "chmod 600"),
        (path.as_path(), 0o755, 0o700, "chmod 700"),
    ] {
        fs::set_permissions(file, fs::Permissions::from_mode(open)).unwrap();
        let error = Keys::open(&path, NOW).unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
        fs::set_permissions(file, fs::Permissions::from_mode(closed)).unwrap();
    }
    assert!(Keys::open(&path, NOW).is_ok());
}

#[test]
fn one_key_has_one_kid() {
    let (_folder, path) = folder();
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    let pem = path.join(format!("{}.pem", keys.signing().kid()));
    fs::copy(&pem, path.join(format!("{}-copied.pem", NOW + 9))).unwrap();
    assert!(matches!(Keys::open(&path, NOW).unwrap_err(), KeysError::Twice { .. }));
}

/// A bad file changes nothing for a server that runs.
#[test]
fn what_is_no_key_is_refused_by_name() {
    let (_folder, path) = folder();
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    let before = kids(&keys);
    let es256 = SigningKey::es256("", &[7; 32]).unwrap().to_pkcs8_pem().unwrap();
    for (name, content) in [
        ("1790000009-x.pem", "not a key"),
        ("mine.pem", "not a key"),
        ("-1-x.pem", "not a key"),
        ("1790000009-x.pem", es256.as_str()),
    ] {
        let file = path.join(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let error = keys.reload(NOW + 60).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(kids(&keys), before);
        fs::remove_file(&file).unwrap();
    }
    keys.reload(NOW + 60).unwrap();
}

/// With another secret everybody would be somebody else: it is never made beside keys that are there.
#[test]
fn a_lost_subject_key_is_not_made_up_for() {
    let (_folder, path) = folder();
    Keys::open(&path, NOW).unwrap();
    fs::remove_file(path.join("subject.key")).unwrap();
    assert!(matches!(Keys::open(&path, NOW).unwrap_err(), KeysError::SubjectKeyMissing { .. }));
    assert!(!path.join("subject.key").exists());
    fs::write(path.join("subject.key"), [1; 31]).unwrap();
    fs::set_permissions(path.join("subject.key"), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(Keys::open(&path, NOW).unwrap_err(), KeysError::SubjectKeyLength { .. }));
}

#[test]
fn two_that_write_at_once_do_not_replace_each_other() {
    let (_folder, path) = folder();
    files::make_directory(&path).unwrap();
    let file = path.join("subject.key");
    assert!(files::write_new(&file, b"first").unwrap());
    assert!(!files::write_new(&file, b"second").unwrap());
    assert_eq!(fs::read(&file).unwrap(), b"first");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn nothing_secret_is_printed() {
    let (_folder, path) = folder();
    let (keys, subjects) = Keys::open(&path, NOW).unwrap();
    let shown = format!("{keys:?} {subjects:?}");
    let pem = fs::read_to_string(path.join(format!("{}.pem", keys.signing().kid()))).unwrap();
    let secret = pem.lines().nth(1).unwrap();
    assert!(!shown.contains(secret) && shown.contains("SubjectKey(..)"));
}
