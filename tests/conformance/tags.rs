//! Removal of tags: a tagged frame arrives without its tag and with the tag beside it, no matter what led it
//! to its queue.

use vmdq::device::{DefaultPoolChoice, LiveAccept};
use vmdq::group::Groups;
use vmdq::ring::FrameFlags;
use vmdq::{Accept, Config, MacAddress, Platform};
use vmdq_sim::Cut;

use crate::bed::Bed;
use crate::common::{Concrete, GROUP, Plan, STRANGER, Setup, frame, matched, tagged, vm};

/// Priority, drop eligibility and VLAN id, in all mixtures of none and all.
const TAGS: [u16; 8] = [0, 5, 0x0fff, 0x1000, 0x6005, 0xe000, 0xefff, 0xffff];

fn stripping(accept: Accept) -> Plan {
    Plan { config: Config { accept, strip_tags: true, ..Config::default() }, ..Plan::default() }
}

/// The frame with another type of tag: that of a provider's bridge.
fn provider(mut frame: Vec<u8>) -> Vec<u8> {
    frame[12..14].copy_from_slice(&[0x88, 0xa8]);
    frame
}

/// Takes what has been received: queue, tag and bytes.
fn receive<M: Concrete, P: Platform, T: Bed<Dma = P::Dma>>(
    setup: &mut Setup<M, P, T>,
) -> Vec<(usize, Option<u16>, Vec<u8>)> {
    let mut all = Vec::new();
    for (queue, pair) in setup.pairs.iter_mut().enumerate() {
        let Some(pair) = pair else { continue };
        for frame in pair.take() {
            assert_eq!(frame.flags().contains(FrameFlags::TAG_REMOVED), frame.tag().is_some());
            all.push((queue, frame.tag(), frame.bytes().to_vec()));
            pair.buffers.put(frame).expect("room in the pool");
        }
        pair.rx.refill(&mut pair.buffers);
    }
    all
}

/// Puts a frame on the wire and tells where and with which tag it arrives, as `bytes`.
fn arrives<M: Concrete, P: Platform, T: Bed<Dma = P::Dma>>(
    setup: &mut Setup<M, P, T>,
    sent: &[u8],
    bytes: &[u8],
) -> Vec<(usize, Option<u16>)> {
    setup.inject(&[sent.to_vec()]);
    let received = receive(setup);
    for (queue, _, received) in &received {
        assert_eq!(received, bytes, "queue {queue}");
    }
    received.into_iter().map(|(queue, tag, _)| (queue, tag)).collect()
}

pub(crate) fn removed_tags_come_with_the_frames<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, stripping(Accept::all()));
    setup.bind(vm(1), 3);
    let own = setup.port.address();
    for (to, queue) in [(vm(1), 3), (STRANGER, 0), (MacAddress::BROADCAST, 0), (GROUP, 0), (own, 0)] {
        let plain = frame(to, 7, 200);
        for tag in TAGS {
            assert_eq!(arrives(&mut setup, &tagged(to, tag, 7, 204), &plain), [(queue, Some(tag))], "{to}");
        }
        // Of a frame without a tag nothing is said, also after one with.
        assert_eq!(arrives(&mut setup, &plain, &plain), [(queue, None)], "{to}");
    }
    setup.finish();
}

pub(crate) fn one_tag_is_removed_and_no_other_type<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, stripping(Accept::all()));
    setup.bind(vm(1), 3);
    for (to, queue) in [(vm(1), 3), (STRANGER, 0), (MacAddress::BROADCAST, 0)] {
        let single = tagged(to, 0x6005, 1, 200);
        let mut double = single.clone();
        double.splice(12..12, [0x81, 0x00, 0x20, 0x09]);
        assert_eq!(arrives(&mut setup, &double, &single), [(queue, Some(0x2009))], "{to}");
        for outer in [provider(single), provider(double)] {
            assert_eq!(arrives(&mut setup, &outer, &outer), [(queue, None)], "{to}");
        }
    }
    setup.finish();
}

