//! Frame limits: exact to the byte, whoever of controller and ring enforces them.

use vmdq::{Accept, Config, MacAddress};

use crate::bed::Bed;
use crate::common::{Concrete, Plan, STRANGER, Setup, frame, limits, numbers, tagged, vm};

/// FCS and tag, in bytes.
const FCS: usize = 4;
const TAG: usize = 4;

/// Sends frames around the limit to queue 1, and broadcast to the default queue.
fn is_exact<M: Concrete, T: Bed>(bed: T, max_frame: u16, strip_tags: bool) {
    let config = Config { max_frame, accept: Accept::all(), strip_tags, ..Config::default() };
    let mut setup = Setup::<M, _, T>::start(bed, Plan { config, descriptors: 64, buffers: 20 });
    setup.bind(vm(1), 1);
    let most = usize::from(max_frame) - FCS;
    let mut too_long = 0;
    for (queue, to) in [(1, vm(1)), (0, MacAddress::BROADCAST), (0, STRANGER)] {
        let good = [
            frame(to, 0, most.max(60)),
            tagged(to, 5, 1, (most + TAG).max(60)),
            tagged(to, 5, 2, most.max(60)),
        ];
        let mut bad = Vec::new();
        for over in [1, 2, 3, 4, 5, 8, 9, 100] {
            bad.push(frame(to, 100, most + over));
            bad.push(tagged(to, 5, 100, most + TAG + over));
        }
        too_long += bad.len() as u64;
        // Mixed, so that what is dropped disturbs nothing behind it.
        let all: Vec<_> = good.iter().chain(&bad).chain(&good).cloned().collect();
        setup.inject(&all);
        let received: Vec<_> = setup.receive();
        assert!(received.iter().all(|(at, _)| *at == queue));
        let received: Vec<_> = received.into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(numbers(&received), [0, 1, 2, 0, 1, 2]);
        let mut arrived = good;
        if strip_tags {
            arrived[1..].iter_mut().for_each(|tagged| drop(tagged.drain(12..16)));
        }
        assert_eq!(received, [&arrived[..], &arrived[..]].concat());
    }
    // Once for each frame, by controller or ring; QEMU drops those above RLPML without counting.
    let by_controller = setup.port.statistics().too_long + setup.bed.uncounted_drops();
    let counters: Vec<_> = setup.pairs.iter().flatten().map(|pair| pair.rx.counters()).collect();
    let by_ring: u64 = counters.iter().map(|counters| counters.too_long).sum();
    assert_eq!(by_controller + by_ring, too_long);
    assert_eq!(counters.iter().map(|counters| counters.malformed).sum::<u64>(), 0);
    setup.finish();
}

pub(crate) fn the_default_limit_is_exact<M: Concrete, T: Bed>(bed: T) {
    is_exact::<M, T>(bed, 1518, false);
}

pub(crate) fn a_jumbo_limit_is_exact<M: Concrete, T: Bed>(bed: T) {
    is_exact::<M, T>(bed, 9000, false);
}

pub(crate) fn the_largest_limit_is_exact<M: Concrete, T: Bed>(bed: T) {
    is_exact::<M, T>(bed, limits::<M>().max_frame, false);
}

pub(crate) fn the_least_limit_is_exact<M: Concrete, T: Bed>(bed: T) {
    is_exact::<M, T>(bed, 64, false);
}

pub(crate) fn the_limit_is_that_of_the_wire<M: Concrete, T: Bed>(bed: T) {
    is_exact::<M, T>(bed, 1518, true);
}

pub(crate) fn the_shortest_frame_arrives<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    assert_eq!(setup.lands(&tagged(vm(1), 7, 0, 60)), [1]);
    setup.finish();
}
