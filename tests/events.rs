//! Feature `log`: a port's life can be followed in a log, and frames leave no trace in it.

mod common;

use std::cell::RefCell;

use common::{Concrete, Plan, QueuePair, Setup, frame, gather, ready, vm};
use log::{Level, LevelFilter, Log, Metadata, Record};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::{Config, Gone, MacAddress, Port, Started};
use vmdq_sim::{InjectedFault, Sim, Testbed};

/// Keeps what was logged, each thread its own.
struct Kept;

thread_local! {
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.with_borrow_mut(|lines| lines.push((record.level(), record.args().to_string())));
    }

    fn flush(&self) {}
}

/// Starts to keep what is logged.
fn keep() {
    // Whichever test comes second finds it installed.
    if log::set_logger(&Kept).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
    LINES.take();
}

/// Returns what was logged since, and of which level all of it was.
fn logged(level: Level) -> Vec<String> {
    let lines = LINES.take();
    assert!(lines.iter().all(|(found, _)| *found == level), "{lines:?}");
    lines.into_iter().map(|(_, text)| text).collect()
}

/// Sees that these lines were logged, each behind the name of the model.
fn expect<M: Concrete>(level: Level, lines: &[&str]) {
    let name = common::limits::<M>().name;
    let lines: Vec<_> = lines.iter().map(|line| format!("{name}: {line}")).collect();
    assert_eq!(logged(level), lines);
}

fn a_life<M: Concrete>(sim: fn() -> Sim, up: &str) {
    keep();
    let bed = sim();
    let own = MacAddress(bed.mac());
    let platform = bed.platform();
    let port = ready::<M, _>(platform, &Config::default());
    expect::<M>(Level::Info, &["reset", &format!("initialised, address {own}"), up]);

    let mut setup = Setup::stopped(bed, port, Plan::default());
    expect::<M>(Level::Info, &["VMDq is on"]);
    for pool in setup.idle.drain(..2).collect::<Vec<_>>() {
        setup.run(pool);
    }
    expect::<M>(Level::Info, &["pool 0 started", "pool 1 started"]);
    let id = setup.bind(vm(1), 1);
    setup.move_to(id, 0);
    setup.table.replay();
    let pool = &setup.pairs[1].as_ref().unwrap().pool;
    setup.port.route(&mut setup.vectors[2], pool).unwrap();
    setup.port.route_others(&mut setup.vectors[0]).unwrap();
    let bound = format!("filter 1 leads {} to pool 1", vm(1));
    expect::<M>(
        Level::Info,
        &[
            &bound,
            "filter 1 moved to pool 0",
            "filters written again",
            "vector 2 serves pool 1",
            "vector 0 serves all other causes",
        ],
    );

    // Frames, both ways.
    assert_eq!(setup.lands(&frame(vm(1), 1, 100)), [0]);
    setup.pair(0).send(&[frame(vm(7), 2, 100)]);
    assert_eq!(setup.bed.settle(), vmdq_sim::Settled::Idle);
    setup.pair(0).reclaim();
    assert_eq!(logged(Level::Info), [""; 0]);

    setup.unbind(id);
    setup.stop(1);
    expect::<M>(Level::Info, &["filter 1 removed", "pool 1 stopped"]);
    let Setup { port, table, slots, vectors, mut idle, mut pairs, .. } = setup;
    let port = port.quiesce().unwrap();
    let QueuePair { rx, tx, pool, .. } = pairs[0].take().unwrap();
    let stopped = Started { rx, tx, pool }.recover(&port, drop).map_err(|refused| refused.error).unwrap();
    idle.push(stopped.pool);
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).map_err(|refused| refused.error).unwrap();
    expect::<M>(Level::Info, &["quiesced", "memory of pool 0 recovered", "to be reset"]);

    let port = port.init(&Config::default()).map_err(|refused| refused.error).unwrap();
    let (port, parts) = port.enable().into_parts();
    let port = port.disable(parts).map_err(|refused| refused.error).unwrap();
    let initialised = format!("initialised, address {own}");
    expect::<M>(Level::Info, &["reset", &initialised, "VMDq is on", "VMDq is off"]);
    drop(port);
}

#[test]
fn a_life_of_the_82575_is_logged() {
    a_life::<I82575>(Sim::i82575, "link Up(Gbit1)");
}

#[test]
fn a_life_of_the_82576_is_logged() {
    a_life::<I82576>(Sim::i82576, "link Up(Gbit1)");
}

#[test]
fn a_life_of_the_82598_is_logged() {
    a_life::<I82598>(Sim::i82598, "link Up(Gbit10)");
}

/// A device that goes is a warning wherever it is found out.
#[test]
fn faults_are_warnings() {
    let sim = Sim::i82576();
    let mut setup = Setup::<I82576, _, _>::start(sim, Plan::default());
    keep();
    setup.bed.inject_fault(InjectedFault::AllOnes);
    let gone = Gone.to_string();
    let QueuePair { rx, tx, pool, .. } = setup.pairs[1].take().unwrap();
    let _started = Started { rx, tx, pool }.stop(&setup.table, drop).expect_err("the device is gone");
    expect::<I82576>(Level::Warn, &[&format!("pool 1 not stopped: {gone}")]);
    let _port = setup.port.quiesce().expect_err("the device is gone");
    expect::<I82576>(Level::Warn, &[&format!("not quiesced: {gone}")]);
    // SAFETY: a model of this kind, which checks its DMA.
    let port = unsafe { Port::new(I82576, setup.bed.platform()) };
    let _port = port.init(&Config::default()).expect_err("the device is gone");
    expect::<I82576>(Level::Warn, &[&format!("not initialised: {gone}")]);
}
