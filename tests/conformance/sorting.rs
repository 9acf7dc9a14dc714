//! Receive: which frame goes to which queue.

use vmdq::device::{DefaultPoolChoice, LiveAccept};
use vmdq::{Accept, Config, MacAddress};

use crate::bed::Bed;
use crate::common::{Concrete, GROUP, Plan, STRANGER, Setup, frame, limits, numbers, pools, tagged, vm};

pub(crate) fn each_address_to_its_queue<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // The default queue's address has no filter: it arrives there as unknown.
    setup.bind_all();
    // From the last to the first, so that no queue's number is the frame's place on the wire.
    let frames: Vec<_> = (0..pools::<M>()).rev().map(|i| frame(vm(i), i as u32, 60 + i)).collect();
    setup.inject(&frames);
    let received = setup.receive();
    let expected: Vec<_> = frames.into_iter().rev().enumerate().collect();
    assert_eq!(received, expected);
    setup.finish();
}

pub(crate) fn an_address_may_share_a_queue<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 2);
    setup.bind(vm(2), 2);
    setup.bind(vm(3), 0);
    assert_eq!([1, 2, 3].map(|i| setup.lands(&frame(vm(i), 0, 60))), [vec![2], vec![2], vec![0]]);
    setup.finish();
}

pub(crate) fn tags_make_no_difference<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 3);
    // `lands` sees that the tag stays in the frame.
    for vlan in [0, 1, 0x6005, 4095] {
        assert_eq!(setup.lands(&tagged(vm(1), vlan, 0, 64)), [3], "{vlan}");
        assert_eq!(setup.lands(&tagged(STRANGER, vlan, 0, 64)), [0], "{vlan}");
        assert_eq!(setup.lands(&tagged(MacAddress::BROADCAST, vlan, 0, 64)), [0], "{vlan}");
    }
    setup.finish();
}

pub(crate) fn broadcast_multicast_and_strangers_to_the_default_queue<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind_all();
    let own = setup.port.address();
    for to in [MacAddress::BROADCAST, GROUP, MacAddress([0x33, 0x33, 0, 0xff, 0xff, 0xff]), STRANGER, own] {
        assert_eq!(setup.lands(&frame(to, 0, 60)), [0], "{to}");
    }
    setup.finish();
}

pub(crate) fn promiscuous_mode_keeps_sorting<M: Concrete, T: Bed>(bed: T) {
    let config = Config { accept: Accept::PROMISCUOUS, ..Config::default() };
    let mut setup = Setup::<M, _, T>::start(bed, Plan { config, ..Plan::default() });
    setup.bind(vm(1), 1);
    setup.bind(vm(3), 3);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    assert_eq!(setup.lands(&frame(STRANGER, 0, 60)), [0]);
    assert_eq!(setup.lands(&frame(vm(3), 0, 60)), [3]);
    setup.finish();
}

pub(crate) fn a_removed_filter_leads_to_the_default_queue<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let one = setup.bind(vm(1), 1);
    setup.bind(vm(2), 2);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    setup.unbind(one);
    assert_eq!(setup.table.find(vm(1)), None);
    assert_eq!(setup.lands(&frame(vm(1), 1, 60)), [0]);
    assert_eq!(setup.lands(&frame(vm(2), 2, 60)), [2]);
    setup.finish();
}

pub(crate) fn a_filter_moves<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let id = setup.bind(vm(1), 1);
    setup.bind(vm(2), 2);
    for queue in [3, 0, 2, 1] {
        setup.move_to(id, queue);
        assert_eq!(setup.table.find(vm(1)).map(|found| (found.id, found.pool.number())), Some((id, queue)));
        assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [queue]);
        assert_eq!(setup.lands(&frame(vm(2), 0, 60)), [2]);
    }
    setup.finish();
}

pub(crate) fn a_slot_is_used_again<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let entry = setup.slots[0].entry();
    let old = setup.bind(vm(1), 1);
    let slot = setup.table.unbind(old).expect("the filter is removed");
    assert_eq!(slot.entry(), entry);
    setup.slots.insert(0, slot);
    let new = setup.bind(vm(2), 2);
    // The old name is not the new filter's.
    assert_ne!(old, new);
    assert_eq!(setup.table.unbind(old).map(|slot| slot.entry()), Err(vmdq::FilterError::NotBound));
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [0]);
    assert_eq!(setup.lands(&frame(vm(2), 0, 60)), [2]);
    setup.finish();
}

