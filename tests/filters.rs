//! The filter table: what it refuses, and what hardware sorts by when it is cut short.
//!
//! Register writes end after each single one of an operation, as in a crash. From then on no frame
//! may reach a queue that neither the old nor the new table names, the default queue aside; and a
//! replay must end in the new table.

mod common;

use common::{Concrete, GROUP, Plan, STRANGER, Setup, SimMachine, frame, vm};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::{BindError, FilterError, MacAddress, PoolIndex, Refused};
use vmdq_sim::{Cut, Sim, SimBus, Testbed};

/// Addresses whose register halves all differ, so that half-written ones show.
const OLD: MacAddress = MacAddress([0x02, 0x11, 0x11, 0x11, 0x11, 0x11]);
const NEW: MacAddress = MacAddress([0x02, 0x22, 0x22, 0x22, 0x22, 0x22]);
const OTHER: MacAddress = MacAddress([0x02, 0x33, 0x33, 0x33, 0x33, 0x33]);

type Cuts<M> = Setup<M, SimMachine<Cut<SimBus>>, Sim>;

/// Every address that can come together from halves of those in use; 0 is what a cleared register holds.
fn probes() -> Vec<MacAddress> {
    let halves = [OLD, NEW, OTHER, MacAddress([0; 6])];
    let mix = |low: MacAddress, high: MacAddress| {
        MacAddress::from_register_halves(low.register_halves().0, high.register_halves().1)
    };
    halves.iter().flat_map(|&low| halves.map(|high| mix(low, high))).collect()
}

/// Where a table leads an address.
fn queue_of(table: &[(MacAddress, usize)], address: MacAddress) -> usize {
    table.iter().find(|(bound, _)| *bound == address).map_or(0, |(_, queue)| *queue)
}

/// Which queues a frame may reach after a cut.
#[derive(Clone, Copy, PartialEq)]
enum Allowed {
    /// That of the old or of the new table.
    OldOrNew,
    /// These, or the default queue.
    OrDefault,
}

/// Cuts an operation after each of its writes, and looks where frames go then and after a replay.
fn cut_everywhere<M: Concrete>(
    bed: impl Fn() -> Sim,
    old: &[(MacAddress, usize)],
    new: &[(MacAddress, usize)],
    allowed: Allowed,
    prepare: impl Fn(&mut Cuts<M>, &Cut<SimBus>),
    operation: impl Fn(&mut Cuts<M>),
) {
    let plan = Plan { descriptors: 64, buffers: 40, ..Plan::default() };
    let mut writes = 0;
    loop {
        let bed = bed();
        let cut = Cut::new(bed.bus());
        let machine = bed.platform_over(cut.clone());
        let mut setup = Cuts::<M>::start_on(bed, machine, plan);
        prepare(&mut setup, &cut);
        for &(address, queue) in old {
            assert_eq!(setup.lands(&frame(address, 0, 60)), [queue], "the old table stands");
        }
        cut.after(writes);
        operation(&mut setup);
        let lost = cut.lost();
        for address in probes() {
            let landed = setup.lands(&frame(address, 0, 60));
            let (before, after) = (queue_of(old, address), queue_of(new, address));
            let good =
                landed == [before] || landed == [after] || allowed == Allowed::OrDefault && landed == [0];
            assert!(good, "{address} after {writes} writes: {landed:?}, not {before} or {after}");
            if lost == 0 {
                assert_eq!(landed, [after], "{address} without a cut");
            }
        }
        cut.mend();
        setup.table.replay();
        for address in probes() {
            assert_eq!(
                setup.lands(&frame(address, 0, 60)),
                [queue_of(new, address)],
                "{address} after the replay"
            );
        }
        setup.finish();
        if lost == 0 {
            break;
        }
        writes += 1;
    }
    assert!(writes > 0, "the operation writes nothing");
}

