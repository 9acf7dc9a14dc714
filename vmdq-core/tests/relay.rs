//! The way of a frame: who gets it, how often, with which tag, and that its buffer stays where it was.

use proptest::prelude::*;
use vmdq_core::MacAddress;
use vmdq_core::group::{Described, Group};
use vmdq_core::relay::{Outlet, Received, SentFrame, relay, relay_group};
use vmdq_core::switch::{
    DropReason, InterfaceId, Origin, Physical, Switch, TagAction, Unknown, Virtual, Vlan, VlanMembership,
};

const STATION: u8 = 99;

fn mac(last: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, last])
}

/// A frame in its buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Frame {
    /// Names the buffer.
    buffer: usize,
    tag: Option<u16>,
    error: bool,
    guests: bool,
    bytes: Vec<u8>,
}

impl Frame {
    fn new(buffer: usize, to: MacAddress, from: u8) -> Self {
        let bytes = [&to.0[..], &mac(from).0, &[8, 0], &[0; 46]].concat();
        Self { buffer, tag: None, error: false, guests: false, bytes }
    }

    fn empty(buffer: usize) -> Self {
        Self { buffer, tag: None, error: false, guests: false, bytes: Vec::new() }
    }
}

impl Described for Frame {
    fn tag(&self) -> Option<u16> {
        self.tag
    }

    fn has_error(&self) -> bool {
        self.error
    }

    fn header_is_guests(&self) -> bool {
        self.guests
    }
}

impl Received for Frame {
    fn header(&self) -> &[u8] {
        &self.bytes
    }

    fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// The calls of an outlet, by buffers.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Call {
    Copy(InterfaceId, TagAction, Vec<usize>),
    Deliver(InterfaceId, TagAction, Vec<usize>),
    Dropped(DropReason, Vec<usize>),
}

#[derive(Default)]
struct Record {
    calls: Vec<Call>,
    /// Empty frames to put in the place of those that are kept.
    spare: Vec<Frame>,
    kept: Vec<Frame>,
}

fn buffers(group: &Group<'_, Frame>) -> Vec<usize> {
    group.frames.iter().map(|frame| frame.buffer).collect()
}

impl Outlet<Frame> for Record {
    fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, Frame>) {
        self.calls.push(Call::Copy(to, tag, buffers(group)));
    }

    fn deliver(&mut self, to: InterfaceId, tag: TagAction, group: &mut Group<'_, Frame>) {
        self.calls.push(Call::Deliver(to, tag, buffers(group)));
        for frame in &mut *group.frames {
            let Some(empty) = self.spare.pop() else { continue };
            self.kept.push(std::mem::replace(frame, empty));
        }
    }

    fn dropped(&mut self, reason: DropReason, group: &mut Group<'_, Frame>) {
        self.calls.push(Call::Dropped(reason, buffers(group)));
    }
}

/// An uplink, red and green in VLAN 5 alone, and blue in every VLAN; they have the addresses 1, 2 and 3.
fn bed() -> (Switch<8, 64>, InterfaceId, [InterfaceId; 3]) {
    let mut switch = Switch::new(7);
    let uplink = switch.bind_physical(&Physical::default()).unwrap();
    let access = VlanMembership::Access(Vlan::new(5).unwrap());
    let mut address = 0;
    let ids = [access, access, VlanMembership::ALL].map(|vlans| {
        let id = switch.bind_virtual(&Virtual { vlans, ..Virtual::default() }).unwrap();
        address += 1;
        switch.bind_address(id, mac(address)).unwrap();
        id
    });
    (switch, uplink, ids)
}

#[test]
fn a_flooded_frame_is_copied_to_all_but_the_last_and_each_gets_its_tag() {
    let (mut switch, uplink, [red, green, blue]) = bed();
    let mut record = Record { spare: vec![Frame::empty(1)], ..Record::default() };
    let mut burst = [Frame { tag: Some(0x6005), ..Frame::new(0, MacAddress::BROADCAST, STATION) }];
    let sent = burst.to_vec();
    assert_eq!(relay(&mut switch, Origin::Unmatched { uplink }, &mut burst, 0, &mut record), 1);
    let expected = [
        Call::Copy(red, TagAction::Keep, vec![0]),
        Call::Copy(green, TagAction::Keep, vec![0]),
        Call::Deliver(blue, TagAction::Insert(0x6005), vec![0]),
    ];
    assert_eq!(record.calls, expected);
    // The last one may keep the buffer, for an empty one.
    assert_eq!((&record.kept[..], &burst[..]), (&sent[..], &[Frame::empty(1)][..]));
}