pub(crate) fn every_slot_sorts<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    assert_eq!(setup.slots.len(), usize::from(limits::<M>().filters));
    let queue_of = |i: usize| 1 + i % (pools::<M>() - 1);
    for i in 0..usize::from(limits::<M>().filters) {
        setup.bind(vm(i), queue_of(i));
    }
    for i in 0..usize::from(limits::<M>().filters) {
        assert_eq!(setup.lands(&frame(vm(i), 0, 60)), [queue_of(i)], "filter {i}");
    }
    assert_eq!(setup.table.bindings().count(), usize::from(limits::<M>().filters));
    setup.finish();
}

pub(crate) fn mac_control_frames_are_delivered<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    let own = setup.port.address();
    // PAUSE to its group and to the port itself, and another operation code.
    for (to, operation) in [(MacAddress([1, 0x80, 0xc2, 0, 0, 1]), 1), (own, 1), (own, 0x101)] {
        let mut control = frame(to, 0, 60);
        control[12..18].copy_from_slice(&[0x88, 0x08, (operation >> 8) as u8, operation as u8, 0xff, 0xff]);
        assert_eq!(setup.lands(&control), [0], "{to} {operation}");
    }
    // And nothing was paused.
    setup.pair(1).send(&[frame(STRANGER, 7, 60)]);
    let _ = setup.bed.settle();
    assert_eq!(setup.bed.take_sent().len(), 1);
    setup.finish();
}

pub(crate) fn counts_what_arrives<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    let before = setup.port.statistics();
    setup.inject(&[
        frame(vm(1), 0, 60),
        frame(STRANGER, 1, 300),
        frame(MacAddress::BROADCAST, 2, 60),
        frame(GROUP, 3, 60),
        frame(GROUP, 4, 1514),
    ]);
    let received = setup.receive();
    assert_eq!(numbers(&received.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>()), [1, 2, 3, 4, 0]);
    let after = setup.port.statistics();
    assert_eq!(after.received - before.received, 5);
    assert_eq!(after.broadcast - before.broadcast, 1);
    assert_eq!(after.multicast - before.multicast, 2);
    // Sums stay although the device's counters clear.
    assert_eq!(setup.port.statistics(), after);
    assert_eq!((after.too_long, after.crc_errors, after.missed, after.no_descriptor), (0, 0, 0, 0));
    setup.finish();
}

pub(crate) fn what_is_not_accepted_is_dropped<M: Concrete, T: Bed>(bed: T) {
    let all = [
        (Accept::BROADCAST, MacAddress::BROADCAST),
        (Accept::MULTICAST, GROUP),
        (Accept::PROMISCUOUS, STRANGER),
    ];
    for accept in 0..8 {
        let accept = Accept::from_bits_truncate(accept);
        let config = Config { accept, ..Config::default() };
        let mut setup = Setup::<M, _, T>::start(bed.another(), Plan { config, ..Plan::default() });
        setup.bind(vm(1), 1);
        for (flag, to) in all {
            let expected = if accept.contains(flag) { vec![0] } else { vec![] };
            assert_eq!(setup.lands(&frame(to, 0, 60)), expected, "{to}, {accept:?}");
        }
        let own = setup.port.address();
        assert_eq!(setup.lands(&frame(own, 0, 60)), [0]);
        assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
        setup.finish();
    }
}

pub(crate) fn what_is_accepted_changes_at_run_time<M: LiveAccept + Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    for accept in [Accept::empty(), Accept::MULTICAST, Accept::all(), Accept::BROADCAST, Accept::PROMISCUOUS]
    {
        setup.port.set_accept(accept).expect("the model can");
        assert_eq!(setup.port.config().accept, accept);
        for (flag, to) in [
            (Accept::BROADCAST, MacAddress::BROADCAST),
            (Accept::MULTICAST, GROUP),
            (Accept::PROMISCUOUS, STRANGER),
        ] {
            let expected = if accept.contains(flag) { vec![0] } else { vec![] };
            assert_eq!(setup.lands(&frame(to, 0, 60)), expected, "{to}, {accept:?}");
        }
        assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    }
    setup.finish();
}

pub(crate) fn another_queue_becomes_the_default_one<M: DefaultPoolChoice + Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    for default in [5, 0, 1] {
        let pool = &setup.pairs[default].as_ref().expect("the queue runs").pool;
        setup.port.set_default(pool).expect("it is this port's pool");
        let own = setup.port.address();
        for to in [MacAddress::BROADCAST, GROUP, STRANGER, own] {
            assert_eq!(setup.lands(&frame(to, 0, 60)), [default], "{to}");
        }
        assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    }
    setup.finish();
}