pub(crate) fn tags_stay_unless_removal_is_asked_for<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 3);
    for (to, queue) in [(vm(1), 3), (STRANGER, 0), (MacAddress::BROADCAST, 0), (GROUP, 0)] {
        let sent = tagged(to, 0x6005, 1, 200);
        assert_eq!(arrives(&mut setup, &sent, &sent), [(queue, None)], "{to}");
    }
    // The next driver of the same controller may choose otherwise, either way.
    let (bed, port) = setup.disable();
    let mut bed = bed;
    let mut port = Some(port.into_reset());
    for strip_tags in [true, false, true] {
        let plan = Plan { config: Config { strip_tags, ..Plan::default().config }, ..Plan::default() };
        let taken = port.take().expect("the port of the last round");
        let mut ready = taken.init(&plan.config).expect("the port initialises");
        assert!(ready.bring_link_up(5000).is_up());
        let mut setup = Setup::<M, _, T>::enable(bed, ready, plan);
        let (sent, plain) = (tagged(STRANGER, 9, 1, 204), frame(STRANGER, 1, 200));
        let (bytes, tag) = if strip_tags { (&plain, Some(9)) } else { (&sent, None) };
        assert_eq!(arrives(&mut setup, &sent, bytes), [(0, tag)]);
        let (back, ready) = setup.disable();
        (bed, port) = (back, Some(ready.into_reset()));
    }
}

pub(crate) fn groups_never_mix_removed_tags<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, stripping(Accept::all()));
    setup.bind(vm(1), 3);
    let tags = [Some(5), Some(5), Some(6), None, None, Some(0), Some(0x2005), Some(5)];
    let frames = tags.iter().zip(0..).map(|(tag, number)| match tag {
        Some(tag) => tagged(vm(1), *tag, number, 104),
        None => frame(vm(1), number, 100),
    });
    setup.inject(&Vec::from_iter(frames));
    let pair = setup.pair(3);
    let mut burst = pair.take();
    let groups = Groups::new(&mut burst, matched());
    let groups = Vec::from_iter(groups.map(|group| (group.indication.tag, group.frames.len())));
    assert_eq!(
        groups,
        [(Some(5), 2), (Some(6), 1), (None, 2), (Some(0), 1), (Some(0x2005), 1), (Some(5), 1)]
    );
    burst.into_iter().for_each(|frame| pair.buffers.put(frame).expect("room in the pool"));
    setup.finish();
}

pub(crate) fn strangers_lose_their_tags_as_soon_as_they_are_let_in<M: LiveAccept + Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, stripping(Accept::BROADCAST));
    setup.bind(vm(1), 1);
    let (sent, plain) = (tagged(STRANGER, 7, 1, 204), frame(STRANGER, 1, 200));
    for accept in [Accept::empty(), Accept::PROMISCUOUS, Accept::MULTICAST, Accept::all(), Accept::BROADCAST]
    {
        setup.port.set_accept(accept).expect("the model can");
        let expected = if accept.contains(Accept::PROMISCUOUS) { vec![(0, Some(7))] } else { vec![] };
        assert_eq!(arrives(&mut setup, &sent, &plain), expected, "{accept:?}");
        assert_eq!(arrives(&mut setup, &tagged(vm(1), 7, 1, 204), &frame(vm(1), 1, 200)), [(1, Some(7))]);
    }
    setup.finish();
}

/// However far a change of what is accepted has come, no frame arrives with its tag in it.
pub(crate) fn no_tag_stays_in_a_frame_meanwhile<M: LiveAccept + Concrete, T: Bed>(bed: T) {
    let cut = Cut::new(bed.bus());
    let platform = bed.platform_over(cut.clone());
    let mut setup = Setup::<M, _, T>::start_on(bed, platform, stripping(Accept::empty()));
    let (sent, plain) = (tagged(STRANGER, 7, 1, 204), frame(STRANGER, 1, 200));
    for (from, to) in [(Accept::empty(), Accept::PROMISCUOUS), (Accept::PROMISCUOUS, Accept::empty())] {
        for writes in 0.. {
            setup.port.set_accept(from).expect("the model can");
            cut.after(writes);
            setup.port.set_accept(to).expect("the model can");
            let lost = cut.lost();
            // The rings' tails are not to be lost.
            cut.mend();
            let arrived = arrives(&mut setup, &sent, &plain);
            let whole = if to.is_empty() { arrived.is_empty() } else { arrived == [(0, Some(7))] };
            assert!(whole || lost > 0 && (arrived.is_empty() || arrived == [(0, Some(7))]));
            if lost == 0 {
                break;
            }
        }
    }
    setup.finish();
}

pub(crate) fn another_default_queue_removes_tags_too<M: DefaultPoolChoice + Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, stripping(Accept::all()));
    setup.bind(vm(1), 1);
    for default in [5, 0, 1] {
        let pool = &setup.pairs[default].as_ref().expect("the queue runs").pool;
        setup.port.set_default(pool).expect("it is this port's pool");
        for to in [MacAddress::BROADCAST, GROUP, STRANGER, vm(1)] {
            let queue = if to == vm(1) { 1 } else { default };
            let sent = tagged(to, 0x2007, 1, 204);
            assert_eq!(arrives(&mut setup, &sent, &frame(to, 1, 200)), [(queue, Some(0x2007))], "{to}");
        }
    }
    setup.finish();
}
