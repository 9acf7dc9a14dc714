//! Neither the device nor the machine is trusted: what either does costs the machine frames, and no byte
//! of another's memory.

use embedded_hal::delay::DelayNs;
use vmdq::device::HeaderReplication;
use vmdq::ring::{FrameFlags, RxCounters};
use vmdq::targeted::{GiveBackError, ShareError, UnshareError};
use vmdq::vmm::{GuestMemory, GuestRange, NotOwned};
use vmdq_sim::{InjectedFault, ModelDrops, Sim, Testbed};

use crate::common::{Concrete, frame, number, tagged, vm};
use crate::targeted_queue::IDS;
use crate::{Got, How, Hypervisor, Shape};

/// Numbered frames to machine 0.
fn run(count: u32) -> Vec<Vec<u8>> {
    Vec::from_iter((0..count).map(|i| frame(vm(1), i, 100)))
}

fn numbers(got: &[Got]) -> Vec<u32> {
    got.iter().map(|got| number(&got.bytes)).collect()
}

/// Starts three machines of which the first has a queue with 8 buffers.
fn start<M: HeaderReplication + Concrete>(bed: Sim) -> Hypervisor<M> {
    Hypervisor::start(bed, Shape { machines: 3, ..Shape::default() })
}

pub(crate) fn any_length_may_be_claimed<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    for claimed in
        [0, 1, 13, 14, 60, 63, 64, 1514, 1515, 1518, 1519, 2047, 2048, 2049, 0x3fff, 0x8000, 0xffff]
    {
        let before = hypervisor.pair(1).rx.counters();
        hypervisor.setup.bed.inject_fault(InjectedFault::ClaimLength(claimed));
        let got = hypervisor.get(1, &run(2));
        let after = hypervisor.pair(1).rx.counters();
        // The frame behind the lie is not harmed.
        assert_eq!(numbers(&got[got.len() - 1..]), [1]);
        let lengths = Vec::from_iter(got.iter().map(|got| got.bytes.len()));
        assert!(got.iter().all(|got| got.header.len() == got.bytes.len().min(64)));
        let counted = (after.too_long - before.too_long, after.malformed - before.malformed);
        match claimed {
            0..=13 => assert_eq!((lengths, counted), (vec![100], (0, 1)), "{claimed}"),
            14..=1514 => assert_eq!((lengths, counted), (vec![claimed.into(), 100], (0, 0))),
            1515..=2048 => assert_eq!((lengths, counted), (vec![100], (1, 0)), "{claimed}"),
            _ => assert_eq!((lengths, counted), (vec![100], (0, 1)), "{claimed}"),
        }
        // The buffer of the lie is posted again.
        assert_eq!((hypervisor.pair(1).rx.posted(), hypervisor.pair(1).rx.held()), (8, 0));
        hypervisor.see_no_stray();
    }
    hypervisor.finish();
}

pub(crate) fn a_header_of_any_length_may_be_claimed<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    for header in [0, 1, 63, 64, 65, 960, 1023, 0xffff] {
        hypervisor.setup.bed.inject_fault(InjectedFault::ClaimHeader(header));
        let sent = run(1);
        let got = hypervisor.get(1, &sent);
        assert_eq!(got.len(), 1, "{header}");
        assert_eq!((&got[0].bytes, &got[0].header[..]), (&sent[0], &sent[0][..64]), "{header}");
    }
    hypervisor.finish();
}

/// A device that claims headers although it was asked for none is not believed.
pub(crate) fn a_header_that_was_not_asked_for_is_not_believed<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { how: How::Software, ..Shape::default() });
    hypervisor.setup.bed.inject_fault(InjectedFault::ClaimHeader(64));
    let sent = run(1);
    let got = hypervisor.get(1, &sent);
    assert_eq!((&got[0].bytes, &got[0].header[..]), (&sent[0], &sent[0][..64]));
    assert!(!got[0].replicated);
    hypervisor.finish();
}

pub(crate) fn a_frame_without_end_costs_itself_and_the_next<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    for round in 1..=3 {
        hypervisor.setup.bed.inject_fault(InjectedFault::NoEndOfPacket);
        let got = hypervisor.get(1, &run(5));
        assert_eq!(numbers(&got), [2, 3, 4]);
        assert_eq!(hypervisor.pair(1).rx.counters().malformed, round);
        assert_eq!(hypervisor.pair(1).rx.posted(), 8);
    }
    hypervisor.finish();
}

