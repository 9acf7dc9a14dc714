//! What the runs of the example never do, since honest machines send nothing there: they do here.

use vmdq::channel::{GuestBuffer, Status, VirtualDriver};
use vmdq::vmm::GuestRange;
use vmdq::{Any, MacAddress, ModelName};
use vmdq_sim::{Guests, InjectedFault, Sim, Testbed};

use super::line::Receive;
use super::{Hypervisor, buffer_size};
use crate::vm::{ENTRIES, Identity, Layout, Programs};

const STRANGER: MacAddress = MacAddress([0x02, 0xaa, 0, 0, 0, 1]);

fn mac(number: usize) -> MacAddress {
    MacAddress([0x02, 0, 0, 0, 0, number as u8])
}

struct Machine {
    layout: Layout,
    driver: VirtualDriver<'static, ENTRIES>,
    sent: u16,
}

impl Machine {
    fn send(&mut self, frame: &[u8], tag: Option<u16>) {
        let (place, id) = (self.layout.outgoing[0], self.sent);
        self.layout.guest.write(place.at, frame).unwrap();
        let range = GuestRange { len: frame.len() as u32, ..place };
        self.driver.send(GuestBuffer { id, range }, tag).unwrap();
        self.sent += 1;
    }

    /// Takes one frame, with its tag.
    fn receive(&mut self) -> Option<(Vec<u8>, Option<u16>)> {
        let done = self.driver.received().unwrap()?;
        assert_eq!(done.status, Status::Done);
        let mut frame = vec![0; done.length as usize];
        self.layout.guest.read(done.buffer.range.at, &mut frame).unwrap();
        self.driver.post(done.buffer).unwrap();
        Some((frame, done.tag))
    }
}

/// Two machines, of which the first shares buffers.
fn start() -> (Hypervisor, Vec<Machine>) {
    let guests = Guests::new();
    let size = buffer_size().unwrap().bytes() as u32;
    let machines: Vec<_> = (0..2)
        .map(|number| {
            let identity = Identity { mac: mac(number), shares: number == 0, hostile: false };
            (identity, Layout::new(&guests, size).unwrap())
        })
        .collect();
    let mut hypervisor =
        Hypervisor::start(Sim::i82598(), Any::new(ModelName::I82598).unwrap(), guests, &machines).unwrap();
    let drivers = machines.into_iter().map(|(_, layout)| {
        let mut driver = VirtualDriver::new(layout.receive, layout.transmit).unwrap();
        for (id, range) in (0..).zip(&layout.buffers) {
            driver.post(GuestBuffer { id, range: *range }).unwrap();
        }
        Machine { layout, driver, sent: 0 }
    });
    let drivers = drivers.collect();
    hypervisor.refill();
    (hypervisor, drivers)
}

fn frame(to: MacAddress, from: MacAddress) -> Vec<u8> {
    let mut frame = [&to.0[..], &from.0, &[0x88, 0xb5]].concat();
    frame.resize(60, 7);
    frame
}

#[test]
fn machines_that_send_reach_each_other_and_the_wire() {
    let (mut hypervisor, mut machines) = start();
    let mut nobody = Programs(Vec::new());
    let [to_other, to_all, to_wire] = [mac(1), MacAddress::BROADCAST, STRANGER].map(|to| frame(to, mac(0)));
    machines[0].send(&to_other, Some(5));
    hypervisor.round(&mut nobody).unwrap();
    machines[0].send(&to_all, None);
    hypervisor.round(&mut nobody).unwrap();
    let back = frame(mac(0), mac(1));
    machines[1].send(&back, None);
    hypervisor.round(&mut nobody).unwrap();
    machines[0].send(&to_wire, Some(0xa005));
    hypervisor.round(&mut nobody).unwrap();
    // A machine that shares gets what another one sent by copy.
    assert_eq!(machines[0].receive(), Some((back, None)));
    assert_eq!(machines[1].receive(), Some((to_other, Some(5))));
    assert_eq!(machines[1].receive(), Some((to_all.clone(), None)));
    assert!(machines.iter_mut().all(|machine| machine.receive().is_none()));
    for (machine, sent) in machines.iter_mut().zip([3, 1]) {
        assert_eq!(core::iter::from_fn(|| machine.driver.reclaim().unwrap()).count(), sent);
    }

    let _ = hypervisor.bed.settle();
    let sent: Vec<_> = hypervisor.bed.take_sent().into_iter().map(|sent| (sent.bytes, sent.queue)).collect();
    let tagged = [&to_wire[..12], &[0x81, 0x00, 0xa0, 0x05], &to_wire[12..]].concat();
    assert_eq!(sent.last(), Some(&(tagged, Some(1))));
    let outcome = hypervisor.stop().unwrap();
    assert_eq!((outcome.totals.local, outcome.totals.flooded), (2, 1));
    assert_eq!(outcome.machines[0].sent, 3);
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
}

#[test]
fn a_shared_buffer_comes_back_when_the_switch_drops_its_frame() {
    let (mut hypervisor, mut machines) = start();
    let mut nobody = Programs(Vec::new());
    let buffers = |hypervisor: &Hypervisor| match &hypervisor.lines[0].receive {
        Receive::Targeted(ring) => ring.posted() + ring.held(),
        Receive::Copying(_) => panic!("the first machine shares"),
    };
    let before = buffers(&hypervisor);
    hypervisor.bed.inject_fault(InjectedFault::AllErrors);
    hypervisor.inject(&frame(mac(0), STRANGER));
    hypervisor.round(&mut nobody).unwrap();
    hypervisor.refill();
    assert_eq!(buffers(&hypervisor), before);
    assert!(machines[0].receive().is_none());
    let outcome = hypervisor.stop().unwrap();
    assert_eq!(outcome.totals.dropped_by_switch, [("error", 1)].into());
}

#[test]
fn a_frame_under_another_name_reaches_nobody() {
    let (mut hypervisor, mut machines) = start();
    let mut nobody = Programs(Vec::new());
    machines[1].send(&frame(mac(0), STRANGER), None);
    hypervisor.round(&mut nobody).unwrap();
    hypervisor.round(&mut nobody).unwrap();
    assert!(machines[0].receive().is_none());
    let outcome = hypervisor.stop().unwrap();
    assert_eq!((outcome.totals.sent, outcome.machines[1].sent), (0, 0));
    assert_eq!(outcome.totals.dropped_by_switch, [("spoofed", 1)].into());
}
