//! Frames between machines: where the switch sends them, with which tag, and what becomes of those without room.

#[path = "../examples/common/mod.rs"]
mod common;

mod bed;

use std::cell::RefCell;
use std::rc::Rc;

use bed::{LONG, SHORT, frame, inject, read_all, send, sent};
use common::{Lab, Machine, Pair, Shape, mac};
use igb_hal::I82576;
use smoltcp::phy::Device;
use vmdq_core::switch::{InterfaceId, Physical, Switch, Virtual, Vlan, VlanMembership};
use vmdq_hal::ring::{BufferPool, RxRing, TxRing};
use vmdq_hal::{Accept, Config, Started};
use vmdq_sim::Sim;
use vmdq_smoltcp::{QueueDevice, Rings, SwitchedDevice, relay_received, relay_sent, smoltcp};

type Switched = SwitchedDevice<Started<I82576, Machine>, BufferPool, 16, 4>;

struct Bed {
    lab: Lab<I82576>,
    switch: Switch<4, 32>,
    uplink: InterfaceId,
    default: Pair<I82576>,
    machines: [Switched; 3],
}

/// Machines 1 to 3 with these VLANs.
fn bed(shape: Shape, vlans: [VlanMembership; 3]) -> Bed {
    let mut lab = Lab::new(Sim::i82576(), shape);
    let mut switch = Switch::new(7);
    let uplink = switch.bind_physical(&Physical::default()).expect("room in the switch");
    let default = lab.start(None);
    let mut number = 0;
    let machines = vlans.map(|vlans| {
        number += 1;
        let id = switch.bind_virtual(&Virtual { vlans, ..Virtual::default() }).expect("room in the switch");
        switch.bind_address(id, mac(number)).expect("room in the switch");
        Switched::new(lab.start(Some(mac(number))), id, uplink)
    });
    Bed { lab, switch, uplink, default, machines }
}

const UNTAGGED: [VlanMembership; 3] = [VlanMembership::UNTAGGED; 3];

/// A frame from a machine.
fn from(machine: u8, to: [u8; 6], number: u16) -> Vec<u8> {
    let mut frame = frame(to, number, 64 + usize::from(number));
    frame[6..12].copy_from_slice(&mac(machine).0);
    frame
}

impl Bed {
    fn relay(&mut self) -> usize {
        relay_sent(&mut self.switch, &mut self.machines, 1)
    }

    fn relay_received(&mut self) -> usize {
        let Self { switch, uplink, default, machines, .. } = self;
        relay_received(switch, *uplink, default, machines, 2)
    }

    fn read(&mut self) -> [Vec<Vec<u8>>; 3] {
        self.machines.each_mut().map(read_all)
    }

    fn finish(self) {
        self.lab.finish(self.machines.map(Switched::into_device).into_iter().chain([self.default]));
    }
}

#[test]
fn frames_go_to_machines_to_the_wire_or_to_all() {
    let mut bed = bed(LONG, UNTAGGED);
    let for_two = from(1, mac(2).0, 1);
    let for_the_wire = from(1, mac(bed::STATION).0, 2);
    let for_all = from(1, [0xff; 6], 3);
    let spoofed = from(2, mac(3).0, 4);
    for frame in [&for_two, &for_the_wire, &for_all, &spoofed] {
        assert!(send(&mut bed.machines[0], frame));
    }
    assert_eq!(sent(&mut bed.lab), [[0; 0]; 0], "nothing goes past the switch");
    assert_eq!(bed.relay(), 4);
    assert_eq!(bed.read(), [vec![], vec![for_two, for_all.clone()], vec![for_all.clone()]]);
    assert_eq!(sent(&mut bed.lab), [for_the_wire, for_all]);
    assert_eq!(bed.switch.counters().traffic.dropped.total(), 1);
    bed.finish();
}

