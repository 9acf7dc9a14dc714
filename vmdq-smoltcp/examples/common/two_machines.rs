//! Two virtual machines of one controller: one has 1 MiB echoed by the other, and pings it, through the
//! virtual switch; a station on the wire pings both.

use smoltcp::time::{Duration, Instant};
use vmdq_core::switch::{Physical, Switch, Virtual};
use vmdq_hal::device::Model;
use vmdq_sim::Sim;
use vmdq_smoltcp::{DeviceCounters, SwitchedDevice, relay_received, relay_sent, smoltcp};

use super::{Client, Lab, MEBIBYTE, Outcome, PINGS, Pinger, STEPS, Server, Shape, Stack, Wire, address, mac};

/// The station on the wire, the machine that asks, and the one that answers.
const STATION: u8 = 200;
const ASKING: u8 = 1;
const ANSWERING: u8 = 2;

/// What came of it.
#[derive(Debug)]
pub struct Between {
    /// Of the machines.
    pub machines: Outcome,
    /// How many pings of the station each machine has answered.
    pub station: [u16; 2],
    /// Frames for one station that reached the wire.
    pub unicast_on_the_wire: usize,
    /// Of the two machines.
    pub counters: [DeviceCounters; 2],
}

/// Runs it to its end on a model of `M`; takes everything down.
pub fn two_machines<M: Model + Default>(sim: Sim, shape: Shape) -> Between {
    let mut lab = Lab::<M>::new(sim, shape);
    let mut switch = Switch::<4, 32>::new(0x5eed);
    let uplink = switch.bind_physical(&Physical::default()).expect("room in the switch");
    let mut default = lab.start(None);
    let mut machines = [ASKING, ANSWERING].map(|station| {
        let id = switch.bind_virtual(&Virtual::default()).expect("room in the switch");
        switch.bind_address(id, mac(station)).expect("room in the switch");
        SwitchedDevice::<_, _, 16, 16>::new(lab.start(Some(mac(station))), id, uplink)
    });
    let [asking, answering] = &mut machines;
    let mut stacks = [Stack::new(ASKING, asking), Stack::new(ANSWERING, answering)];
    let mut client = Client::new(address(ANSWERING), MEBIBYTE);
    let mut pinger = Pinger::new(address(ANSWERING), PINGS);

    // No faster than the receive ring takes it between two polls.
    let mut wire = Wire::new(shape.descriptors - 1);
    let mut station = Stack::new(STATION, &mut wire);
    let mut pingers = [ASKING, ANSWERING].map(|machine| Pinger::new(address(machine), PINGS));

    let (mut now, mut steps) = (Instant::ZERO, 0);
    let mut turn = 0;
    while steps < STEPS {
        let done = client.is_done(&mut stacks[0]) && pinger.is_done();
        if done && pingers.iter().all(Pinger::is_done) {
            break;
        }
        station.poll(now, &mut wire);
        pingers[turn].work(&mut station);
        if pingers[turn].is_done() {
            turn = 1;
        }
        wire.carry(&mut lab.sim);
        let ms = now.total_millis() as u64;
        relay_received(&mut switch, uplink, &mut default, &mut machines, ms);
        for (device, stack) in machines.iter_mut().zip(&mut stacks) {
            stack.poll(now, device);
        }
        client.work(&mut stacks[0]);
        pinger.work(&mut stacks[0]);
        Server::work(&mut stacks[1]);
        relay_sent(&mut switch, &mut machines, ms);
        now += Duration::from_millis(1);
        steps += 1;
    }
    let between = Between {
        machines: Outcome::new(&client, &mut stacks[0], &pinger, steps, lab.sim.drops()),
        station: [pingers[0].answered, pingers[1].answered],
        unicast_on_the_wire: wire.unicast,
        counters: machines.each_ref().map(|machine| machine.device().counters()),
    };
    lab.finish(machines.map(SwitchedDevice::into_device).into_iter().chain([default]));
    between
}