#[test]
fn what_matched_goes_in_groups_and_what_is_dropped_comes_back_with_the_reason() {
    let (mut switch, uplink, [red, ..]) = bed();
    let mut record = Record::default();
    let tags = [Some(5), Some(5), Some(6), None, Some(5), Some(5), Some(5)];
    let mut burst = Vec::from_iter(tags.into_iter().enumerate().map(|(buffer, tag)| Frame {
        tag,
        error: buffer == 4,
        ..Frame::new(buffer, mac(1), STATION)
    }));
    let before = burst.clone();
    let decisions = relay(&mut switch, Origin::Matched { uplink, to: red }, &mut burst, 0, &mut record);
    let expected = [
        Call::Deliver(red, TagAction::Keep, vec![0, 1]),
        Call::Dropped(DropReason::VlanEgress, vec![2]),
        Call::Dropped(DropReason::VlanEgress, vec![3]),
        Call::Dropped(DropReason::Error, vec![4]),
        Call::Deliver(red, TagAction::Keep, vec![5, 6]),
    ];
    assert_eq!((decisions, record.calls), (5, expected.into()));
    assert_eq!(burst, before);
    let counters = switch.counters().traffic;
    assert_eq!((counters.decisions, counters.forwarded, counters.dropped.total()), (5, 4, 3));
    assert_eq!((counters.received.frames, counters.received.bytes), (7, 7 * 60));
}

#[test]
fn a_header_that_a_guest_can_write_teaches_nothing() {
    for guests in [true, false] {
        let (mut switch, uplink, [.., blue]) = bed();
        let mut burst = [Frame { guests, ..Frame::new(0, mac(3), STATION) }];
        relay(&mut switch, Origin::Matched { uplink, to: blue }, &mut burst, 0, &mut Record::default());
        assert_eq!(switch.find(mac(STATION), Vlan::UNTAGGED, 0), (!guests).then_some(uplink));
    }
}

#[test]
fn what_is_for_one_gets_the_tag_of_that_one() {
    let (mut switch, uplink, [red, green, blue]) = bed();
    let mut record = Record::default();
    let mut sent = [(2, 1), (STATION, 1)].map(|(to, from)| Frame::new(usize::from(to), mac(to), from));
    relay(&mut switch, Origin::Virtual(red), &mut sent, 0, &mut record);
    let mut matched = [Frame { tag: Some(0x2006), ..Frame::new(3, mac(3), STATION) }];
    relay(&mut switch, Origin::Matched { uplink, to: blue }, &mut matched, 0, &mut record);
    let expected = [
        Call::Deliver(green, TagAction::Keep, vec![2]),
        Call::Deliver(uplink, TagAction::Insert(5), vec![usize::from(STATION)]),
        Call::Deliver(blue, TagAction::Insert(0x2006), vec![3]),
    ];
    assert_eq!(record.calls, expected);
}

/// Copies and nothing else, and does not count bytes.
#[derive(Default)]
struct Copying(Vec<(InterfaceId, usize)>);

impl<F: Received> Outlet<F> for Copying {
    fn copy(&mut self, to: InterfaceId, _tag: TagAction, group: &Group<'_, F>) {
        self.0.push((to, group.frames.len()));
    }

    fn dropped(&mut self, reason: DropReason, _group: &mut Group<'_, F>) {
        panic!("{reason}");
    }

    fn bytes(&self, _frames: &[F]) -> u64 {
        0
    }
}

