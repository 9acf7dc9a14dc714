//! Tokens: what is dropped unused, what can't be sent, and a stack that panics lose nothing.

#[path = "../examples/common/mod.rs"]
mod common;

mod bed;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bed::{LONG, SHORT, bed, frame, frames, inject, read, read_all, send, sent};
use common::mac;
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::time::Instant;
use vmdq_smoltcp::{DeviceCounters, smoltcp};

#[test]
fn a_token_to_read_that_is_dropped_leaves_the_frame() {
    let (mut lab, default, mut device) = bed(SHORT);
    inject(&mut lab, &frames(0..3));
    for _ in 0..100 {
        let _dropped = device.receive(Instant::ZERO).expect("a frame waits");
    }
    assert!(device.is_ready());
    assert_eq!(read_all(&mut device), frames(0..3), "in their order");
    assert!(!device.is_ready());
    assert_eq!(device.counters(), DeviceCounters { received: 3, ..DeviceCounters::default() });
    // One that nobody reads in the end comes back with the buffers.
    inject(&mut lab, &frames(3..5));
    let _dropped = device.receive(Instant::ZERO).expect("a frame waits");
    lab.finish([default, device]);
}

#[test]
fn a_token_to_send_that_is_dropped_sends_nothing() {
    let (mut lab, default, mut device) = bed(SHORT);
    for number in 0..100 {
        let _dropped = device.transmit(Instant::ZERO).expect("room");
        let out = frame(mac(9).0, number, 60);
        assert!(send(&mut device, &out));
        let _dropped = device.transmit(Instant::ZERO);
        assert_eq!(sent(&mut lab), [out]);
    }
    assert_eq!(device.counters().sent, 100);
    lab.finish([default, device]);
}

#[test]
fn an_answer_goes_out_from_the_token_beside_the_frame() {
    let (mut lab, default, mut device) = bed(SHORT);
    for round in 0..40 {
        let asked = frames(5 * round..5 * round + 5);
        inject(&mut lab, &asked);
        while let Some((rx, tx)) = device.receive(Instant::ZERO) {
            rx.consume(|asked| {
                tx.consume(asked.len(), |answer| {
                    answer.copy_from_slice(asked);
                    answer[..6].copy_from_slice(&mac(9).0);
                });
            });
        }
        let mut answers = asked;
        answers.iter_mut().for_each(|frame| frame[..6].copy_from_slice(&mac(9).0));
        assert_eq!(sent(&mut lab), answers, "round {round}");
    }
    lab.finish([default, device]);
}

#[test]
fn a_full_ring_yields_no_token_and_frames_wait() {
    let (mut lab, default, mut device) = bed(SHORT);
    inject(&mut lab, &frames(0..4));
    let out: Vec<_> = (0..7).map(|number| frame(mac(9).0, number, 60)).collect();
    out.iter().for_each(|bytes| assert!(send(&mut device, bytes)));
    assert!(!send(&mut device, &out[0]), "7 of 8 descriptors are in use");
    let stalled = device.counters().stalled;
    assert!(device.is_ready());
    assert!(read(&mut device).is_none(), "an answer would have no way out");
    assert_eq!(device.counters().stalled, stalled + 1);
    assert_eq!(sent(&mut lab), out, "nothing was sent twice or lost");
    assert_eq!(read_all(&mut device), frames(0..4), "they waited");
    assert!(send(&mut device, &out[0]));
    lab.finish([default, device]);
}

#[test]
fn what_cant_be_sent_is_dropped_and_counted() {
    let (mut lab, default, mut device) = bed(SHORT);
    let mtu = device.mtu();
    assert_eq!(mtu, 1514);
    for len in [mtu + 1, mtu + 500, 100_000] {
        let token = device.transmit(Instant::ZERO).expect("room");
        assert_eq!(token.consume(len, |room| room.len()), mtu);
    }
    assert!(send(&mut device, &[0; 13]), "there is a token, although the frame is too short");
    assert_eq!(device.counters(), DeviceCounters { sent_dropped: 4, ..DeviceCounters::default() });
    assert_eq!(sent(&mut lab), [[0; 0]; 0]);
    for len in [14, mtu] {
        let out = frame(mac(9).0, 1, len);
        let out = &out[..len];
        assert!(send(&mut device, out));
        let on_the_wire = sent(&mut lab);
        assert_eq!(on_the_wire.len(), 1);
        assert_eq!(on_the_wire[0][..len], *out);
    }
    lab.finish([default, device]);
}

#[test]
fn a_stack_that_panics_loses_no_buffer() {
    let (mut lab, default, mut device) = bed(SHORT);
    inject(&mut lab, &frames(0..2));
    for _ in 0..50 {
        let reading = catch_unwind(AssertUnwindSafe(|| {
            let (rx, _tx) = device.receive(Instant::ZERO).expect("a frame waits");
            rx.consume(|_| panic!("as a stack may"));
        }));
        let writing = catch_unwind(AssertUnwindSafe(|| {
            let tx = device.transmit(Instant::ZERO).expect("room");
            tx.consume(60, |_| panic!("as a stack may"));
        }));
        assert!(reading.is_err() && writing.is_err());
    }
    assert_eq!(sent(&mut lab), [[0; 0]; 0]);
    assert_eq!(read_all(&mut device), frames(0..2));
    lab.finish([default, device]);
}

/// After a burst that ended anywhere, the whole ring is the controller's again: the longest burst that the
/// stack was told of arrives.
#[test]
fn the_longest_burst_arrives_after_any_other() {
    let (mut lab, default, mut device) = bed(LONG);
    let most = device.capabilities().max_burst_size.expect("rings have an end");
    assert_eq!(most, 63);
    for first in (0..60_u16).map(|round| round * 7) {
        inject(&mut lab, &frames(first..first + 1 + first % 11));
        assert_eq!(read_all(&mut device).len(), usize::from(1 + first % 11));
        inject(&mut lab, &frames(first..first + 63));
        assert_eq!(read_all(&mut device), frames(first..first + 63));
    }
    assert_eq!(lab.sim.drops(), vmdq_sim::ModelDrops::default());
    lab.finish([default, device]);
}
