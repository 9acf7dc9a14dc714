//! Transmit: all frames reach the wire, in QEMU's own order.

use vmdq_sim::Testbed;

use crate::driver::{Igb, frame, mac, number};

#[test]
fn a_burst_far_over_the_sockets_room_is_complete_and_in_order() {
    let Some(mut igb) = Igb::start(1, 1024) else { return };
    let mut expected = Vec::new();
    for (round, burst) in [1, 2, 10, 11, 12, 64, 1000, 1023].into_iter().enumerate() {
        for index in 0..burst {
            let frame = frame(mac(9), 10_000 * round as u32 + index, 60 + index as usize);
            igb.post(0, &frame);
            expected.push(frame);
        }
        igb.kick(0);
        assert_eq!(igb.bed.settle(), vmdq_sim::Settled::Idle);
    }
    let sent = igb.bed.take_sent();
    assert_eq!(sent.len(), expected.len());
    assert!(sent.iter().map(|sent| &sent.bytes).eq(&expected));
    assert!(sent.iter().all(|sent| sent.queue.is_none()));
    assert_eq!(igb.bed.take_sent(), []);
}

/// Departure: a tail write drains its queue to the end before it returns; there is no round robin.
#[test]
fn a_tail_write_drains_its_queue() {
    let Some(mut igb) = Igb::start(2, 16) else { return };
    for index in 0..3 {
        igb.post(0, &frame(mac(9), index, 60));
        igb.post(1, &frame(mac(9), 10 + index, 60));
    }
    igb.kick(1);
    igb.kick(0);
    let order: Vec<u32> = igb.bed.take_sent().iter().map(|sent| number(&sent.bytes)).collect();
    assert_eq!(order, [10, 11, 12, 0, 1, 2]);
}
