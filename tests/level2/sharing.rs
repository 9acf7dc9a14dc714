//! What a machine shares: what is refused reaches no descriptor, and what is shared is one buffer in one
//! place at a time.

use vmdq::device::HeaderReplication;
use vmdq::targeted::{GiveBackError, ShareError, ShareState, UnshareError};
use vmdq::vmm::{GuestMemory, GuestRange, Vmm};
use vmdq_sim::{Rule, Sim, Testbed};

use crate::common::{Concrete, SimMachine, frame, number, numbers, vm};
use crate::targeted_queue::{BUFFER, IDS};
use crate::watch::Event;
use crate::{Got, Hypervisor, Shape, Targeted};

pub(crate) fn what_is_refused_reaches_no_descriptor<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let guests = hypervisor.guests.clone();
    let (mine, other) = (hypervisor.machines[0].guest.clone(), hypervisor.machines[1].guest.clone());
    let _ = mine.alloc(4096, 4096).expect("memory");
    let good = mine.alloc(BUFFER, 4096).expect("memory");
    let theirs = other.alloc(BUFFER, 4096).expect("memory");
    let memory = mine.memory();
    let end = memory.end().expect("it ends");
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    let of = |at: u64, len: u32| GuestRange { at, len };
    let share = |pair: &mut Targeted<M, SimMachine>, id, range| pair.rx.share(id, range);

    assert_eq!(share(pair, 3, good), Ok(()));
    let gone = mine.alloc(4096, 4096).expect("memory");
    mine.release(gone);
    let refused = [
        (IDS, good, ShareError::NoSuchId { ids: IDS }),
        (u16::MAX, good, ShareError::NoSuchId { ids: IDS }),
        // An id twice, with the same buffer and with another.
        (3, good, ShareError::IdInUse),
        (3, of(good.at + 8192, BUFFER), ShareError::IdInUse),
        (4, of(good.at + 8192, 0), ShareError::TooShort { least: BUFFER }),
        (4, of(good.at + 8192, BUFFER - 1), ShareError::TooShort { least: BUFFER }),
        (4, of(good.at + 8193, BUFFER), ShareError::NotAligned),
        (4, of(good.at + 8192 + 32, BUFFER), ShareError::NotAligned),
        // The same buffer, and one that has one line of it at either end.
        (4, good, ShareError::Overlaps),
        (4, of(good.at + u64::from(BUFFER) - 64, BUFFER), ShareError::Overlaps),
        (4, of(good.at - u64::from(BUFFER) + 64, BUFFER), ShareError::Overlaps),
        (4, of(good.at - 64, BUFFER + 128), ShareError::Overlaps),
        // Another machine's; of no machine; beyond the end by one line; across what was given up.
        (4, theirs, ShareError::NotOwned),
        (4, of(0, BUFFER), ShareError::NotOwned),
        (4, of(end - u64::from(BUFFER) + 64, BUFFER), ShareError::NotOwned),
        (4, of(memory.at - 64, BUFFER), ShareError::NotOwned),
        (4, of(gone.at, BUFFER), ShareError::NotOwned),
        (4, of(gone.at - 1024, BUFFER), ShareError::NotOwned),
        // Around the end of the address space.
        (4, of(u64::MAX - 63, BUFFER), ShareError::NotOwned),
        (4, of(u64::MAX - 63, u32::MAX), ShareError::NotOwned),
        (4, of(memory.at, u32::MAX), ShareError::Overlaps),
    ];
    for (id, range, error) in refused {
        assert_eq!(share(pair, id, range), Err(error), "{id}: {range:?}");
    }
    hypervisor.vmm.log.take();
    for askew in [None, Some(1), Some(32)] {
        hypervisor.vmm.set_askew(askew);
        let range = of(good.at + 8192, BUFFER);
        assert_eq!(pair.rx.share(4, range), Err(ShareError::NotMapped), "{askew:?}");
    }
    hypervisor.vmm.set_askew(Some(0));
    // What was mapped to no use is unmapped again.
    let log = hypervisor.vmm.log.take();
    assert!(
        matches!(log[..], [Event::Map(..), Event::Unmap(..), Event::Map(..), Event::Unmap(..)]),
        "{log:?}"
    );
    // One is mapped, and one is posted: the next frames find that buffer and then none.
    assert_eq!(guests.counters(mine.vm()).mapped, 1);
    assert_eq!(guests.counters(other.vm()).mapped, 0);
    assert_eq!((pair.rx.held(), pair.rx.shared(4)), (1, None));
    assert_eq!(pair.rx.refill(&mut pair.headers), 1);
    let sent = Vec::from_iter((0..5).map(|i| frame(vm(1), i, 1514)));
    let got = hypervisor.get(1, &sent);
    assert!(got.iter().map(|got| (got.id, &got.bytes)).eq([(3, &sent[0])]));
    hypervisor.finish();
}

