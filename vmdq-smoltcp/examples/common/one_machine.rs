//! A station on the wire has 1 MiB echoed by a virtual machine, and pings it.

use smoltcp::time::{Duration, Instant};
use vmdq_hal::device::Model;
use vmdq_sim::{Sim, Testbed};
use vmdq_smoltcp::{DeviceCounters, smoltcp};

use super::{Client, Lab, MEBIBYTE, Outcome, PINGS, Pinger, STEPS, Server, Shape, Stack, Wire, address, mac};

/// The station on the wire, and the machine.
const STATION: u8 = 200;
const MACHINE: u8 = 1;

/// Runs it to its end on a model of `M`; takes everything down.
pub fn one_machine<M: Model + Default>(sim: Sim, shape: Shape) -> (Outcome, DeviceCounters) {
    let mut lab = Lab::<M>::new(sim, shape);
    let mut default = lab.start(None);
    let mut device = lab.start(Some(mac(MACHINE)));
    let mut machine = Stack::new(MACHINE, &mut device);

    // No faster than the receive ring takes it between two polls.
    let mut wire = Wire::new(shape.descriptors - 1);
    let mut station = Stack::new(STATION, &mut wire);
    let mut client = Client::new(address(MACHINE), MEBIBYTE);
    let mut pinger = Pinger::new(address(MACHINE), PINGS);

    let (mut now, mut steps) = (Instant::ZERO, 0);
    while steps < STEPS && !(client.is_done(&mut station) && pinger.is_done()) {
        station.poll(now, &mut wire);
        client.work(&mut station);
        pinger.work(&mut station);
        wire.carry(&mut lab.sim);

        default.fan_out(&mut [&mut device]); // ARP requests are broadcast
        default.discard(); // the host has no stack of its own here
        machine.poll(now, &mut device);
        Server::work(&mut machine);

        now += Duration::from_millis(1);
        steps += 1;
    }
    let outcome = Outcome::new(&client, &mut station, &pinger, steps, lab.sim.drops());
    let counters = device.counters();
    lab.finish([default, device]);
    (outcome, counters)
}
