//! What a device is made of, what it tells the stack, and what it tells the program.

#[path = "../examples/common/mod.rs"]
mod common;

mod bed;

use bed::{LONG, SHORT, bed, frame, frames, inject, read_all, send, sent};
use common::{Lab, Shape, mac};
use igb_hal::I82576;
use smoltcp::phy::{Checksum, Device, Medium};
use smoltcp::time::Instant;
use vmdq_hal::ring::BufferSize;
use vmdq_hal::{Config, Gone};
use vmdq_sim::InjectedFault;
use vmdq_smoltcp::{Inbox, NewDeviceError, QueueDevice, Rings, smoltcp};

#[test]
fn the_stack_makes_and_checks_all_checksums() {
    let (lab, default, device) = bed(LONG);
    let all = device.capabilities();
    assert_eq!(all.medium, Medium::Ethernet);
    assert!(matches!(all.checksum.ipv4, Checksum::Both));
    assert!(matches!(all.checksum.tcp, Checksum::Both));
    assert!(matches!(all.checksum.udp, Checksum::Both));
    assert!(matches!(all.checksum.icmpv4, Checksum::Both));
    lab.finish([default, device]);
}

/// The MTU is the longest frame that goes both ways.
#[test]
fn the_mtu_is_that_of_the_port() {
    for max_frame in [64, 1000, 1518, 9018] {
        let config = Config { max_frame, ..Config::DEFAULT };
        let (mut lab, default, mut device) = bed(Shape { config, ..SHORT });
        let mtu = usize::from(max_frame) - 4;
        assert_eq!((device.mtu(), device.capabilities().max_transmission_unit), (mtu, mtu));
        assert_eq!(device.capabilities().max_burst_size, Some(7));
        let longest = frame(mac(1).0, 1, mtu);
        inject(&mut lab, &[longest.clone(), frame(mac(1).0, 2, mtu + 1)]);
        assert_eq!(read_all(&mut device), std::slice::from_ref(&longest));
        assert!(send(&mut device, &longest));
        assert_eq!(sent(&mut lab), [longest]);
        lab.finish([default, device]);
    }
}

#[test]
fn rings_are_owned_or_borrowed() {
    fn works(lab: &mut Lab<I82576>, device: &mut impl Device) {
        inject(lab, &frames(0..5));
        assert_eq!(read_all(device), frames(0..5));
        assert!(send(device, &frame(mac(9).0, 0, 60)));
        assert_eq!(sent(lab).len(), 1);
    }
    fn with<Q: Rings>(lab: &mut Lab<I82576>, rings: Q, buffers: &mut vmdq_hal::ring::BufferPool) {
        let mut device: QueueDevice<_, _> = QueueDevice::new(rings, buffers).expect("they belong together");
        works(lab, &mut device);
        let _ = device.into_parts();
    }
    let (mut lab, default, device) = bed(SHORT);
    let (mut started, mut buffers) = device.into_parts();
    with(&mut lab, &mut started, &mut buffers);
    with(&mut lab, (&mut started.rx, &mut started.tx), &mut buffers);
    let vmdq_hal::Started { rx, tx, pool } = started;
    let mut pair = (rx, tx);
    with(&mut lab, &mut pair, &mut buffers);
    let mut device: QueueDevice<_, _> = QueueDevice::new(pair, buffers).expect("they belong together");
    works(&mut lab, &mut device);
    let ((rx, tx), buffers) = device.into_parts();
    lab.finish_bare([default.into_parts(), (vmdq_hal::Started { rx, tx, pool }, buffers)]);
}

#[test]
fn what_does_not_belong_together_comes_back() {
    let (lab, default, device) = bed(SHORT);
    let (rings, mut buffers) = device.into_parts();
    let (default, default_buffers) = default.into_parts();

    let (larger, larger_memory) = lab.buffers(BufferSize::kib(4).expect("a size"), 4);
    let refused = QueueDevice::<_, _>::new(rings, larger).map(drop).expect_err("4 KiB for 2");
    assert_eq!(refused.error, NewDeviceError::OtherSize { ring: BufferSize::kib(2).expect("a size") });
    let (rings, larger) = refused.into_value();
    larger_memory.release(larger).expect("all came back");

    let taken: Vec<_> = std::iter::from_fn(|| buffers.take()).collect();
    let refused = QueueDevice::<_, _>::new(rings, buffers).map(drop).expect_err("no buffer to send from");
    assert_eq!(refused.error, NewDeviceError::NoBuffers);
    let (mut rings, mut buffers) = refused.into_value();
    taken.into_iter().for_each(|frame| buffers.put(frame).expect("it came from this pool"));

    let mut default = default;
    let mixed = (&mut default.rx, &mut rings.tx);
    let refused = QueueDevice::<_, _>::new(mixed, &mut buffers).map(drop).expect_err("two pools");
    assert_eq!(refused.error, NewDeviceError::OtherPool);
    lab.finish_bare([(default, default_buffers), (rings, buffers)]);
}