pub(crate) fn a_free_id_is_used_again<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let guests = hypervisor.guests.clone();
    let mine = hypervisor.machines[0].guest.clone();
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    let [a, b] = [0, 1].map(|_| mine.alloc(BUFFER, 64).expect("memory"));
    assert_eq!(a.end(), Some(b.at), "neighbours don't overlap");
    for _ in 0..3 {
        pair.rx.share(0, a).expect("it is free");
        pair.rx.share(IDS - 1, b).expect("it is free");
        assert_eq!(pair.rx.shared(0), Some((a, ShareState::Held)));
        assert_eq!(pair.rx.unshare(0), Ok(()));
        assert_eq!(pair.rx.unshare(0), Err(UnshareError::NotShared));
        // The other buffer under the first one's id.
        assert_eq!(pair.rx.share(0, b), Err(ShareError::Overlaps));
        assert_eq!(pair.rx.unshare(IDS - 1), Ok(()));
        assert_eq!(pair.rx.share(0, b), Ok(()));
        assert_eq!(pair.rx.unshare(0), Ok(()));
        assert_eq!((pair.rx.held(), guests.counters(mine.vm()).mapped), (0, 0));
    }
    hypervisor.finish();
}

pub(crate) fn buffers_go_round<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let guests = hypervisor.guests.clone();
    let mine = hypervisor.machines[0].guest.vm();
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    let counts = |pair: &Targeted<M, SimMachine>| (pair.rx.held(), pair.rx.posted(), pair.rx.delivered());
    pair.share(0, 4);
    assert_eq!((counts(pair), pair.rx.missing()), ((0, 4, 0), 59));
    // Posted: neither the machine's to return, nor anybody's to unmap.
    for id in 0..4 {
        assert_eq!(pair.rx.unshare(id), Err(UnshareError::Posted));
        assert_eq!(pair.rx.give_back(id), Err(GiveBackError));
    }
    for id in [4, IDS, u16::MAX] {
        assert_eq!(pair.rx.unshare(id), Err(UnshareError::NotShared));
        assert_eq!(pair.rx.give_back(id), Err(GiveBackError));
    }
    hypervisor.setup.inject(&Vec::from_iter((0..3).map(|i| frame(vm(1), i, 60))));
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    let got = pair.take();
    assert_eq!((got.len(), counts(pair)), (3, (0, 1, 3)));
    // Returned once, and no more.
    assert_eq!(pair.rx.give_back(got[0].id), Ok(()));
    assert_eq!(pair.rx.give_back(got[0].id), Err(GiveBackError));
    assert_eq!(counts(pair), (1, 1, 2));
    // Relinquished while held, and while delivered.
    assert_eq!(pair.rx.unshare(got[0].id), Ok(()));
    assert_eq!(pair.rx.unshare(got[1].id), Ok(()));
    assert_eq!(pair.rx.give_back(got[1].id), Err(GiveBackError));
    assert_eq!((counts(pair), guests.counters(mine).mapped), ((0, 1, 1), 2));
    assert_eq!(pair.rx.refill(&mut pair.headers), 0);
    assert_eq!(pair.rx.give_back(got[2].id), Ok(()));
    assert_eq!(pair.rx.refill(&mut pair.headers), 1);
    assert_eq!(counts(pair), (0, 2, 0));
    // Two frames and no more: what was relinquished is not written.
    let spoiled = hypervisor.machines[0].guest.clone();
    for got in &got[..2] {
        spoiled.write(got.range.at, &[0xa5; BUFFER as usize]).expect("its own memory");
    }
    let mut written = Vec::new();
    for i in 3..9 {
        hypervisor.setup.inject(&[frame(vm(1), i, 60)]);
        written.extend(hypervisor.pair(1).take().into_iter().map(|got| (got.id, number(&got.bytes))));
    }
    written.sort_unstable_by_key(|(_, number)| *number);
    let left = (0..4).find(|id| got.iter().all(|got| got.id != *id)).expect("the fourth");
    assert_eq!(written, [(left, 3), (got[2].id, 4)]);
    hypervisor.finish();
}

