//! `settle` is exact: afterwards every frame was sorted, dropped or is still waiting, and no counter
//! of the controller shows that the test bed looked.

use std::collections::VecDeque;

use vmdq_sim::{Settled, Testbed};

use crate::driver::{Igb, frame, mac, number, reg};

/// A small generator (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % end
    }
}

/// All 8 pools are in use; bursts are random, among them frames that are too long for the pool, too
/// long for QEMU, multicast that no pool takes, and more than the rings can hold. What each queue
/// got is foretold frame by frame.
#[test]
fn a_thousand_random_bursts_lose_nothing() {
    const LEN: u32 = 16;
    let Some(mut igb) = Igb::start(8, LEN) else { return };
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut expected = vec![VecDeque::new(); 8];
    let (mut sent, mut too_long, mut silent, mut accepted, mut full) = (0, 0, 0, 0, 0);
    for _ in 0..1000 {
        for _ in 0..random.below(33) {
            sent += 1;
            let pool = random.below(8);
            match random.below(10) {
                0 => {
                    too_long += 1;
                    igb.bed.inject(&frame(mac(pool as u8), sent, 1515 + random.below(8000) as usize));
                }
                1 => {
                    silent += 1;
                    igb.bed.inject(&frame(mac(pool as u8), sent, 16_380 + random.below(4000) as usize));
                }
                2 => igb.bed.inject(&frame([0x01, 0, 0x5e, 0, 0, 9], sent, 60)),
                _ => {
                    igb.bed.inject(&frame(mac(pool as u8), sent, 60 + random.below(1455) as usize));
                    // One descriptor stays empty; a full queue drops, as long as another has room.
                    let queue = &mut expected[pool as usize];
                    if queue.len() < LEN as usize - 1 {
                        accepted += 1;
                        queue.push_back(sent);
                    } else {
                        full += 1;
                    }
                }
            }
        }
        assert_eq!(igb.bed.settle(), Settled::Idle);
        for (queue, expected) in expected.iter_mut().enumerate() {
            // The queues fill up now and then, but never all of them: then frames would wait.
            let most = if queue == 0 || random.below(12) == 0 { LEN } else { random.below(2) };
            for got in igb.poll_queue(queue, most as usize) {
                assert_eq!(expected.pop_front(), Some(number(&got.bytes)));
            }
        }
    }
    for got in igb.poll(LEN as usize) {
        assert_eq!(expected[got.queue as usize].pop_front(), Some(number(&got.bytes)));
    }
    assert!(expected.iter().all(VecDeque::is_empty), "lost: {expected:?}");
    assert!(full > 500 && too_long > 500 && accepted > 5000, "{full} {too_long} {accepted}");
    let counted = (igb.read(reg::TPR), igb.read(reg::ROC), igb.bed.uncounted_drops());
    assert_eq!(counted, (accepted, too_long, silent));
}

/// Every counter shows the driver's frames alone, and reading clears it once.
#[test]
fn statistics_are_the_drivers_own() {
    let Some(mut igb) = Igb::start(1, 64) else { return };
    let statistics: Vec<u32> = (0x4000..=0x4124).step_by(4).collect();
    let take = |igb: &Igb| statistics.iter().map(|&at| igb.read(at)).collect::<Vec<_>>();
    let per_pool: Vec<u32> = (0x10010..0x10100).step_by(4).collect();
    take(&igb);
    for number in 0..40 {
        igb.bed.inject(&frame(mac(0), number, 60));
        assert_eq!(igb.bed.settle(), Settled::Idle);
    }
    let counts = take(&igb);
    let count = |at: u32| counts[(at as usize - 0x4000) / 4];
    // Good frames, good octets, all octets, all frames. Departure: where the FCS is stripped, these
    // frames count in none of the registers by length, which the datasheet has include it.
    let seen = [0x4074, 0x4088, 0x40c0, 0x40d0].map(count);
    assert_eq!(seen, [40, 40 * 64, 40 * 64, 40]);
    let others = counts.iter().filter(|&&count| count != 0).count();
    assert_eq!(others, seen.len(), "{counts:?}");
    assert_eq!(take(&igb), vec![0; statistics.len()]);
    let pools = per_pool.iter().map(|&at| igb.read(at)).filter(|&count| count != 0);
    assert_eq!(pools.collect::<Vec<_>>(), [40, 40 * 64]);
}

#[test]
fn frames_wait_for_the_receiver() {
    let Some(mut igb) = Igb::stopped(2, 64) else { return };
    for number in 0..30 {
        igb.bed.inject(&frame(mac(1), number, 60));
    }
    assert_eq!(igb.bed.settle(), Settled::Blocked { waiting: 30 });
    igb.bed.inject(&frame(mac(1), 30, 60));
    assert_eq!(igb.bed.settle(), Settled::Blocked { waiting: 31 });
    igb.receiver(true);
    assert_eq!(igb.bed.settle(), Settled::Idle);
    let numbers: Vec<u32> = igb.poll(64).iter().map(|got| number(&got.bytes)).collect();
    assert_eq!(numbers, (0..31).collect::<Vec<_>>());
}

/// Where no queue has a descriptor left, QEMU holds a frame, and the others wait behind it.
#[test]
fn frames_wait_for_descriptors() {
    let Some(mut igb) = Igb::start(1, 8) else { return };
    let mut next = 0;
    for extra in 0..20 {
        for number in 0..7 + extra {
            igb.bed.inject(&frame(mac(0), number, 60));
        }
        let mut left = 7 + extra;
        next = 0;
        while left > 7 {
            left -= 7;
            let blocked = Settled::Blocked { waiting: left as usize };
            assert_eq!(igb.bed.settle(), blocked);
            assert_eq!(igb.bed.settle(), blocked, "nothing changed");
            for got in igb.poll(7) {
                assert_eq!(number(&got.bytes), next);
                next += 1;
            }
        }
        assert_eq!(igb.bed.settle(), Settled::Idle);
        assert_eq!(igb.bed.settle(), Settled::Idle, "nothing changed");
        for got in igb.poll(7) {
            assert_eq!(number(&got.bytes), next);
            next += 1;
        }
        assert_eq!(next, 7 + extra);
    }
    assert_eq!(next, 26);
}

#[test]
fn nothing_to_do_is_idle() {
    let Some(mut igb) = Igb::stopped(0, 0) else { return };
    assert_eq!(igb.bed.settle(), Settled::Idle);
    assert_eq!(igb.bed.take_sent(), []);
}
