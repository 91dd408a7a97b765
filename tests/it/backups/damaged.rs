//! A backup that is not what was written is never taken for one.

use super::{House, talk};
use rag_chatbot::backup::{BackupError, Backups, Identities};
use std::sync::Arc;

/// Damages the only backup in each of the given ways, which all have to be noticed.
async fn assert_noticed(house: &House, backups: &Arc<Backups>, keys: &Identities) {
    let made = backups.create().await.expect("made");
    let path = house.path("backups").join(made.stored.name.as_str());
    let whole = std::fs::read(&path).expect("there");
    let before = house.rows();
    let mut damages: Vec<(String, Vec<u8>)> = Vec::new();
    let mut harmless = 0;
    // The first ten bytes of gzip are its own notes (time, system), which change nothing.
    for part in 0..40 {
        let at = 10 + (whole.len() - 11) * part / 39;
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (part % 8);
        damages.push((format!("bit of byte {at} of {}", whole.len()), flipped));
    }
    for length in [
        0,
        1,
        5,
        100,
        whole.len() / 2,
        whole.len() - 9,
        whole.len() - 1,
    ] {
        damages.push((format!("cut at {length}"), whole[..length].to_vec()));
    }
    let mut longer = whole.clone();
    longer.push(0);
    damages.push(("a byte more".to_owned(), longer));
    for (what, bytes) in damages {
        std::fs::write(&path, bytes).expect("written");
        let verified = backups.verify(None, keys.clone()).await;
        match verified {
            // Text that repeats itself can be compressed in more than one way: another bit, and yet
            // every byte that comes out is the same.
            Ok(checked) => {
                assert_eq!(checked.manifest, made.manifest, "{what}");
                assert!(what.starts_with("bit"), "{what} was not noticed");
                harmless += 1;
                continue;
            }
            Err(error) => assert!(
                !matches!(error, BackupError::State { .. }),
                "{what}: {error}"
            ),
        }
        let restored = backups.restore(None, keys.clone(), true).await;
        assert!(restored.is_err(), "{what} was restored");
        assert_eq!(house.rows(), before, "{what}");
    }
    assert!(harmless <= 4, "{harmless} of 40 bits were not noticed");
    std::fs::write(&path, whole).expect("written");
    backups
        .verify(None, keys.clone())
        .await
        .expect("whole again");
}

#[tokio::test]
async fn flipped_bits_and_cut_ends_are_noticed() {
    let house = House::new();
    talk(&house.store(), 30).await;
    house.push("a1.json", "{}");
    assert_noticed(&house, &house.backups(), &Identities::default()).await;
}

#[tokio::test]
async fn flipped_bits_and_cut_ends_are_noticed_in_an_encrypted_one() {
    let house = House::new();
    talk(&house.store(), 30).await;
    let (backups, keys) = house.encrypted();
    assert_noticed(&house, &backups, &keys).await;
}