/// Relinquishes held buffers from the middle of the list, the front and the end.
pub(crate) fn any_held_buffer_can_be_relinquished<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    pair.rx.set_reserve(usize::MAX);
    pair.share(0, 9);
    assert_eq!((pair.rx.held(), pair.rx.posted()), (9, 0));
    for id in [4, 8, 0, 7, 1] {
        assert_eq!(pair.rx.unshare(id), Ok(()));
    }
    pair.rx.set_reserve(0);
    assert_eq!(pair.rx.refill(&mut pair.headers), 4);
    let got = hypervisor.get(1, &Vec::from_iter((0..9).map(|i| frame(vm(1), i, 60))));
    let mut ids = Vec::from_iter(got.iter().map(|got| got.id));
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 5, 6]);
    hypervisor.finish();
}

pub(crate) fn a_reserve_is_left_for_copies<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let guests = hypervisor.guests.clone();
    let pair = hypervisor.pairs.get_mut(&1).expect("the queue runs");
    pair.rx.set_reserve(2);
    pair.share(0, 6);
    assert_eq!((pair.rx.posted(), pair.rx.held()), (4, 2));
    let taken = [0, 1].map(|_| pair.rx.take_held().expect("the reserve"));
    assert_eq!((pair.rx.take_held(), pair.rx.delivered()), (None, 2));
    assert_ne!(taken[0].0, taken[1].0);
    for (id, range) in taken {
        assert_eq!(pair.rx.shared(id), Some((range, ShareState::Delivered)));
        guests.write(pair.rx.vm(), range.at, b"copied").expect("the machine's memory");
    }
    // Whatever arrives, the copies stay.
    let got = hypervisor.get(1, &Vec::from_iter((0..6).map(|i| frame(vm(1), i, 60))));
    assert_eq!(got.len(), 4);
    for (id, range) in taken {
        let mut bytes = [0; 6];
        guests.read(hypervisor.pair(1).rx.vm(), range.at, &mut bytes).expect("the machine's memory");
        assert_eq!(&bytes, b"copied");
        assert_eq!(hypervisor.pair(1).rx.give_back(id), Ok(()));
    }
    // Two were left held when the four came back, and are again with these two.
    let pair = hypervisor.pair(1);
    pair.rx.refill(&mut pair.headers);
    assert_eq!((pair.rx.posted(), pair.rx.held()), (4, 2));
    hypervisor.finish();
}

pub(crate) fn no_header_buffer_no_frame<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let pair = hypervisor.pair(1);
    // The I/O container's own buffers are all elsewhere but two.
    let mut away = Vec::from_iter(std::iter::from_fn(|| pair.headers.take()));
    let two = away.split_off(away.len() - 2);
    two.into_iter().for_each(|frame| pair.headers.put(frame).expect("room in the pool"));
    pair.share(0, 8);
    assert_eq!((pair.rx.posted(), pair.rx.held(), pair.headers.len()), (2, 6, 0));
    away.into_iter().for_each(|frame| pair.headers.put(frame).expect("room in the pool"));
    assert_eq!((pair.rx.refill(&mut pair.headers), pair.rx.held()), (6, 0));
    hypervisor.finish();
}

