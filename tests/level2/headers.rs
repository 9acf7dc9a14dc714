//! The header of each frame: in the I/O container's memory, written by the device where it recognises
//! the frame, and what the machine says where it does not.

use vmdq::device::HeaderReplication;
use vmdq::group::{Group, Groups};
use vmdq::ring::FrameFlags;
use vmdq::switch::{Indication, Origin};
use vmdq::targeted::TargetedBurst;
use vmdq_sim::{InjectedFault, Sim, Testbed};

use crate::common::{Concrete, frame, matched, tagged, vm};
use crate::watch::{Event, Log, WatchedBus};
use crate::{Got, How, Hypervisor, Shape};

const IPV4: [u8; 2] = [8, 0];
const IPV6: [u8; 2] = [0x86, 0xdd];
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// A packet of IPv4; `fragment` is the offset.
fn ipv4(protocol: u8, fragment: u8, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = frame(vm(1), number, len);
    bytes[12..14].copy_from_slice(&IPV4);
    bytes[14] = 0x45;
    bytes[20..22].copy_from_slice(&[0, fragment]);
    bytes[23] = protocol;
    bytes[46] = 0x50;
    bytes
}

/// A packet of IPv6.
fn ipv6(protocol: u8, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = frame(vm(1), number, len);
    bytes[12..14].copy_from_slice(&IPV6);
    bytes[14] = 0x60;
    bytes[20] = protocol;
    bytes[66] = 0x50;
    bytes
}

/// Frames to machine 0, and whether the models' parser understands them to the end of a header.
fn traffic() -> [(Vec<u8>, bool); 14] {
    [
        (ipv4(UDP, 0, 0, 60), true),
        (ipv4(UDP, 0, 0, 1514), true),
        (ipv4(TCP, 0, 1, 60), true),
        (ipv4(TCP, 0, 1, 1000), true),
        // A fragment; and a packet of which no more than IP is understood.
        (ipv4(TCP, 3, 2, 300), true),
        (ipv4(ICMP, 0, 3, 300), false),
        (ipv6(UDP, 4, 90), true),
        (ipv6(TCP, 5, 90), true),
        (ipv6(ICMP6, 6, 90), false),
        (frame(vm(1), 7, 60), true),
        (frame(vm(1), 8, 1514), true),
        (tagged(vm(1), 0x6005, 9, 64), true),
        (tagged(vm(1), 0x6005, 10, 1518), true),
        // The TCP header would end behind the frame.
        (ipv6(TCP, 11, 70), false),
    ]
}

/// Sends the traffic frame by frame; returns what machine 0 got.
fn received<M: HeaderReplication + Concrete>(bed: Sim, how: How) -> Vec<Got> {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { how, ..Shape::default() });
    let all = Vec::from_iter(traffic().into_iter().map(|(sent, _)| {
        let mut got = hypervisor.get(1, &[sent]);
        assert_eq!(got.len(), 1);
        got.remove(0)
    }));
    assert_eq!(hypervisor.pair(1).rx.counters(), vmdq::ring::RxCounters::default());
    hypervisor.finish();
    all
}

pub(crate) fn the_header_is_in_the_io_containers_memory<M: HeaderReplication + Concrete>(bed: Sim) {
    for bytes in [64, 128, M::default().largest_header().expect("the model can")] {
        let got = received::<M>(Sim::new(bed.kind()), How::Hardware(bytes));
        for ((sent, _), got) in traffic().into_iter().zip(got) {
            let stored = sent.len().min(bytes.into());
            assert_eq!(got.bytes, sent);
            assert_eq!(got.header, sent[..stored], "what fits, however long the header is");
            assert_eq!((got.tag, got.flags), (None, FrameFlags::empty()), "tags stay in the frames");
        }
    }
}

pub(crate) fn what_the_device_recognises_is_replicated<M: HeaderReplication + Concrete>(bed: Sim) {
    let got = received::<M>(bed, How::Hardware(128));
    let replicated = got.iter().map(|got| got.replicated);
    assert!(replicated.eq(traffic().into_iter().map(|(_, recognised)| recognised)));
}