#[test]
fn an_outlet_that_only_copies_gets_every_destination_by_copy() {
    let (mut switch, uplink, [red, green, blue]) = bed();
    let mut copying = Copying::default();
    let bytes = Frame::new(0, MacAddress::BROADCAST, 1).bytes;
    let mut sent = [SentFrame { bytes: &bytes, tag: None }; 2];
    assert_eq!(relay(&mut switch, Origin::Virtual(red), &mut sent, 0, &mut copying), 2);
    // A guest's frames are decided on one by one, and don't come back to it.
    assert_eq!(copying.0, [(uplink, 1), (green, 1), (blue, 1)].repeat(2));
    assert_eq!(switch.interface_counters(red).unwrap().received.bytes, 0);

    let mut run = [const { SentFrame { bytes: &[], tag: Some(5) } }; 9];
    let group = Group::uniform(&mut run, Origin::Matched { uplink, to: green }).unwrap();
    relay_group(&mut switch, group, 0, &mut copying);
    assert_eq!(copying.0[6..], [(green, 9)]);
}

#[test]
fn nothing_and_groups_of_nothing_are_no_decision() {
    let (mut switch, uplink, [red, ..]) = bed();
    let from = Origin::Matched { uplink, to: red };
    assert_eq!(relay::<Frame, _, _>(&mut switch, from, &mut [], 0, &mut Copying::default()), 0);
    let mut one = [Frame::new(0, mac(1), STATION)];
    let mut group = Group::uniform(&mut one, from).unwrap();
    group.frames = &mut [];
    relay_group(&mut switch, group, 0, &mut Copying::default());
    assert_eq!(switch.counters().traffic.decisions, 0);
}

fn any_frame() -> impl Strategy<Value = (u8, u8, Option<u16>, bool)> {
    let tag = prop_oneof![Just(None), Just(Some(5)), Just(Some(6))];
    (0..6_u8, 1..5_u8, tag, proptest::bool::weighted(0.1))
}

proptest! {
    /// Whatever the frames, the outlet hears of each buffer as often as the switch says and in its order, and
    /// every buffer is in the burst or kept.
    #[test]
    fn no_buffer_is_lost_and_the_switch_counts_what_the_outlet_heard(
        frames in proptest::collection::vec(any_frame(), 0..40),
        origin in 0..4,
        unknown in proptest::bool::ANY,
        spare in 0..20_usize,
    ) {
        let (mut switch, uplink, [red, green, blue]) = bed();
        if unknown {
            switch.set_unknown(uplink, Unknown::Flood).unwrap();
        }
        let from = match origin {
            0 => Origin::Unmatched { uplink },
            1 => Origin::Virtual(red),
            2 => Origin::Matched { uplink, to: green },
            _ => Origin::Targeted { uplink, to: blue },
        };
        let mut burst = Vec::from_iter(frames.into_iter().enumerate().map(|(buffer, (to, by, tag, error))| {
            let to = if to == 0 { MacAddress::BROADCAST } else { mac(to) };
            Frame { tag, error, ..Frame::new(buffer, to, by) }
        }));
        let count = burst.len();
        let all = count + spare;
        let spare = (count..all).map(Frame::empty).collect();
        let mut record = Record { spare, ..Record::default() };
        let decisions = relay(&mut switch, from, &mut burst, 0, &mut record);

        prop_assert_eq!(burst.len(), count);
        let mut home: Vec<_> =
            burst.iter().chain(&record.kept).chain(&record.spare).map(|frame| frame.buffer).collect();
        home.sort_unstable();
        prop_assert_eq!(home, Vec::from_iter(0..all));

        let traffic = switch.counters().traffic;
        prop_assert_eq!(traffic.decisions, decisions as u64);
        prop_assert_eq!(traffic.received.frames, count as u64);
        let (mut ended, mut delivered, mut dropped) = (Vec::new(), 0, 0);
        for call in record.calls {
            match call {
                Call::Copy(_, _, buffers) => delivered += buffers.len() as u64,
                Call::Deliver(_, _, buffers) => {
                    delivered += buffers.len() as u64;
                    ended.extend(buffers);
                }
                Call::Dropped(_, buffers) => {
                    dropped += buffers.len() as u64;
                    ended.extend(buffers);
                }
            }
        }
        // Each frame ends once, in order: with its last interface, or dropped.
        prop_assert_eq!(ended, Vec::from_iter(0..count));
        prop_assert_eq!((traffic.delivered.frames, traffic.dropped.total()), (delivered, dropped));
    }
}
