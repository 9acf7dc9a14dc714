//! VLANs: who is in which, and what happens to tags.

use vmdq_core::MacAddress;
use vmdq_core::switch::{
    AddressError, DropReason, Indication, InterfaceId, Load, Origin, Physical, Switch, TagAction, Verdict,
    Virtual, Vlan, VlanMembership, VlanSet,
};

use crate::{header, mac, plain, send, tagged};

const PRIORITY: u16 = 0xa000;

fn vlan(id: u16) -> Vlan {
    Vlan::new(id).unwrap()
}

fn access(id: u16) -> VlanMembership {
    VlanMembership::Access(vlan(id))
}

fn trunk(ids: &[u16], native: Option<u16>) -> VlanMembership {
    VlanMembership::Trunk { tagged: ids.iter().map(|id| vlan(*id)).collect(), native: native.map(vlan) }
}

struct Bed {
    switch: Switch<8, 512>,
    uplink: InterfaceId,
}

impl Bed {
    fn new(vlans: VlanMembership) -> Self {
        let mut switch = Switch::new(3);
        let uplink = switch.bind_physical(&Physical { vlans, ..Physical::default() }).unwrap();
        Self { switch, uplink }
    }

    fn add(&mut self, vlans: VlanMembership, address: u8) -> InterfaceId {
        let id = self.switch.bind_virtual(&Virtual { vlans, ..Virtual::default() }).unwrap();
        self.switch.bind_address(id, mac(address)).unwrap();
        id
    }

    /// A frame of the default queue whose tag was removed.
    fn receive(&mut self, to: MacAddress, tag: Option<u16>) -> (Verdict, Vec<(usize, TagAction)>) {
        let group = Indication { from: Origin::Unmatched { uplink: self.uplink }, tag, error: false };
        self.forward(&group, &header(to, mac(99)))
    }

    fn forward(&mut self, group: &Indication, header: &[u8]) -> (Verdict, Vec<(usize, TagAction)>) {
        let decision = self.switch.forward(group, Load::frame(60), header, 0);
        let actions = decision.destinations().iter().map(|to| (to, self.switch.tag_action(&decision, to)));
        (decision.verdict, actions.collect())
    }
}

#[test]
fn ids_that_802_1q_reserves_are_none() {
    assert_eq!(Vlan::new(0), Some(Vlan::UNTAGGED));
    assert_eq!(Vlan::new(4094).map(Vlan::id), Some(4094));
    assert_eq!(Vlan::new(4095), None);
    assert!(!VlanSet::ALL.contains(Vlan::UNTAGGED) && VlanSet::ALL.contains(vlan(4094)));
    let mut set = VlanSet::EMPTY;
    set.insert(Vlan::UNTAGGED);
    assert_eq!(set, VlanSet::EMPTY);
    set.insert(vlan(64));
    assert!(set.contains(vlan(64)) && !set.contains(vlan(65)));
    set.remove(vlan(64));
    assert_eq!(set, VlanSet::EMPTY);
}

#[test]
fn the_same_address_in_two_vlans_is_two_addresses() {
    let mut bed = Bed::new(VlanMembership::ALL);
    let (red, blue) = (bed.add(access(10), 1), bed.add(access(20), 1));
    assert_eq!(bed.receive(mac(1), Some(10)).0, Verdict::To(red));
    assert_eq!(bed.receive(mac(1), Some(20)).0, Verdict::To(blue));
    assert_eq!(bed.receive(mac(1), None).0, Verdict::Drop(DropReason::UnknownUnicast));
    // A trunk with one of them would have it twice; one with neither does not.
    let settings = |vlans| Virtual { vlans, ..Virtual::default() };
    let green = bed.switch.bind_virtual(&settings(trunk(&[20, 30], None))).unwrap();
    assert_eq!(bed.switch.bind_address(green, mac(1)), Err(AddressError::Taken(blue)));
    let native = bed.switch.bind_virtual(&settings(trunk(&[30], Some(10)))).unwrap();
    assert_eq!(bed.switch.bind_address(native, mac(1)), Err(AddressError::Taken(red)));
    let other = bed.switch.bind_virtual(&settings(trunk(&[30, 40], None))).unwrap();
    assert_eq!(bed.switch.bind_address(other, mac(1)), Ok(()));
    let third = bed.switch.bind_virtual(&settings(trunk(&[50], None))).unwrap();
    assert_eq!(bed.switch.bind_address(third, mac(1)), Ok(()));
    for (id, owner) in [(10, red), (20, blue), (30, other), (40, other), (50, third)] {
        assert_eq!(bed.receive(mac(1), Some(id)).0, Verdict::To(owner), "{id}");
    }
}