pub(crate) fn a_done_bit_without_a_frame_costs_frames<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    // The model lies about the first queue that has buffers.
    hypervisor.setup.stop(0);
    let mut lost = 0;
    for round in 0..8_u64 {
        hypervisor.setup.bed.inject_fault(InjectedFault::SpuriousDone);
        if round % 2 == 1 {
            // The model's choice goes by its clock: the next descriptor, and no frame comes over it.
            while !hypervisor.setup.bed.now().is_multiple_of(8) {
                hypervisor.setup.delay.delay_ns(1);
            }
            assert_eq!(hypervisor.get(1, &[]), []);
            assert_eq!(hypervisor.pair(1).rx.counters().malformed, round.div_ceil(2));
        }
        // Enough to come by the descriptor wherever in the ring it is.
        for _ in 0..4 {
            let got = hypervisor.get(1, &run(4));
            // The device spoilt a descriptor of its own: it may also report a frame that is nowhere.
            let good = got.iter().filter(|got| got.bytes == run(4)[number(&got.bytes) as usize % 4]).count();
            assert!(got.len() <= 4 && got.iter().all(|got| got.bytes.len() == 100), "round {round}");
            lost += 4 - good;
            // Nothing is posted twice, and nothing is forgotten.
            assert_eq!((hypervisor.pair(1).rx.posted(), hypervisor.pair(1).rx.delivered()), (8, 0));
            hypervisor.see_no_stray();
        }
    }
    assert!((1..=24).contains(&lost), "{lost} frames for 8 lies");
    hypervisor.finish_after_lies();
}

pub(crate) fn lies_in_a_row_leave_the_ring_sound<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    hypervisor.setup.stop(0);
    let lies = [
        InjectedFault::ClaimLength(0xffff),
        InjectedFault::NoEndOfPacket,
        InjectedFault::ClaimHeader(1023),
        InjectedFault::AllErrors,
        InjectedFault::NoEndOfPacket,
        InjectedFault::ClaimLength(2049),
        InjectedFault::SpuriousDone,
        InjectedFault::ClaimLength(0),
    ];
    for round in 0..80 {
        hypervisor.setup.bed.inject_fault(lies[round % lies.len()]);
        hypervisor.setup.bed.inject_fault(lies[(3 * round + 1) % lies.len()]);
        let got = hypervisor.get(1, &run(5));
        assert!(got.iter().all(|got| got.bytes.len() <= 1514 && got.header.len() <= 64));
        let pair = hypervisor.pair(1);
        assert_eq!((pair.rx.posted(), pair.rx.held(), pair.rx.delivered()), (8, 0, 0));
        hypervisor.see_no_stray();
    }
    // And an honest device is served again.
    hypervisor.setup.bed.clear_faults();
    for _ in 0..8 {
        hypervisor.get(1, &run(5));
    }
    assert_eq!(numbers(&hypervisor.get(1, &run(5))), [0, 1, 2, 3, 4]);
    hypervisor.finish_after_lies();
}

/// Every fault at the expense of one machine: the others get all of theirs, and every loss is counted.
pub(crate) fn lies_about_one_machines_frames_cost_no_other<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    let lies = [
        InjectedFault::ClaimLength(0xffff),
        InjectedFault::ClaimLength(3),
        InjectedFault::ClaimLength(1600),
        InjectedFault::ClaimHeader(900),
        InjectedFault::NoEndOfPacket,
        InjectedFault::AllErrors,
    ];
    for lie in lies {
        hypervisor.setup.bed.inject_fault(lie);
        // The first frame takes the fault: it is machine 0's.
        hypervisor.setup.inject(&[run(3), vec![frame(vm(2), 7, 60), frame(vm(3), 8, 1514)]].concat());
        for (queue, expected) in [(2, 7), (3, 8)] {
            let got = hypervisor.pair(queue).receive();
            assert_eq!((numbers(&got), got[0].flags), (vec![expected], FrameFlags::empty()), "{lie:?}");
            assert_eq!(hypervisor.pair(queue).rx.counters(), RxCounters::default());
        }
        let before = hypervisor.pair(1).rx.counters();
        let got = hypervisor.pair(1).receive();
        let after = hypervisor.pair(1).rx.counters();
        let counted = after.malformed + after.too_long - before.malformed - before.too_long;
        // A frame without end takes the next one along.
        let lost = 3 - got.len() as u64;
        assert_eq!(lost, if lie == InjectedFault::NoEndOfPacket { 2 } else { counted }, "{lie:?}");
        hypervisor.see_no_stray();
    }
    assert_eq!(hypervisor.setup.bed.drops(), ModelDrops::default());
    hypervisor.finish();
}

