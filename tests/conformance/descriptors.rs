//! Receive: queues that run out of descriptors.

use vmdq::device::DefaultPoolChoice;
use vmdq::{Config, MacAddress};
use vmdq_sim::{PlatformOf, Settled, Testbed};

use crate::bed::Bed;
use crate::common::{Concrete, Plan, Setup, frame, numbers, pools, vm};

/// Rings of 8 descriptors, 7 of which can hold a buffer.
const SHORT: Plan = Plan {
    config: Config { max_frame: 1518, accept: vmdq::Accept::all(), default_drops: true, strip_tags: false },
    descriptors: 8,
    buffers: 14,
};
const POSTED: usize = 7;

/// Sends more frames to queue 1 than it has buffers for, and one to each other behind them.
fn overflow<M: Concrete, T: Testbed>(setup: &mut Setup<M, PlatformOf<T>, T>) {
    setup.bind_all();
    let hog = (0..POSTED as u32 + 5).map(|i| frame(vm(1), i, 60));
    let others = (2..pools::<M>()).map(|queue| frame(vm(queue), queue as u32, 60));
    setup.inject(&Vec::from_iter(hog.chain(others)));
    for queue in 2..pools::<M>() {
        assert_eq!(numbers(&setup.pair(queue).receive()), [queue as u32], "queue {queue}");
    }
    // The first frames are there, in order; those that found no descriptor are lost.
    assert_eq!(numbers(&setup.pair(1).receive()), Vec::from_iter(0..POSTED as u32));
    // With buffers again, the queue goes on.
    assert_eq!(setup.lands(&frame(vm(1), 99, 60)), [1]);
}

pub(crate) fn a_full_queue_drops_and_the_others_go_on<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, SHORT);
    overflow(&mut setup);
    setup.finish();
}

/// QEMU counts none of them: see `qemu_departures`.
pub(crate) fn dropped_frames_are_counted<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, SHORT);
    overflow(&mut setup);
    assert_eq!(setup.port.statistics().no_descriptor, 5);
    // The default queue drops too, unless asked otherwise.
    let frames: Vec<_> = (0..POSTED as u32 + 2).map(|i| frame(MacAddress::BROADCAST, i, 60)).collect();
    setup.inject(&frames);
    assert_eq!(numbers(&setup.pair(0).receive()), Vec::from_iter(0..POSTED as u32));
    assert_eq!(setup.port.statistics().no_descriptor, 7);
    setup.finish();
}

/// What DROP_EN is for: without it one queue stops all others.
pub(crate) fn the_default_queue_blocks_if_asked_to<M: Concrete, T: Bed>(bed: T) {
    let config = Config { default_drops: false, ..SHORT.config };
    let mut setup = Setup::<M, _, T>::start(bed, Plan { config, ..SHORT });
    setup.bind(vm(1), 1);
    setup.bind(vm(2), 2);
    for i in 0..POSTED as u32 + 2 {
        setup.bed.inject(&frame(MacAddress::BROADCAST, i, 60));
    }
    setup.bed.inject(&frame(vm(1), 77, 60));
    assert_eq!(setup.bed.settle(), Settled::Blocked { waiting: 3 });
    // The frame for queue 1 waits behind those for the default queue, although queue 1 has room.
    assert_eq!(setup.pair(1).receive().len(), 0);
    // Buffers for the default queue resolve it, and nothing was lost.
    assert_eq!(numbers(&setup.pair(0).receive()), Vec::from_iter(0..POSTED as u32));
    assert_eq!(setup.bed.settle(), Settled::Idle);
    assert_eq!(numbers(&setup.pair(0).receive()), [POSTED as u32, POSTED as u32 + 1]);
    assert_eq!(numbers(&setup.pair(1).receive()), [77]);
    // A virtual machine's queue drops all the same.
    setup.inject(&Vec::from_iter((0..POSTED as u32 + 2).map(|i| frame(vm(2), i, 60))));
    assert_eq!(setup.pair(2).receive().len(), POSTED);
    setup.finish();
}

/// A virtual machine's queue always drops, whichever queue is the default one.
pub(crate) fn blocking_follows_the_default_queue<M: DefaultPoolChoice + Concrete, T: Bed>(bed: T) {
    let config = Config { default_drops: false, ..SHORT.config };
    let mut setup = Setup::<M, _, T>::start(bed, Plan { config, ..SHORT });
    setup.bind(vm(1), 0);
    let pool = &setup.pairs[3].as_ref().expect("the queue runs").pool;
    setup.port.set_default(pool).expect("it is this port's pool");
    setup.inject(&Vec::from_iter((0..POSTED as u32 + 2).map(|i| frame(vm(1), i, 60))));
    assert_eq!(setup.pair(0).receive().len(), POSTED);
    for i in 0..POSTED as u32 + 2 {
        setup.bed.inject(&frame(MacAddress::BROADCAST, i, 60));
    }
    assert_eq!(setup.bed.settle(), Settled::Blocked { waiting: 2 });
    assert_eq!(setup.pair(3).receive().len(), POSTED);
    assert_eq!(setup.bed.settle(), Settled::Idle);
    assert_eq!(setup.pair(3).receive().len(), 2);
    setup.finish();
}

pub(crate) fn order_holds_over_many_rounds<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, SHORT);
    setup.bind_all();
    let mut expected = 0;
    // 5 frames a round in rings of 8: each round ends at another place.
    for _ in 0..12 {
        let frames = (expected..expected + 5)
            .flat_map(|i| (1..pools::<M>()).map(move |queue| frame(vm(queue), i, 60 + i as usize)));
        setup.inject(&Vec::from_iter(frames));
        for queue in 1..pools::<M>() {
            let received = setup.pair(queue).receive();
            assert_eq!(numbers(&received), Vec::from_iter(expected..expected + 5), "queue {queue}");
            assert!(received.iter().zip(expected..).all(|(bytes, i)| bytes.len() == 60 + i as usize));
        }
        expected += 5;
    }
    setup.finish();
}