/// Runs a test on each model.
macro_rules! on_every_model {
    ($($test:ident),+ $(,)?) => {
        mod i82575 { $(#[test] fn $test() { super::$test::<super::I82575>(super::Sim::i82575); })+ }
        mod i82576 { $(#[test] fn $test() { super::$test::<super::I82576>(super::Sim::i82576); })+ }
        mod i82598 { $(#[test] fn $test() { super::$test::<super::I82598>(super::Sim::i82598); })+ }
    };
}

on_every_model! {
    a_cut_bind_leaves_the_old_or_the_new_table,
    a_cut_bind_of_a_used_slot_leaves_the_old_or_the_new_table,
    a_cut_move_leaves_the_old_or_the_new_table,
    a_cut_unbind_leaves_the_old_or_the_new_table,
    a_cut_replay_leads_nothing_astray,
    a_replay_over_another_table_leads_nothing_astray,
    a_replay_over_exchanged_slots_leads_nothing_astray,
    a_refused_slot_comes_back,
    what_is_bound_is_listed,
}

fn a_cut_bind_leaves_the_old_or_the_new_table<M: Concrete>(bed: fn() -> Sim) {
    let (old, new) = ([(OTHER, 2)], [(OTHER, 2), (NEW, 1)]);
    let prepare = |setup: &mut Cuts<M>, _: &Cut<SimBus>| {
        setup.bind(OTHER, 2);
    };
    cut_everywhere::<M>(bed, &old, &new, Allowed::OldOrNew, prepare, |setup| {
        setup.bind(NEW, 1);
    });
}

/// The slot's registers still held another address, had removal left it there.
fn a_cut_bind_of_a_used_slot_leaves_the_old_or_the_new_table<M: Concrete>(bed: fn() -> Sim) {
    let prepare = |setup: &mut Cuts<M>, _: &Cut<SimBus>| {
        let id = setup.bind(OLD, 2);
        let slot = setup.table.unbind(id).expect("the filter is removed");
        setup.slots.insert(0, slot);
    };
    cut_everywhere::<M>(bed, &[], &[(NEW, 1)], Allowed::OldOrNew, prepare, |setup| {
        setup.bind(NEW, 1);
    });
}

fn a_cut_move_leaves_the_old_or_the_new_table<M: Concrete>(bed: fn() -> Sim) {
    let (old, new) = ([(OLD, 1), (OTHER, 2)], [(OLD, 3), (OTHER, 2)]);
    let prepare = |setup: &mut Cuts<M>, _: &Cut<SimBus>| {
        setup.bind(OLD, 1);
        setup.bind(OTHER, 2);
    };
    // One register decides: not even the default queue gets a frame on the way.
    cut_everywhere::<M>(bed, &old, &new, Allowed::OldOrNew, prepare, |setup| {
        let id = setup.table.find(OLD).expect("it is bound").id;
        setup.move_to(id, 3);
    });
}

fn a_cut_unbind_leaves_the_old_or_the_new_table<M: Concrete>(bed: fn() -> Sim) {
    let (old, new) = ([(OLD, 1), (OTHER, 2)], [(OTHER, 2)]);
    let prepare = |setup: &mut Cuts<M>, _: &Cut<SimBus>| {
        setup.bind(OLD, 1);
        setup.bind(OTHER, 2);
    };
    cut_everywhere::<M>(bed, &old, &new, Allowed::OldOrNew, prepare, |setup| {
        let id = setup.table.find(OLD).expect("it is bound").id;
        setup.unbind(id);
    });
}

fn a_cut_replay_leads_nothing_astray<M: Concrete>(bed: fn() -> Sim) {
    let table = [(OLD, 1), (NEW, 2), (OTHER, 3)];
    let prepare = |setup: &mut Cuts<M>, _: &Cut<SimBus>| {
        for (address, queue) in table {
            setup.bind(address, queue);
        }
    };
    cut_everywhere::<M>(bed, &table, &table, Allowed::OrDefault, prepare, |setup| setup.table.replay());
}

/// Hardware holds one table, the shadow another: the writes between were lost.
fn a_replay_over_another_table_leads_nothing_astray<M: Concrete>(bed: fn() -> Sim) {
    let (old, new) = ([(OLD, 1), (OTHER, 2)], [(NEW, 3), (OTHER, 1)]);
    let prepare = |setup: &mut Cuts<M>, cut: &Cut<SimBus>| {
        let first = setup.bind(OLD, 1);
        let second = setup.bind(OTHER, 2);
        cut.after(0);
        let slot = setup.table.unbind(first).expect("the filter is removed");
        setup.slots.insert(0, slot);
        setup.bind(NEW, 3);
        setup.move_to(second, 1);
        cut.mend();
    };
    cut_everywhere::<M>(bed, &old, &new, Allowed::OrDefault, prepare, |setup| setup.table.replay());
}

/// The same addresses in each other's slots: at no time may two slots hold one address.
fn a_replay_over_exchanged_slots_leads_nothing_astray<M: Concrete>(bed: fn() -> Sim) {
    let (old, new) = ([(OLD, 1), (OTHER, 2)], [(OLD, 3), (OTHER, 1)]);
    let prepare = |setup: &mut Cuts<M>, cut: &Cut<SimBus>| {
        let first = setup.bind(OLD, 1);
        let second = setup.bind(OTHER, 2);
        cut.after(0);
        let slots = [first, second].map(|id| setup.table.unbind(id).expect("the filter is removed"));
        setup.slots.splice(0..0, slots);
        setup.bind(OTHER, 1);
        setup.bind(OLD, 3);
        cut.mend();
    };
    cut_everywhere::<M>(bed, &old, &new, Allowed::OrDefault, prepare, |setup| setup.table.replay());
}

fn a_refused_slot_comes_back<M: Concrete>(bed: fn() -> Sim) {
    let mut setup = Setup::<M, _, _>::start(bed(), Plan::default());
    let bound = setup.bind(vm(1), 1);
    let own = setup.port.address();
    let refused = [
        (GROUP, BindError::NotUnicast),
        (MacAddress::BROADCAST, BindError::NotUnicast),
        (MacAddress([0; 6]), BindError::NotUnicast),
        (own, BindError::PortAddress),
        (vm(1), BindError::AlreadyBound(bound)),
    ];
    let pool = &setup.pairs[2].as_ref().expect("the queue runs").pool;
    let mut slot = setup.slots.remove(0);
    let entry = slot.entry();
    for (address, expected) in refused {
        let Refused { error, value } = setup.table.bind(slot, address, pool).expect_err("refused");
        assert_eq!(error, expected, "{address}");
        slot = value;
        assert_eq!(slot.entry(), entry);
    }
    // It is as good as before, and what was refused changed nothing.
    setup.slots.insert(0, slot);
    let id = setup.bind(vm(2), 2);
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    assert_eq!(setup.lands(&frame(vm(2), 0, 60)), [2]);
    assert_eq!(setup.lands(&frame(own, 0, 60)), [0]);
    // A filter that is gone is gone for every operation.
    setup.unbind(id);
    let pool = &setup.pairs[3].as_ref().expect("the queue runs").pool;
    assert_eq!(setup.table.move_to(id, pool), Err(FilterError::NotBound));
    assert_eq!(setup.table.unbind(id).map(|slot| slot.entry()), Err(FilterError::NotBound));
    assert_eq!(setup.lands(&frame(vm(2), 0, 60)), [0]);
    setup.finish();
}

fn what_is_bound_is_listed<M: Concrete>(bed: fn() -> Sim) {
    let mut setup = Setup::<M, _, _>::start(bed(), Plan::default());
    let ids = [3, 1, 2].map(|i| setup.bind(vm(i), i));
    let listed = |setup: &Setup<M, SimMachine, Sim>| {
        setup.table.bindings().map(|found| (found.id, found.address, found.pool.number())).collect::<Vec<_>>()
    };
    assert_eq!(listed(&setup), [(ids[0], vm(3), 3), (ids[1], vm(1), 1), (ids[2], vm(2), 2)]);
    setup.unbind(ids[1]);
    setup.move_to(ids[2], 3);
    assert_eq!(listed(&setup), [(ids[0], vm(3), 3), (ids[2], vm(2), 3)]);
    let led_to = [0, 1, 3].map(|pool| setup.table.leads_to(PoolIndex::new(pool)));
    assert_eq!(led_to, [false, false, true]);
    assert_eq!(setup.table.find(STRANGER), None);
    setup.finish();
}