#[test]
fn a_device_that_is_gone_says_so() {
    let (mut lab, default, mut device) = bed(SHORT);
    assert_eq!(device.check(), Ok(()));
    lab.sim.inject_fault(InjectedFault::AllOnes);
    assert_eq!(device.check(), Err(Gone));
    assert!(device.receive(Instant::ZERO).is_none());
    // The ring fills up, and nothing hangs.
    for number in 0..20 {
        send(&mut device, &frame(mac(9).0, number, 60));
    }
    assert!(device.transmit(Instant::ZERO).is_none());
    assert_eq!(default.check(), Err(Gone));
    // Their memory is the controller's for ever.
    std::mem::forget((default, device));
}

/// As few buffers as a device can be made with: one more than the receive ring takes.
#[test]
fn one_buffer_to_send_from_is_enough() {
    let (mut lab, default, mut device) = bed(Shape { buffers: 8, ..SHORT });
    for round in 0..30 {
        inject(&mut lab, &frames(7 * round..7 * round + 7));
        // The copy would take the last buffer, without which the stack would get no token any more.
        assert!(!device.offer(&frame([0xff; 6], 0, 60)));
        let out = frame(mac(9).0, round, 60);
        assert!(send(&mut device, &out));
        assert!(!send(&mut device, &out), "the buffer is on its way");
        assert!(!device.offer(&frame([0xff; 6], 0, 60)));
        assert_eq!(sent(&mut lab), [out]);
        assert_eq!(read_all(&mut device), frames(7 * round..7 * round + 7));
    }
    assert_eq!(device.counters().copies_dropped, 60);
    lab.finish([default, device]);
}

#[test]
fn frames_with_an_error_or_of_a_vlan_stay_away_from_the_stack() {
    let config = Config { strip_tags: true, ..Config::DEFAULT };
    let (mut lab, default, mut device) = bed(Shape { config, ..SHORT });
    let tagged = |control: u16, number| {
        let mut frame = frame(mac(1).0, number, 80);
        frame.splice(12..12, [0x81, 0, (control >> 8) as u8, control as u8]);
        frame
    };
    inject(&mut lab, &[tagged(0x0007, 0), frame(mac(1).0, 1, 80), tagged(0xe000, 2), tagged(0xefff, 3)]);
    // VLAN 0 is a priority alone.
    assert_eq!(read_all(&mut device), [frame(mac(1).0, 1, 80), frame(mac(1).0, 2, 80)]);
    assert_eq!(device.counters().received_dropped, 2);
    lab.sim.inject_fault(InjectedFault::AllErrors);
    inject(&mut lab, &frames(4..6));
    assert_eq!(read_all(&mut device), frames(5..6));
    assert_eq!(device.counters().received_dropped, 3);
    lab.finish([default, device]);
}

#[test]
fn frames_move_without_a_register_read_and_with_few_writes() {
    let (mut lab, default, mut device) = bed(LONG);
    let writes = |lab: &Lab<I82576>| lab.bus.writes();
    assert!(device.receive(Instant::ZERO).is_none());
    lab.bus.reset_counts();
    for round in 0..20 {
        inject(&mut lab, &frames(32 * round..32 * round + 32));
        assert_eq!(read_all(&mut device), frames(32 * round..32 * round + 32));
    }
    // One tail for each 32 buffers, and nothing for a poll that finds nothing.
    assert_eq!((lab.bus.reads(), writes(&lab)), (0, 20));
    lab.bus.reset_counts();
    for number in 0..20 {
        assert!(send(&mut device, &frame(mac(9).0, number, 60)));
        assert_eq!(sent(&mut lab).len(), 1);
    }
    assert_eq!((lab.bus.reads(), writes(&lab)), (0, 20));
    lab.finish([default, device]);
}

#[test]
fn errors_say_what_to_do() {
    for (error, word) in [
        (
            &NewDeviceError::OtherSize { ring: BufferSize::kib(2).expect("a size") }
                as &dyn std::error::Error,
            "2 KiB",
        ),
        (&NewDeviceError::OtherPool, "started together"),
        (&NewDeviceError::NoBuffers, "more buffers"),
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
}