#[test]
fn the_switch_tells_machines_and_their_tags_apart() {
    let access = |id| VlanMembership::Access(Vlan::new(id).expect("a VLAN"));
    let mut bed = bed(LONG, [access(10), access(10), access(20)]);
    let for_all = from(1, [0xff; 6], 3);
    let for_the_wire = from(3, mac(bed::STATION).0, 2);
    assert!(send(&mut bed.machines[0], &for_all) && send(&mut bed.machines[2], &for_the_wire));
    assert_eq!(bed.relay(), 2);
    let tagged = |frame: &[u8], id| [&frame[..12], &[0x81, 0, 0, id], &frame[12..]].concat();
    assert_eq!(bed.read(), [vec![], vec![for_all.clone()], vec![]]);
    assert_eq!(sent(&mut bed.lab), [tagged(&for_all, 10), tagged(&for_the_wire, 20)]);

    bed.finish();
}

#[test]
fn machines_get_the_frames_of_their_vlans_with_the_tags_that_they_want() {
    let access = |id| VlanMembership::Access(Vlan::new(id).expect("a VLAN"));
    let config = Config { strip_tags: true, ..Config::DEFAULT };
    let mut bed = bed(Shape { config, ..LONG }, [access(10), VlanMembership::ALL, access(20)]);
    let tagged = |frame: &[u8], id| [&frame[..12], &[0x81, 0, 0, id], &frame[12..]].concat();
    let to = |to: [u8; 6], number| frame(to, number, 100);
    let [all, one, two, three] = [[0xff; 6], mac(1).0, mac(2).0, mac(3).0].map(|address| to(address, 9));
    let from_the_wire = [
        tagged(&all, 20),
        all.clone(),
        tagged(&one, 10),
        tagged(&one, 20),
        one.clone(),
        two.clone(),
        tagged(&two, 10),
        tagged(&three, 20),
    ];
    inject(&mut bed.lab, &from_the_wire);
    assert_eq!(bed.relay_received(), from_the_wire.len());
    // From the own queue first, then from the default one.
    let of_all = vec![two.clone(), tagged(&two, 10), tagged(&all, 20), all.clone()];
    assert_eq!(bed.read(), [vec![one], of_all, vec![three, all]]);
    assert_eq!(bed.switch.counters().traffic.dropped.total(), 2);
    bed.finish();
}

/// Frames wait in the machine's own ring while its inbox is full; none is dropped.
#[test]
fn own_frames_wait_in_the_ring() {
    let mut bed = bed(LONG, UNTAGGED);
    let frames = bed::frames(0..40);
    inject(&mut bed.lab, &frames);
    for part in [&frames[..16], &frames[16..32], &frames[32..], &[]] {
        assert_eq!((bed.relay_received(), bed.relay_received()), (part.len(), 0));
        assert_eq!(bed.read(), [part.to_vec(), vec![], vec![]]);
    }
    bed.finish();
}

#[test]
fn a_frame_waits_in_the_outbox_until_the_ring_has_room() {
    let mut bed = bed(SHORT, UNTAGGED);
    let out: Vec<_> = (0..11).map(|number| from(1, mac(bed::STATION).0, number)).collect();
    let mut given = 0;
    let mut give = |bed: &mut Bed| {
        while given < out.len() && send(&mut bed.machines[0], &out[given]) {
            given += 1;
        }
        given
    };
    assert_eq!((give(&mut bed), bed.relay()), (4, 4), "the outbox takes 4");
    assert_eq!((give(&mut bed), bed.relay()), (8, 3), "the ring 7");
    assert_eq!((give(&mut bed), bed.relay(), bed.machines[0].waiting()), (11, 0, 4));
    assert!(!send(&mut bed.machines[0], &out[0]), "no token");
    assert_eq!(sent(&mut bed.lab), out[..7]);
    assert_eq!(bed.relay(), 4);
    assert_eq!(sent(&mut bed.lab), out[7..]);
    // What waits in the end comes back with the buffers.
    assert!(send(&mut bed.machines[0], &out[0]));
    bed.finish();
}