#[test]
fn tags_are_inserted_removed_and_kept() {
    let mut bed = Bed::new(VlanMembership::ALL);
    let red = bed.add(access(10), 1);
    let blue = bed.add(trunk(&[10, 20], Some(30)), 2);
    let (u, r, b) = (bed.uplink.number(), red.number(), blue.number());
    let broadcast = MacAddress::BROADCAST;

    // From the wire, the controller has removed the tag; priority is kept.
    let (_, actions) = bed.receive(broadcast, Some(PRIORITY | 10));
    assert_eq!(actions, [(r, TagAction::Keep), (b, TagAction::Insert(PRIORITY | 10))]);
    let (verdict, _) = bed.receive(broadcast, None);
    assert_eq!(verdict, Verdict::Drop(DropReason::Nobody));
    let (_, actions) = bed.receive(broadcast, Some(30));
    assert_eq!(actions, [(b, TagAction::Keep)]);

    // From the wire, the tag is still there.
    let unmatched = plain(Origin::Unmatched { uplink: bed.uplink });
    let (_, actions) = bed.forward(&unmatched, &tagged(broadcast, mac(99), 0x8100, 10));
    assert_eq!(actions, [(r, TagAction::Remove), (b, TagAction::Keep)]);

    // From an access interface.
    let from_red = plain(Origin::Virtual(red));
    let (_, actions) = bed.forward(&from_red, &header(broadcast, mac(1)));
    assert_eq!(actions, [(u, TagAction::Insert(10)), (b, TagAction::Insert(10))]);
    // With a priority and no VLAN in the tag.
    let (_, actions) = bed.forward(&from_red, &tagged(broadcast, mac(1), 0x8100, PRIORITY));
    assert_eq!(actions, [(u, TagAction::Replace(PRIORITY | 10)), (b, TagAction::Replace(PRIORITY | 10))]);

    // From a trunk: tagged, and native.
    let from_blue = plain(Origin::Virtual(blue));
    let (_, actions) = bed.forward(&from_blue, &tagged(broadcast, mac(2), 0x8100, PRIORITY | 10));
    assert_eq!(actions, [(u, TagAction::Keep), (r, TagAction::Remove)]);
    let (_, actions) = bed.forward(&from_blue, &header(broadcast, mac(2)));
    assert_eq!(actions, [(u, TagAction::Insert(30))]);
}

#[test]
fn an_interface_sends_only_in_its_vlans() {
    let mut bed = Bed::new(trunk(&[10, 20], None));
    let red = plain(Origin::Virtual(bed.add(access(10), 1)));
    let blue = plain(Origin::Virtual(bed.add(trunk(&[20], None), 2)));
    let refused = Verdict::Drop(DropReason::VlanIngress);
    for tag in [10, 20, 4095] {
        assert_eq!(bed.forward(&red, &tagged(mac(99), mac(1), 0x8100, tag)).0, refused);
    }
    assert_eq!(bed.forward(&blue, &header(mac(99), mac(2))).0, refused);
    assert_eq!(bed.forward(&blue, &tagged(mac(99), mac(2), 0x8100, 10)).0, refused);
    for tag in [None, Some(0), Some(30), Some(4095)] {
        assert_eq!(bed.receive(mac(1), tag).0, refused);
    }
}

#[test]
fn a_matched_group_does_not_enter_another_vlan() {
    let mut bed = Bed::new(VlanMembership::ALL);
    let to = bed.add(access(10), 1);
    let group = |tag| Indication { from: Origin::Matched { uplink: bed.uplink, to }, tag, error: false };
    let (right, wrong, none) = (group(Some(10)), group(Some(20)), group(None));
    assert_eq!(bed.forward(&right, &[]).0, Verdict::To(to));
    assert_eq!(bed.forward(&wrong, &[]).0, Verdict::Drop(DropReason::VlanEgress));
    assert_eq!(bed.forward(&none, &[]).0, Verdict::Drop(DropReason::VlanEgress));
}

#[test]
fn a_second_tag_does_not_surface() {
    // The native VLAN of the wire is 10: a tag 10 goes, and what stands behind it comes to light.
    let mut bed = Bed::new(trunk(&[20], Some(10)));
    let red = bed.add(trunk(&[10], None), 1);
    let blue = bed.add(access(10), 2);
    for (from, outer) in [(red, 10), (blue, PRIORITY)] {
        let address = if from == red { mac(1) } else { mac(2) };
        let mut frame = tagged(mac(99), address, 0x8100, outer);
        assert_eq!(bed.forward(&plain(Origin::Virtual(from)), &frame).0, Verdict::To(bed.uplink));
        frame[16..18].copy_from_slice(&[0x81, 0x00]);
        let verdict = bed.forward(&plain(Origin::Virtual(from)), &frame).0;
        assert_eq!(verdict, Verdict::Drop(DropReason::DoublyTagged));
    }
    // The same with the outer tag beside the frame, as an I/O channel may pass it.
    let group = Indication { from: Origin::Virtual(red), tag: Some(10), error: false };
    let verdict = bed.forward(&group, &tagged(mac(99), mac(1), 0x8100, 20)).0;
    assert_eq!(verdict, Verdict::Drop(DropReason::DoublyTagged));
}

#[test]
fn stations_are_learned_for_each_vlan() {
    let mut bed = Bed::new(VlanMembership::ALL);
    bed.add(access(10), 1);
    bed.receive(mac(1), Some(10));
    assert_eq!(bed.switch.find(mac(99), vlan(10), 0), Some(bed.uplink));
    assert_eq!(bed.switch.find(mac(99), vlan(20), 0), None);
}

#[test]
fn without_vlans_all_is_one_network() {
    let mut bed = Bed::new(VlanMembership::UNTAGGED);
    let (red, blue) = (bed.add(VlanMembership::UNTAGGED, 1), bed.add(VlanMembership::UNTAGGED, 2));
    assert_eq!(bed.receive(mac(2), None), (Verdict::To(blue), vec![(blue.number(), TagAction::Keep)]));
    let decision = send(&mut bed.switch, red, (mac(9), mac(1)), 0);
    assert_eq!(decision.verdict, Verdict::To(bed.uplink));
    assert_eq!(bed.switch.tag_action(&decision, bed.uplink.number()), TagAction::Keep);
    assert_eq!(decision.vlan(), Vlan::UNTAGGED);
    // A priority tag is in the bytes, and goes.
    let tag = tagged(mac(2), mac(1), 0x8100, PRIORITY);
    let (_, actions) = bed.forward(&plain(Origin::Virtual(red)), &tag);
    assert_eq!(actions, [(blue.number(), TagAction::Remove)]);
}