pub(crate) fn without_replication_the_same_frames_arrive<M: HeaderReplication + Concrete>(bed: Sim) {
    let kind = bed.kind();
    let hardware = received::<M>(bed, How::Hardware(64));
    let failing = received::<M>(Sim::new(kind).without_replication(), How::Hardware(64));
    let software = received::<M>(Sim::new(kind), How::Software);
    assert!(hardware.iter().any(|got| got.replicated));
    assert!(failing.iter().chain(&software).all(|got| !got.replicated));
    let all = |got: Vec<Got>| Vec::from_iter(got.into_iter().map(|got| Got { replicated: false, ..got }));
    // Ids, ranges, lengths, bytes in the machine, headers, tags and flags.
    let hardware = all(hardware);
    assert_eq!(hardware, all(failing));
    assert_eq!(hardware, all(software));
}

pub(crate) fn the_device_does_it_alone<M: HeaderReplication + Concrete>(bed: Sim) {
    let recognised = Vec::from_iter(traffic().into_iter().filter_map(|(sent, known)| known.then_some(sent)));
    let mut hypervisor =
        Hypervisor::<M>::start(Sim::new(bed.kind()), Shape { shared: 20, ..Shape::default() });
    assert_eq!(hypervisor.get(1, &recognised).len(), recognised.len());
    // The I/O container has not touched the machine's memory.
    let vm = hypervisor.machines[0].guest.vm();
    assert_eq!((hypervisor.guests.counters(vm).read, hypervisor.guests.counters(vm).written), (0, 0));
    hypervisor.finish();

    // Where software fetches headers, it reads the first bytes of each frame, once.
    let mut hypervisor =
        Hypervisor::<M>::start(bed, Shape { shared: 20, how: How::Software, ..Shape::default() });
    assert_eq!(hypervisor.get(1, &recognised).len(), recognised.len());
    let fetched = recognised.iter().map(|sent| sent.len().min(64) as u64).sum();
    assert_eq!((hypervisor.guests.counters(vm).read, hypervisor.guests.counters(vm).written), (fetched, 0));
    hypervisor.finish();
}

pub(crate) fn a_rewritten_frame_does_not_change_its_header<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    let guest = hypervisor.machines[0].guest.clone();
    let (known, unknown) = (ipv4(UDP, 0, 1, 300), ipv4(ICMP, 0, 2, 300));
    hypervisor.setup.inject(&[known.clone(), unknown]);
    // The machine is faster than the I/O container: all its buffers say something else by now.
    for id in 0..hypervisor.shape.shared {
        let (range, _) = hypervisor.pair(1).rx.shared(id).expect("it is shared");
        guest.write(range.at, &[0xee; 300]).expect("its own memory");
    }
    let got = hypervisor.pair(1).receive();
    assert!(got.iter().all(|got| got.bytes == [0xee; 300]), "the machine may spoil its own frames");
    // What the device replicated stands; what was fetched is what the machine says, and marked so.
    assert_eq!((&got[0].header[..], got[0].replicated), (&known[..64], true));
    assert_eq!((&got[1].header[..], got[1].replicated), (&[0xee; 64][..], false));
    hypervisor.finish();
}

pub(crate) fn a_removed_tag_comes_with_the_header<M: HeaderReplication + Concrete>(bed: Sim) {
    for how in [How::Hardware(64), How::Software] {
        let shape = Shape { strip_tags: true, how, ..Shape::default() };
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), shape);
        for (tag, len) in [(0, 64), (5, 300), (0x6005, 1518), (0xffff, 100)] {
            let plain = frame(vm(1), tag.into(), len - 4);
            let sent = [tagged(vm(1), tag, tag.into(), len), plain.clone()];
            let [with, without] = hypervisor.get(1, &sent).try_into().expect("both frames");
            assert_eq!((with.tag, with.flags), (Some(tag), FrameFlags::TAG_REMOVED));
            assert_eq!((without.tag, without.flags), (None, FrameFlags::empty()));
            for got in [with, without] {
                assert_eq!(got.bytes, plain);
                assert_eq!(got.header, plain[..plain.len().min(64)]);
            }
        }
        hypervisor.finish();
    }
}