#[test]
fn a_machine_that_reads_nothing_loses_its_own_copies_alone() {
    let mut bed = bed(LONG, UNTAGGED);
    for number in 0..20 {
        assert!(send(&mut bed.machines[0], &from(1, [0xff; 6], number)));
        assert_eq!(bed.relay(), 1);
        assert_eq!(read_all(&mut bed.machines[1]).len(), 1);
        assert_eq!(sent(&mut bed.lab).len(), 1);
    }
    let counters = bed.machines.each_ref().map(|machine| machine.device().counters());
    assert_eq!(counters.map(|counters| counters.copies), [0, 20, 16]);
    assert_eq!(counters.map(|counters| counters.copies_dropped), [0, 0, 4]);
    assert_eq!(counters[0].sent, 20);
    bed.finish();
}

/// The stack is told of no longer burst than the inbox takes.
#[test]
fn the_longest_burst_fits_the_inbox() {
    let bed = bed(LONG, UNTAGGED);
    assert_eq!(bed.machines[0].capabilities().max_burst_size, Some(16));
    assert_eq!(bed.machines[0].device().capabilities().max_burst_size, Some(63));
    assert_eq!(bed.machines[0].capabilities().max_transmission_unit, 1514);
    bed.finish();
}

/// A frame for a machine without a filter of its own reaches it through the default queue.
#[test]
fn the_default_queue_serves_machines_without_a_filter() {
    let config = Config { accept: Accept::all(), ..Config::DEFAULT };
    let mut bed = bed(Shape { config, ..LONG }, UNTAGGED);
    bed.lab.unbind(mac(3));
    let [to_three, to_nobody] = [mac(3), mac(77)].map(|address| frame(address.0, 1, 90));
    inject(&mut bed.lab, &[to_nobody, to_three.clone()]);
    assert_eq!(bed.relay_received(), 2);
    assert_eq!(bed.read(), [vec![], vec![], vec![to_three]]);
    bed.finish();
}

/// Rings into which the wire brings another frame whenever they are used, so many times.
struct Flooded {
    started: Started<I82576, Machine>,
    lab: Rc<RefCell<Lab<I82576>>>,
    left: u32,
}

impl Rings for Flooded {
    type Platform = Machine;

    fn rx(&self) -> &RxRing<Machine> {
        &self.started.rx
    }

    fn tx(&self) -> &TxRing<Machine> {
        &self.started.tx
    }

    fn both(&mut self) -> (&mut RxRing<Machine>, &mut TxRing<Machine>) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            inject(&mut self.lab.borrow_mut(), &[frame(mac(1).0, 1, 60)]);
        }
        self.started.both()
    }
}

/// What the switch drops fills no inbox: a flood of it ends all the same.
#[test]
fn a_flood_that_the_switch_drops_takes_a_rings_length() {
    let lab = Rc::new(RefCell::new(Lab::<I82576>::new(Sim::i82576(), SHORT)));
    let start = |address, left| {
        let (started, buffers) = lab.borrow_mut().start_bare(address);
        let rings = Flooded { started, lab: Rc::clone(&lab), left };
        QueueDevice::<_, _, 16>::new(rings, buffers).expect("rings and buffers belong together")
    };
    let (mut default, device) = (start(None, 0), start(Some(mac(1)), 100));
    let mut switch = Switch::<4, 32>::new(7);
    let uplink = switch.bind_physical(&Physical::default()).expect("room in the switch");
    let vlans = VlanMembership::Access(Vlan::new(10).expect("a VLAN"));
    let id = switch.bind_virtual(&Virtual { vlans, ..Virtual::default() }).expect("room in the switch");
    switch.bind_address(id, mac(1)).expect("room in the switch");
    let mut machines = [SwitchedDevice::<_, _, 16, 4>::new(device, id, uplink)];
    assert_eq!(relay_received(&mut switch, uplink, &mut default, &mut machines, 1), 8);
    assert_eq!(switch.counters().traffic.dropped.total(), 8);
    let pairs = machines.map(SwitchedDevice::into_device).into_iter().chain([default]);
    let pairs: Vec<_> = pairs
        .map(|device| {
            let (rings, buffers) = device.into_parts();
            (rings.started, buffers)
        })
        .collect();
    Rc::into_inner(lab).expect("nobody else has it").into_inner().finish_bare(pairs);
}
