//! The fan-out of the default queue: who gets copies, and what becomes of those for which there is no room.

#[path = "../examples/common/mod.rs"]
mod common;

mod bed;

use bed::{LONG, SHORT, frame, inject, read_all};
use common::{Lab, Shape, mac};
use igb_hal::I82576;
use vmdq_hal::{Accept, Config};
use vmdq_sim::Sim;
use vmdq_smoltcp::{DeviceCounters, Inbox};

const BROADCAST: [u8; 6] = [0xff; 6];
const MULTICAST: [u8; 6] = [0x01, 0, 0x5e, 0, 0, 0xfb];
const UNKNOWN: [u8; 6] = [0x02, 0, 0, 0, 0, 99];

/// Copies that an inbox of the tests' devices takes.
const INBOX: usize = 16;

fn broadcasts(numbers: std::ops::Range<u16>) -> Vec<Vec<u8>> {
    numbers.map(|number| frame(BROADCAST, number, 60 + usize::from(number))).collect()
}

#[test]
fn groups_reach_every_device_and_others_the_default_one_alone() {
    let config = Config { accept: Accept::all(), ..Config::DEFAULT };
    let mut lab = Lab::<I82576>::new(Sim::i82576(), Shape { config, ..LONG });
    let mut default = lab.start(None);
    let mut machines = [1, 2, 3].map(|machine| lab.start(Some(mac(machine))));
    let all = [BROADCAST, MULTICAST, UNKNOWN, mac(2).0].map(|to| frame(to, 5, 70));
    inject(&mut lab, &all);
    let [a, b, c] = &mut machines;
    assert_eq!(default.fan_out(&mut [a, b, c]), 3, "the filter's frame is elsewhere");
    assert_eq!(read_all(&mut default), all[..3]);
    let [broadcast, multicast, _, own] = all;
    let groups = vec![broadcast.clone(), multicast.clone()];
    let got = machines.each_mut().map(read_all);
    assert_eq!(got, [groups.clone(), vec![broadcast, multicast, own], groups]);
    for machine in &machines {
        assert_eq!((machine.counters().copies, machine.counters().copies_dropped), (2, 0));
    }
    lab.finish([default].into_iter().chain(machines));
}

#[test]
fn copies_without_room_are_dropped_and_counted() {
    let mut lab = Lab::<I82576>::new(Sim::i82576(), LONG);
    let mut default = lab.start(None);
    let mut device = lab.start(Some(mac(1)));
    let all = broadcasts(0..40);
    inject(&mut lab, &all);
    for taken in [16, 16, 8, 0] {
        assert_eq!(default.fan_out(&mut [&mut device]), taken, "the rest waits in the ring");
        assert_eq!(default.fan_out(&mut [&mut device]), 0, "the own inbox is full or nothing waits");
        assert_eq!(default.discard(), taken);
    }
    assert_eq!(read_all(&mut device), all[..INBOX], "the first ones");
    let counters =
        DeviceCounters { received: 16, copies: 16, copies_dropped: 24, ..DeviceCounters::default() };
    assert_eq!(device.counters(), counters);
    // There is room again.
    inject(&mut lab, &all[..3]);
    default.fan_out(&mut [&mut device]);
    assert_eq!(read_all(&mut device), all[..3]);
    lab.finish([default, device]);
}

#[test]
fn a_pool_that_is_used_up_drops_copies() {
    // 7 posted, 3 left: one of them stays to send from.
    let mut lab = Lab::<I82576>::new(Sim::i82576(), Shape { buffers: 10, ..SHORT });
    let (default, mut device) = (lab.start(None), lab.start(Some(mac(1))));
    let offered = broadcasts(0..5).iter().filter(|frame| device.offer(frame)).count();
    assert_eq!((offered, device.counters().copies_dropped), (2, 3));
    assert!(bed::send(&mut device, &broadcasts(0..1)[0]));
    assert_eq!(read_all(&mut device).len(), 0, "the answer would have no buffer");
    assert_eq!(bed::sent(&mut lab).len(), 1);
    assert_eq!(read_all(&mut device), broadcasts(0..2));
    lab.finish([default, device]);
}

/// What was sent from meanwhile is there for copies.
#[test]
fn a_copy_finds_the_buffers_that_were_sent() {
    let mut lab = Lab::<I82576>::new(Sim::i82576(), Shape { buffers: 10, ..SHORT });
    let (default, mut device) = (lab.start(None), lab.start(Some(mac(1))));
    (0..3).for_each(|_| assert!(bed::send(&mut device, &broadcasts(0..1)[0])));
    assert!(!device.offer(&broadcasts(0..1)[0]), "all three are under way");
    assert_eq!(bed::sent(&mut lab).len(), 3);
    let offered = broadcasts(1..4).iter().filter(|frame| device.offer(frame)).count();
    assert_eq!(offered, 2, "one stays to send from");
    assert_eq!(read_all(&mut device), broadcasts(1..3));
    lab.finish([default, device]);
}

#[test]
fn a_copy_that_is_longer_than_the_mtu_is_dropped() {
    let mut lab = Lab::<I82576>::new(Sim::i82576(), SHORT);
    let (default, mut device) = (lab.start(None), lab.start(Some(mac(1))));
    assert!(!device.offer(&[0xff; 1515]) && !device.offer(&[0xff; 5000]) && device.offer(&[0xff; 1514]));
    assert_eq!(read_all(&mut device), [vec![0xff; 1514]]);
    assert_eq!(device.counters().copies_dropped, 2);
    // What nobody reads comes back with the buffers.
    assert!(device.offer(&[0xff; 60]));
    lab.finish([default, device]);
}

/// Copies come before what waits in the ring, and take no frame's place there.
#[test]
fn copies_and_own_frames_both_arrive() {
    let mut lab = Lab::<I82576>::new(Sim::i82576(), SHORT);
    let mut default = lab.start(None);
    let mut device = lab.start(Some(mac(1)));
    for round in 0..20 {
        let own = bed::frames(3 * round..3 * round + 3);
        inject(&mut lab, &[own.clone(), broadcasts(0..2)].concat());
        default.fan_out(&mut [&mut device]);
        default.discard();
        assert_eq!(read_all(&mut device), [broadcasts(0..2), own].concat());
    }
    lab.finish([default, device]);
}