pub(crate) fn an_error_comes_with_the_header<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.setup.bed.inject_fault(InjectedFault::AllErrors);
    let sent = [ipv4(UDP, 0, 0, 100), ipv4(UDP, 0, 1, 100)];
    let got = hypervisor.get(1, &sent);
    assert!(got.iter().map(|got| got.flags).eq([FrameFlags::ERROR, FrameFlags::empty()]));
    assert!(got.iter().map(|got| &got.bytes).eq(&sent));
    hypervisor.finish();
}

pub(crate) fn groups_end_where_tags_or_errors_change<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { strip_tags: true, ..Shape::default() });
    let tags = [Some(5), Some(5), None, None, Some(6), Some(5)];
    hypervisor.setup.inject(&tags.map(|tag| match tag {
        Some(tag) => tagged(vm(1), tag, 1, 104),
        None => frame(vm(1), 1, 100),
    }));
    hypervisor.setup.bed.inject_fault(InjectedFault::AllErrors);
    hypervisor.setup.inject(&[tagged(vm(1), 5, 1, 104), tagged(vm(1), 5, 1, 104)]);
    let pair = hypervisor.pair(1);
    let mut burst = TargetedBurst::<8>::new();
    assert_eq!(pair.rx.receive(&mut burst), 8);
    let groups = Groups::new(&mut burst, matched());
    let group = |Group { indication: Indication { tag, error, .. }, frames }| (tag, error, frames.len());
    let groups = Vec::from_iter(groups.map(group));
    let one = |tag, len| (tag, false, len);
    let errors = [(Some(5), true, 1), one(Some(5), 1)];
    assert_eq!(
        groups,
        [&[one(Some(5), 2), one(None, 2), one(Some(6), 1), one(Some(5), 1)][..], &errors].concat()
    );
    burst.drain(..).for_each(|frame| pair.headers.put(frame.header).expect("room in the pool"));
    hypervisor.finish();
}

pub(crate) fn a_header_out_of_the_machine_is_indicated_as_its_own<M: HeaderReplication + Concrete>(bed: Sim) {
    let from = matched();
    let Origin::Matched { uplink, to } = from else { panic!("{from:?}") };
    for (how, expected) in [(How::Hardware(64), from), (How::Software, Origin::Targeted { uplink, to })] {
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), Shape { how, ..Shape::default() });
        hypervisor.setup.inject(&[ipv4(UDP, 0, 0, 100), ipv4(UDP, 0, 1, 100)]);
        let pair = hypervisor.pair(1);
        let mut burst = TargetedBurst::<8>::new();
        pair.rx.receive(&mut burst);
        let groups = Groups::new(&mut burst, from).map(|group| (group.indication.from, group.frames.len()));
        assert_eq!(groups.collect::<Vec<_>>(), [(expected, 2)]);
        burst.drain(..).for_each(|frame| pair.headers.put(frame.header).expect("room in the pool"));
        hypervisor.finish();
    }
}

pub(crate) fn frames_cost_no_register_read<M: HeaderReplication + Concrete>(bed: Sim) {
    for how in [How::Hardware(64), How::Software] {
        let (bed, log) = (Sim::new(bed.kind()), Log::default());
        let machine = bed.platform_over(WatchedBus::new(bed.bus(), log.clone()));
        let mut hypervisor =
            Hypervisor::<M, _>::start_on(bed, machine, Shape { how, shared: 24, ..Shape::default() });
        for round in 0..10 {
            hypervisor.setup.inject(&Vec::from_iter((0..5).map(|i| ipv4(UDP, 0, i, 60 + round))));
            log.take();
            assert_eq!(hypervisor.pair(1).receive().len(), 5);
            let log = log.take();
            assert!(log.is_empty() || log == [Event::Write], "no more than the tail, once: {log:?}");
        }
        hypervisor.finish();
    }
}