/// A machine whose memory is gone while its queue runs.
pub(crate) fn a_dead_machine_costs_only_itself<M: HeaderReplication + Concrete>(bed: Sim) {
    for how in [How::Hardware(64), How::Software] {
        let shape = Shape { how, machines: 2, ..Shape::default() };
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), shape);
        let guests = hypervisor.guests.clone();
        let dead = hypervisor.machines[0].guest.clone();
        hypervisor.setup.inject(&run(2));
        assert_eq!(hypervisor.pair(1).take().len(), 2);
        hypervisor.setup.inject(&run(2));
        // All its pages go; what is mapped stays pinned, since a controller can write it.
        dead.release(dead.memory());
        assert_eq!(guests.read(dead.vm(), dead.memory().at, &mut [0; 1]), Err(NotOwned));
        hypervisor.setup.inject(&run(2));
        let got = hypervisor.pair(1).take();
        assert_eq!(got.len(), 4, "delivery goes on");
        for got in &got {
            let replicated = how != How::Software;
            assert_eq!(got.replicated, replicated);
            // Headers in memory of the I/O container stand; others can't be fetched any more.
            assert_eq!(got.header.len(), if replicated { 64 } else { 0 });
        }
        // It shares nothing more, and gets no copy.
        let pair = hypervisor.pair(1);
        let range = dead.memory();
        let refused = ShareError::NotOwned;
        let fresh = GuestRange { at: range.at + u64::from(range.len) - 4096, len: 2048 };
        assert_eq!(pair.rx.share(IDS - 1, fresh), Err(refused));
        pair.rx.give_back(got[0].id).expect("the ring knows no better");
        let (_, held) = pair.rx.take_held().expect("one was returned");
        assert_eq!(guests.write(pair.rx.vm(), held.at, b"copy"), Err(NotOwned));
        // The other machine is not concerned.
        let sent = [frame(vm(2), 5, 60), frame(vm(2), 6, 1514)];
        assert!(hypervisor.get(2, &sent).iter().map(|got| &got.bytes).eq(&sent));
        // The hypervisor stops the queue before it lets the machine go.
        hypervisor.unbind(1);
        hypervisor.stop(1);
        guests.remove(dead.vm());
        hypervisor.finish();
    }
}

/// A machine that rewrites all of its memory all the time.
pub(crate) fn a_machine_that_rewrites_its_buffers_costs_only_itself<M: HeaderReplication + Concrete>(
    bed: Sim,
) {
    for how in [How::Hardware(64), How::Software] {
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), Shape { how, ..Shape::default() });
        let hostile = hypervisor.machines[0].guest.clone();
        let shared = Vec::from_iter((0..8).filter_map(|id| hypervisor.pair(1).rx.shared(id)));
        for round in 0..20 {
            let sent = [run(2), vec![frame(vm(2), round, 60), frame(vm(2), 100, 1514)]].concat();
            hypervisor.setup.inject(&sent);
            // Another machine's address, broadcast, a tag, nothing but ones.
            let lies = [frame(vm(2), 9, 60), vec![0xff; 60], tagged(vm(1), 9, 9, 60)];
            let lie = &lies[round as usize % 3];
            for (range, _) in &shared {
                hostile.write(range.at, lie).expect("its own memory");
            }
            let got = hypervisor.pair(1).receive();
            assert_eq!(got.len(), 2);
            for got in got {
                // The decision of the switch rests on what the device wrote, if it did.
                let header = if how == How::Software { lie.clone() } else { frame(vm(1), 0, 60) };
                assert_eq!(got.header[..14], header[..14]);
            }
            let got = hypervisor.pair(2).receive();
            assert!(got.iter().map(|got| &got.bytes).eq(&sent[2..]));
            hypervisor.see_no_stray();
        }
        assert_eq!(hypervisor.pair(1).rx.counters(), RxCounters::default());
        hypervisor.finish();
    }
}

/// Every id that a machine could name, whether it has the buffer or not.
pub(crate) fn wrong_ids_change_nothing<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = start::<M>(bed);
    hypervisor.setup.inject(&run(3));
    let delivered = Vec::from_iter(hypervisor.pair(1).take().iter().map(|got| got.id));
    let pair = hypervisor.pair(1);
    for id in (0..=u16::MAX).filter(|id| !delivered.contains(id)) {
        assert_eq!(pair.rx.give_back(id), Err(GiveBackError));
        let refused = if id < 8 { UnshareError::Posted } else { UnshareError::NotShared };
        assert_eq!(pair.rx.unshare(id), Err(refused));
    }
    assert_eq!((pair.rx.held(), pair.rx.posted(), pair.rx.delivered()), (0, 5, 3));
    assert_eq!(hypervisor.get(1, &run(5)).len(), 5);
    assert_eq!(hypervisor.setup.bed.violations(), []);
    hypervisor.finish();
}
