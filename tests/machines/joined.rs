//! Frames that go out again by joined rings.

use vmdq::ring::{Exchange, ForwardedFrame, InPlace, RxRing, TxRing};
use vmdq_sim::Testbed;

use crate::common::{Concrete, Forward, Joined, Plan, STRANGER, number, vm};
use crate::{Bed, Machine, Machines, finish, frames, sent};

pub(crate) fn exchanged_frames_are_what_was_written<M: Concrete>(bed: Bed) {
    forwarded::<M, Exchange<RxRing<Machine>, TxRing<Machine>>>(bed);
}

pub(crate) fn frames_in_place_are_what_was_written<M: Concrete>(bed: Bed) {
    forwarded::<M, InPlace<RxRing<Machine>, TxRing<Machine>>>(bed);
}

/// Readdresses every frame, and drops some that were changed.
fn forwarded<M: Concrete, F: Forward<P = Machine>>(bed: Bed) {
    const DESCRIPTORS: usize = 8;
    let plan = Plan { descriptors: DESCRIPTORS, buffers: 2 * DESCRIPTORS - 1, ..Plan::default() };
    let mut setup = Machines::<M>::start(bed, plan);
    setup.bind(vm(1), 1);
    let mut joined = Joined::<M, F>::new(setup.pairs[1].take().expect("the queue runs"));
    for round in 0..60 {
        let numbers = 4 * round..4 * round + 4;
        setup.inject(&frames(numbers.clone()));
        let mut seen = Vec::new();
        let mut look = |frame: &mut ForwardedFrame<'_>| {
            seen.push(frame.header().to_vec());
            frame.header_mut()[..6].copy_from_slice(&STRANGER.0);
            seen.len() % 3 != 0
        };
        let mut passed = 0;
        // A drop ends a run.
        for _ in 0..6 {
            passed += joined.forwarder.forward(32, &mut look);
            let _ = setup.bed.settle();
        }
        assert_eq!(passed, 3, "round {round}");
        for (seen, wanted) in seen.iter().zip(frames(numbers.clone())) {
            assert_eq!(*seen, wanted[..seen.len()], "round {round}");
        }
        let mut wanted = frames(numbers);
        wanted.remove(2);
        wanted.iter_mut().for_each(|bytes| bytes[..6].copy_from_slice(&STRANGER.0));
        let out = sent(&mut setup);
        assert_eq!(out, wanted, "round {round}, from {}", number(&wanted[0]));
    }
    setup.pairs[1] = Some(joined.split());
    finish(setup);
}
