//! Random machines, filters, traffic and mischief: each machine's memory changes where it shared it and
//! nowhere else, and each frame is delivered in order or counted.

use proptest::prelude::*;
use vmdq::MacAddress;
use vmdq::device::HeaderReplication;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::vmm::GuestRange;
use vmdq_sim::{InjectedFault, Sim};

use crate::How;
use crate::common::{Concrete, GROUP, STRANGER, frame, vm as address};
use crate::world::World;

/// Whom a frame is for.
#[derive(Clone, Copy, Debug)]
enum To {
    Machine(usize),
    All,
    Group,
    Stranger,
}

/// One step; machines are counted modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Frames(To, Option<u16>, usize, usize),
    Send(usize, To, bool, usize),
    Poll(usize),
    PollAll,
    /// Leads the address of a machine to its own queue (0), the default queue (1) or nowhere (2).
    Lead(usize, u8),
    /// Between targeted and ordinary.
    Turn(usize),
    Post(usize, usize),
    Garbage(usize, u8),
    /// Rewrites all its buffers with a frame for another.
    Rewrite(usize, To),
    /// A number that the machine does not have, straight to the ring.
    WrongId(usize, u16),
    Scribble(usize, usize, u32),
    /// Gives up the pages of a buffer, or all it has.
    Release(usize, Option<usize>),
    /// The device lies about the next frame for a machine.
    Lie(usize, InjectedFault, usize),
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        8 => (0..5usize).prop_map(To::Machine),
        2 => Just(To::All),
        1 => Just(To::Group),
        1 => Just(To::Stranger),
    ]
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 60..200usize, 1 => Just(1514), 1 => 1510..1524usize]
}

fn tag() -> impl Strategy<Value = Option<u16>> {
    prop_oneof![
        4 => Just(None),
        3 => prop::sample::select(vec![0, 5, 0x6005, 7, 0x0fff, 0xe000]).prop_map(Some),
    ]
}

fn lie() -> impl Strategy<Value = InjectedFault> {
    prop_oneof![
        any::<u16>().prop_map(InjectedFault::ClaimLength),
        (0..2200u16).prop_map(InjectedFault::ClaimLength),
        any::<u16>().prop_map(InjectedFault::ClaimHeader),
        Just(InjectedFault::NoEndOfPacket),
        Just(InjectedFault::AllErrors),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let m = || 0..5usize;
    prop_oneof![
        14 => (to(), tag(), length(), 1..6usize).prop_map(|(to, tag, len, n)| Step::Frames(to, tag, len, n)),
        3 => (m(), to(), any::<bool>(), length()).prop_map(|(i, to, honest, len)| Step::Send(i, to, honest, len)),
        6 => m().prop_map(Step::Poll),
        3 => Just(Step::PollAll),
        3 => (m(), 0..3u8).prop_map(|(i, way)| Step::Lead(i, way)),
        2 => m().prop_map(Step::Turn),
        12 => (m(), 1..9usize).prop_map(|(i, count)| Step::Post(i, count)),
        3 => (m(), 0..8u8).prop_map(|(i, kind)| Step::Garbage(i, kind)),
        2 => (m(), to()).prop_map(|(i, to)| Step::Rewrite(i, to)),
        1 => (m(), any::<u16>()).prop_map(|(i, id)| Step::WrongId(i, id)),
        1 => (m(), any::<usize>(), prop_oneof![any::<u32>(), 0..64u32]).prop_map(|(i, at, to)| Step::Scribble(i, at, to)),
        1 => (m(), proptest::option::weighted(0.8, 0..8usize)).prop_map(|(i, what)| Step::Release(i, what)),
        2 => (m(), lie(), length()).prop_map(|(i, lie, len)| Step::Lie(i, lie, len)),
    ]
}

/// A life of two to five machines: what each begins with, and the steps.
fn life() -> impl Strategy<Value = (Vec<(bool, bool)>, bool, bool, Vec<Step>)> {
    let machine = (prop::bool::weighted(0.7), prop::bool::weighted(0.3));
    (
        prop::collection::vec(machine, 2..6),
        any::<bool>(),
        prop::bool::weighted(0.4),
        prop::collection::vec(step(), 1..50),
    )
}

fn whom(to: To, machines: usize) -> MacAddress {
    match to {
        To::Machine(i) => address(i % machines + 1),
        To::All => MacAddress::BROADCAST,
        To::Group => GROUP,
        To::Stranger => STRANGER,
    }
}

/// Lives a life; every step ends with a look at all memory. With `lies`, the device lies too.
fn live<M: HeaderReplication + Concrete>(bed: Sim, life: &(Vec<(bool, bool)>, bool, bool, Vec<Step>)) {
    let (machines, hardware, lies, steps) = life;
    let how = if *hardware { How::Hardware(64) } else { How::Software };
    let mut world = World::<M>::start(bed, how, machines);
    let count = machines.len();
    world.vms.iter_mut().for_each(|vm| vm.post_good(5));
    world.check();
    for step in steps {
        match *step {
            Step::Frames(to, tag, len, times) => {
                (0..times).for_each(|_| world.inject(whom(to, count), tag, len));
            }
            Step::Send(i, to, honest, len) => world.send(i % count, whom(to, count), honest, len),
            Step::Poll(i) => world.poll(i % count),
            Step::PollAll => world.poll_all(),
            Step::Lead(i, way) => {
                let queue = world.vms[i % count].queue;
                world.lead(i % count, [queue, Some(0), None][usize::from(way)]);
            }
            Step::Turn(i) => world.turn(i % count),
            Step::Post(i, buffers) => world.vms[i % count].post_good(buffers),
            Step::Garbage(i, kind) => {
                let other = world.vms[(i + 1) % count].buffers[0];
                world.vms[i % count].post_garbage(kind, other);
            }
            Step::Rewrite(i, to) => {
                world.vms[i % count].rewrite(&frame(whom(to, count), 0, 60));
            }
            Step::WrongId(i, id) => {
                let vm = &mut world.vms[i % count];
                if let Some(pair) = vm.targeted.as_mut().filter(|pair| pair.rx.shared(id).is_none()) {
                    assert!(pair.rx.give_back(id).is_err() && pair.rx.unshare(id).is_err());
                }
            }
            Step::Scribble(i, at, value) => world.vms[i % count].scribble(at, value),
            Step::Release(i, what) => {
                let vm = &world.vms[i % count];
                let memory = vm.machine.guest.memory();
                vm.machine
                    .guest
                    .release(what.map_or(memory, |id| GuestRange { len: 4096, ..vm.buffers[id] }));
            }
            Step::Lie(i, fault, len) if *lies && world.is_targeted(i % count) => {
                world.lied = true;
                world.setup.bed.inject_fault(fault);
                world.inject(address(i % count + 1), None, len.min(1514));
                world.setup.bed.clear_faults();
            }
            Step::Lie(..) => {}
        }
        // Nothing else moves a byte.
        if matches!(step, Step::Frames(..) | Step::Send(..) | Step::Poll(_) | Step::Lie(..)) {
            world.check();
        }
    }
    world.finish();
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn machines_are_isolated_on_the_82575(life in life()) {
        live::<I82575>(Sim::i82575(), &life);
    }

    #[test]
    fn machines_are_isolated_on_the_82576(life in life()) {
        live::<I82576>(Sim::i82576(), &life);
    }

    #[test]
    fn machines_are_isolated_on_the_82598(life in life()) {
        live::<I82598>(Sim::i82598(), &life);
    }
}
