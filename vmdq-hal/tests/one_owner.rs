//! A buffer has one owner: also when a platform breaks its word and panics, and what the device gets was
//! handed to it.

mod common;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{Bench, Run};
use vmdq_hal::ring::{Burst, Exchange, Frame, InPlace};

const FRAME: [u8; 60] = [7; 60];

/// Where buffers are, each once.
#[derive(Default)]
struct Seen(BTreeSet<usize>);

impl Seen {
    fn add(&mut self, frame: Frame) {
        assert!(self.0.insert(frame.header().as_ptr().addr()), "a buffer has two owners");
        core::mem::forget(frame);
    }

    /// Stops a pool and looks at its buffers, those that are left and those of a burst.
    fn all<const N: usize>(mut self, run: Run, mut burst: Burst<N>) -> usize {
        let Run { started, table, mut buffers, .. } = run;
        burst.drain(..).for_each(|frame| self.add(frame));
        while let Some(frame) = buffers.take() {
            self.add(frame);
        }
        let stopped = started.stop(&table, |frame| self.add(frame));
        assert!(stopped.is_ok(), "nothing can fail");
        self.0.len()
    }
}

/// Whichever call of `for_device` panics, no buffer is in the ring and in the pool or the burst.
#[test]
fn a_panic_while_frames_are_replaced_duplicates_no_buffer() {
    for calls in 0..6 {
        let mut run = Bench::new().run::<8, 15>();
        (0..6).for_each(|_| assert!(run.device.receive(&FRAME)));
        let mut burst = Burst::<8>::new();
        run.device.machine().panic_after(calls);
        let result = catch_unwind(AssertUnwindSafe(|| {
            run.started.rx.receive_replacing(&mut burst, 8, &mut run.buffers)
        }));
        assert!(result.is_err() && run.device.machine().has_panicked());
        // Seven are posted: the first frame is a run of its own, since the ring's memory ends with it.
        let lost = (calls as usize).max(1);
        assert_eq!(Seen::default().all(run, burst), 15 - lost, "after {calls} calls");
    }
}

#[test]
fn a_panic_while_one_is_replaced_or_posted_duplicates_no_buffer() {
    let mut run = Bench::new().run::<8, 15>();
    (0..3).for_each(|_| assert!(run.device.receive(&FRAME)));
    // Seven are posted: the first run ends with the memory of the ring, the next one is longer.
    for _ in 0..2 {
        let frame = run.started.rx.receive_one(&mut run.buffers).expect("a frame");
        run.buffers.put(frame).expect("room");
    }
    run.device.machine().panic_after(0);
    let result = catch_unwind(AssertUnwindSafe(|| run.started.rx.receive_one(&mut run.buffers)));
    assert!(result.is_err());
    run.device.machine().panic_after(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut burst = Burst::<8>::new();
        run.started.rx.receive(&mut burst);
        run.buffers.put_all(&mut burst);
        run.started.rx.refill(&mut run.buffers)
    }));
    assert!(result.is_err());
    assert_eq!(Seen::default().all(run, Burst::<1>::new()), 15);
}

/// The same for a batch that is sent: frames are in the burst or in the ring.
#[test]
fn a_panic_while_frames_are_sent_duplicates_no_buffer() {
    for calls in 0..4 {
        let mut run = Bench::new().run::<8, 15>();
        let mut burst = Burst::<4>::new();
        while !burst.is_full() {
            let mut frame = run.buffers.take().expect("a buffer");
            frame.fill(&FRAME).expect("room");
            burst.push(frame).expect("room");
        }
        run.device.machine().panic_after(calls);
        let result = catch_unwind(AssertUnwindSafe(|| run.started.tx.send(&mut burst)));
        assert!(result.is_err());
        assert_eq!(run.device.send().len(), 0, "nothing was handed over");
        assert_eq!(Seen::default().all(run, burst), 15);
    }
}

/// A frame takes two calls, one of each ring. Those before the panic are forwarded, that one is seen again.
#[test]
fn a_panic_while_frames_are_exchanged_duplicates_no_buffer() {
    for calls in 0..12 {
        let Run { started, table, mut buffers, mut device } = Bench::new().run::<8, 20>();
        let (rx, tx, pool) = (started.rx, started.tx, started.pool);
        let mut exchange = Exchange::new(rx, tx, &mut buffers).expect("enough buffers");
        (0..6).for_each(|_| assert!(device.receive(&FRAME)));
        device.machine().panic_after(calls);
        let mut looks = 0;
        let mut look = || {
            looks += 1;
            true
        };
        let result = catch_unwind(AssertUnwindSafe(|| exchange.forward(8, |_| look())));
        assert!(result.is_err() && device.machine().has_panicked());
        let sent = device.send().len();
        assert_eq!(sent, calls as usize / 2, "what came before goes out");
        exchange.forward(8, |_| look());
        assert_eq!((sent + device.send().len(), looks), (6, 7), "the frame of the panic is seen again");
        let (rx, tx) = exchange.split(&mut buffers).expect("room");
        let started = vmdq_hal::Started { rx, tx, pool };
        assert_eq!(Seen::default().all(Run { started, table, buffers, device }, Burst::<1>::new()), 20);
    }
}

/// The device checks each buffer that it gets: whoever looked at the frame was the last to have it.
#[test]
fn in_place_hands_the_buffers_of_dropped_frames_to_the_device() {
    let Run { started, table, mut buffers, mut device } = Bench::new().run::<8, 8>();
    let (rx, tx, pool) = (started.rx, started.tx, started.pool);
    let mut forwarder = InPlace::new(rx, tx, &mut buffers).expect("enough buffers");
    let mut sent = 0;
    for round in 0..60_u8 {
        let goes_out = round % 3 != 0;
        assert!(device.receive(&FRAME), "round {round}");
        // A runt, which is dropped without being looked at, now and then.
        if round % 7 == 0 {
            assert!(device.receive(&[0; 3]), "round {round}");
        }
        for _ in 0..3 {
            forwarder.forward(8, |frame| {
                frame.bytes_mut()[0] = round;
                goes_out
            });
            let frames = device.send();
            sent += frames.len();
            assert!(frames.iter().all(|frame| frame[0] == round));
        }
    }
    assert_eq!(sent, 40);
    let (rx, tx) = forwarder.split(&mut buffers).expect("room");
    let started = vmdq_hal::Started { rx, tx, pool };
    assert_eq!(Seen::default().all(Run { started, table, buffers, device }, Burst::<1>::new()), 8);
}

#[test]
fn exchange_hands_the_buffers_of_dropped_frames_to_the_device() {
    let Run { started, table, mut buffers, mut device } = Bench::new().run::<8, 15>();
    let (rx, tx, pool) = (started.rx, started.tx, started.pool);
    let mut forwarder = Exchange::new(rx, tx, &mut buffers).expect("enough buffers");
    let mut sent = 0;
    for round in 0..60_u8 {
        assert!(device.receive(&FRAME), "round {round}");
        forwarder.forward(8, |frame| {
            frame.bytes_mut()[0] = round;
            round % 3 != 0
        });
        sent += device.send().len();
    }
    assert_eq!(sent, 40);
    let (rx, tx) = forwarder.split(&mut buffers).expect("room");
    let started = vmdq_hal::Started { rx, tx, pool };
    assert_eq!(Seen::default().all(Run { started, table, buffers, device }, Burst::<1>::new()), 15);
}
