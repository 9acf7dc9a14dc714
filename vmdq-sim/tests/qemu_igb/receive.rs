//! Receive: the link, sorting by filter, and what QEMU drops.

use vmdq_sim::{Qemu, Settled, Testbed};

use crate::driver::{Igb, frame, mac, reg};

#[test]
fn has_its_address_and_a_link() {
    let Some(mut igb) = Igb::stopped(0, 0) else { return };
    let low = igb.read(reg::RAL).to_le_bytes();
    let high = igb.read(reg::RAH).to_le_bytes();
    assert_eq!([&low[..], &high[..2]].concat(), Qemu::MAC);
    // Departure: the link needs a restart of autonegotiation, and comes up only after it.
    assert!(igb.link() <= 1000);
}

#[test]
fn sorts_by_filter() {
    let Some(mut igb) = Igb::start(8, 16) else { return };
    for pool in (0..8).rev() {
        igb.bed.inject(&frame(mac(pool), pool.into(), 60));
    }
    igb.bed.inject(&frame([0x02, 9, 9, 9, 9, 9], 99, 60));
    assert_eq!(igb.bed.settle(), Settled::Idle);
    let got = igb.poll(16);
    let queues: Vec<u32> = got.iter().map(|got| got.queue).collect();
    // The stranger comes second to the default pool.
    assert_eq!(queues, [0, 0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(got[1].bytes, frame([0x02, 9, 9, 9, 9, 9], 99, 60));
    assert_eq!(igb.bed.violations(), []);
}

#[test]
fn a_filter_bound_at_run_time_sorts_the_next_frame() {
    let Some(mut igb) = Igb::start(2, 64) else { return };
    for round in 0..20 {
        let pool = round % 2;
        igb.filter(3, [0x02, 7, 7, 7, 7, 7], 1 << pool);
        igb.bed.inject(&frame([0x02, 7, 7, 7, 7, 7], round, 60));
        assert_eq!(igb.bed.settle(), Settled::Idle);
        assert_eq!(igb.poll(2).iter().map(|got| got.queue).collect::<Vec<_>>(), [pool]);
    }
}

/// Departure: what is longer than RLPML (with FCS) is dropped before any counter sees it. The test
/// bed counts it.
#[test]
fn frames_over_rlpml_are_dropped_uncounted() {
    let Some(mut igb) = Igb::start(1, 16) else { return };
    igb.bed.inject(&frame(mac(0), 0, 1515));
    igb.bed.inject(&frame(mac(0), 1, 16_379));
    assert_eq!(igb.bed.settle(), Settled::Idle);
    assert_eq!((igb.read(reg::ROC), igb.bed.uncounted_drops()), (2, 0));
    for len in [16_380, 16_384, 40_000, 65_535, 65_536, 200_000] {
        igb.bed.inject(&frame(mac(0), 2, len));
    }
    igb.bed.inject(&[]);
    assert_eq!(igb.bed.settle(), Settled::Idle);
    assert_eq!((igb.read(reg::ROC), igb.bed.uncounted_drops()), (0, 7));
    assert_eq!((igb.read(reg::TPR), igb.poll(16)), (0, vec![]));
    // And the wire still works.
    igb.bed.inject(&frame(mac(0), 3, 1514));
    assert_eq!(igb.bed.settle(), Settled::Idle);
    assert_eq!(igb.poll(16).len(), 1);
}

/// Departure: without RCTL.LPE, what is longer than 1518 bytes (1522 with a tag) is not counted either.
#[test]
fn long_frames_without_permission_are_dropped_uncounted() {
    let Some(mut igb) = Igb::start(1, 16) else { return };
    igb.write(reg::RCTL, igb.read(reg::RCTL) & !(1 << 5));
    let mut tagged = frame(mac(0), 0, 1519);
    tagged[12..14].copy_from_slice(&[0x81, 0x00]);
    igb.bed.inject(&tagged);
    igb.bed.inject(&frame(mac(0), 0, 1515));
    igb.bed.inject(&frame(mac(0), 0, 1514));
    assert_eq!(igb.bed.settle(), Settled::Idle);
    assert_eq!((igb.read(reg::ROC), igb.bed.uncounted_drops()), (0, 2));
    assert_eq!(igb.poll(16).len(), 1);
}