pub(crate) fn a_machine_that_shares_too_little_costs_only_itself<M: HeaderReplication + Concrete>(bed: Sim) {
    for shared in [0, 1, 3] {
        let shape = Shape { shared: 0, machines: 3, ..Shape::default() };
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), shape);
        hypervisor.pair(1).share(0, shared);
        hypervisor.pair(2).share(0, 20);
        hypervisor.pair(3).share(0, 20);
        let mut sent = Vec::new();
        for i in 0..10 {
            sent.extend([frame(vm(1), i, 60), frame(vm(2), i, 60), frame(vm(3), i, 60)]);
        }
        hypervisor.setup.inject(&sent);
        let numbers = |all: Vec<Got>| numbers(&Vec::from_iter(all.into_iter().map(|got| got.bytes)));
        // The others get all of theirs, in order.
        assert_eq!(numbers(hypervisor.pair(2).receive()), Vec::from_iter(0..10));
        assert_eq!(numbers(hypervisor.pair(3).receive()), Vec::from_iter(0..10));
        assert_eq!(numbers(hypervisor.pair(1).receive()), Vec::from_iter(0..u32::from(shared)));
        let lost = 10 - u64::from(shared);
        assert_eq!(hypervisor.setup.bed.drops().no_descriptor, lost);
        assert_eq!(hypervisor.setup.port.statistics().no_descriptor, lost, "and the driver can tell");
        // With more buffers it goes on.
        hypervisor.pair(1).share(shared, 10);
        hypervisor.setup.inject(&Vec::from_iter((0..8).map(|i| frame(vm(1), i, 60))));
        assert_eq!(hypervisor.pair(1).receive().len(), 8);
        hypervisor.finish();
    }
}

/// The ring is shorter than the list of buffers, and ends in its middle again and again.
pub(crate) fn order_holds_over_many_rounds<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor =
        Hypervisor::<M>::start(bed, Shape { descriptors: 8, shared: 12, ..Shape::default() });
    assert_eq!((hypervisor.pair(1).rx.posted(), hypervisor.pair(1).rx.held()), (7, 5));
    for round in 0..20 {
        let sent = Vec::from_iter((0..5).map(|i| frame(vm(1), 5 * round + i, 60 + 5 * round as usize)));
        let got = hypervisor.get(1, &sent);
        assert!(got.iter().map(|got| &got.bytes).eq(&sent), "round {round}");
        let pair = hypervisor.pair(1);
        assert_eq!((pair.rx.posted(), pair.rx.held(), pair.rx.delivered()), (7, 5, 0));
    }
    hypervisor.finish();
}

/// What the other checks rest on: the model catches a hypervisor that unmaps too early.
pub(crate) fn the_model_sees_who_unmaps_too_early<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { shared: 0, ..Shape::default() });
    let vmm = hypervisor.vmm.clone();
    vmm.log.take();
    hypervisor.pair(1).share(0, 2);
    let [Event::Map(_, _), Event::Map(range, bus)] = vmm.log.take()[..] else { panic!("two were shared") };
    assert_eq!(hypervisor.setup.bed.violations(), []);
    let dma = hypervisor.setup.bed.dma();
    // SAFETY: none: the model is to see it, and stands between the device and the memory.
    unsafe { vmm.unmap(hypervisor.pair(1).rx.vm(), range, bus, &dma) };
    assert!(hypervisor.setup.bed.violations().iter().any(|found| found.rule == Rule::MemoryInUse));
    // The device's write to it is no longer granted: the machine does not get the frame.
    hypervisor.setup.bed.forget_violations();
    hypervisor.setup.inject(&[frame(vm(1), 0, 60), frame(vm(1), 1, 60)]);
    assert_eq!(
        hypervisor.setup.bed.violations().iter().filter(|f| f.rule == Rule::DmaOutsideGrant).count(),
        1
    );
}
