//! The way on when pools can't be seen to stop: all DMA of the port ends, a reset follows, and the plan
//! brings back what led where.

use vmdq::{Fault, MacAddress, Port, Quiesced, Ready, Refused, Restore, RestoreError, Started, Stopped};
use vmdq_sim::{PlatformOf, Settled};

use crate::bed::Bed;
use crate::common::{Concrete, Plan, QueuePair, Setup, frame, gather, limits, pools, vm};

/// A quiesced port, with what belongs to it.
struct Quiet<M: Concrete, T: Bed> {
    port: Port<M, PlatformOf<T>, Quiesced>,
    setup: Rest<M, T>,
}

/// A setup without its port and its queue pairs.
struct Rest<M: Concrete, T: Bed> {
    bed: T,
    plan: Plan,
    table: vmdq::FilterTable<M, PlatformOf<T>>,
    slots: Vec<vmdq::FilterSlot<M>>,
    vectors: Vec<vmdq::Vector<M, PlatformOf<T>>>,
    idle: Vec<vmdq::Pool<M, PlatformOf<T>, vmdq::Idle>>,
}

/// Ends all DMA of a setup's port and takes the memory of every pool back, filters bound or not.
fn quiesce<M: Concrete, T: Bed>(setup: Setup<M, PlatformOf<T>, T>) -> Quiet<M, T> {
    let Setup { bed, plan, port, table, slots, vectors, mut idle, pairs, .. } = setup;
    let port = port.quiesce().expect("the device comes to rest");
    for QueuePair { rx, tx, pool, mut buffers, memory } in pairs.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room in the pool");
        let Stopped { pool, .. } = Started { rx, tx, pool }.recover(&port, put).expect("it is at rest");
        let _ = memory.release(buffers).expect("all frames are home");
        idle.push(pool);
    }
    Quiet { port, setup: Rest { bed, plan, table, slots, vectors, idle } }
}

/// Resets a quiesced port and brings it to the state before VMDq, with a link.
fn reset<M: Concrete, T: Bed>(quiet: Quiet<M, T>) -> (T, Plan, Port<M, PlatformOf<T>, Ready>) {
    let Quiet { port, setup: Rest { bed, plan, table, slots, vectors, idle } } = quiet;
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).expect("all came back");
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    (bed, plan, port)
}

/// Quiesces a port with traffic under way, takes everything back, and resets it.
fn quiesce_and_reset<M: Concrete, T: Bed>(bed: T) -> Setup<M, PlatformOf<T>, T> {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    setup.inject(&[frame(vm(1), 0, 60), frame(MacAddress::BROADCAST, 1, 60)]);
    setup.pair(2).send(&[frame(vm(9), 2, 60)]);
    // No filter has to go before its pool does: nothing moves any more.
    let (bed, plan, port) = reset(quiesce(setup));
    Setup::enable(bed, port, plan)
}

pub(crate) fn a_quiesced_port_gives_memory_back<M: Concrete, T: Bed>(bed: T) {
    quiesce_and_reset::<M, T>(bed).finish();
}

pub(crate) fn a_quiesced_port_starts_over<M: Concrete, T: Bed>(bed: T) {
    let mut setup = quiesce_and_reset::<M, T>(bed);
    // What was on its way before is not delivered to the new life.
    assert_eq!(setup.receive(), []);
    setup.bind(vm(1), 3);
    assert_eq!(setup.lands(&frame(vm(1), 5, 60)), [3]);
    let sent = frame(vm(9), 6, 60);
    setup.pair(1).send(std::slice::from_ref(&sent));
    let _ = setup.bed.settle();
    let wire: Vec<_> = setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect();
    assert_eq!(wire.last(), Some(&sent));
    setup.finish();
}

/// The pools that get the address of their virtual machine.
fn bound<M: Concrete>() -> impl Iterator<Item = usize> {
    (1..pools::<M>()).filter(|&queue| queue != 2 && queue != 3)
}

/// Binds addresses and routes, and has traffic in every filtered pool.
fn planned<M: Concrete, T: Bed>(bed: T) -> Setup<M, PlatformOf<T>, T> {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // Pool 1 has two addresses, and two pools have none: some models have no more filters than pools.
    bound::<M>().for_each(|queue| {
        setup.bind(vm(queue), queue);
    });
    setup.bind(vm(100), 1);
    for queue in 1..pools::<M>() {
        let pool = &setup.pairs[queue].as_ref().expect("the pool runs").pool;
        let vector = queue % usize::from(limits::<M>().vectors);
        setup.port.route(&mut setup.vectors[vector], pool).expect("both are this port's");
    }
    setup.port.route_others(&mut setup.vectors[0]).expect("it is this port's");
    assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [1]);
    setup
}

/// Restores a plan on a port that was reset, and sees that frames flow to the same pools.
fn restored<M: Concrete, T: Bed>(
    (bed, plan, port): (T, Plan, Port<M, PlatformOf<T>, Ready>),
    what: &vmdq::Plan,
) {
    let mut setup = Setup::enable(bed, port, plan);
    let mut slots = Vec::from_iter(std::mem::take(&mut setup.slots).into_iter().map(Some));
    let running = Vec::from_iter(setup.pairs.iter().flatten().map(|pair| &pair.pool));
    let with =
        Restore { table: &mut setup.table, slots: &mut slots, pools: &running, vectors: &mut setup.vectors };
    setup.port.restore(what, with).expect("everything the plan names is there");
    setup.slots = slots.into_iter().flatten().collect();
    assert_eq!(setup.port.plan(&setup.table), *what);
    // What has waited on the wire.
    let _ = setup.bed.settle();
    setup.receive();
    for queue in bound::<M>() {
        assert_eq!(setup.lands(&frame(vm(queue), 7, 60)), [queue]);
    }
    for queue in 1..pools::<M>() {
        let vector = &setup.vectors[queue % usize::from(limits::<M>().vectors)];
        assert!(vector.pools().contains(vmdq::PoolIndex::new(queue as u8)));
    }
    assert_eq!(setup.lands(&frame(vm(100), 8, 60)), [1]);
    setup.finish();
}

pub(crate) fn a_plan_is_restored_after_a_reset<M: Concrete, T: Bed>(bed: T) {
    let setup = planned::<M, T>(bed);
    let plan = setup.port.plan(&setup.table);
    assert_eq!(plan.filters().count(), bound::<M>().count() + 1);
    assert_eq!(plan.others_route(), Some(vmdq::VectorIndex::new(0)));
    let quiet = quiesce(setup);
    assert_eq!(quiet.port.plan(&quiet.setup.table), plan, "it can be taken late");
    restored::<M, T>(reset(quiet), &plan);
}

pub(crate) fn a_plan_names_what_has_to_be_there<M: Concrete, T: Bed>(bed: T) {
    let mut stranger = Setup::<M, _, T>::start(bed.another(), Plan::default());
    let setup = planned::<M, T>(bed);
    let plan = setup.port.plan(&setup.table);
    let (bed, how, port) = reset(quiesce(setup));
    let mut setup = Setup::enable(bed, port, how);
    let missing = vmdq::PoolIndex::new(1);
    let mut slots = Vec::from_iter(std::mem::take(&mut setup.slots).into_iter().map(Some));
    let all = Vec::from_iter(setup.pairs.iter().flatten().map(|pair| &pair.pool));
    let but_one = Vec::from_iter(all.iter().copied().filter(|pool| pool.index() != missing));
    let with =
        Restore { table: &mut setup.table, slots: &mut slots, pools: &but_one, vectors: &mut setup.vectors };
    assert_eq!(setup.port.restore(&plan, with), Err(RestoreError::NotRunning(missing)));
    let with =
        Restore { table: &mut setup.table, slots: &mut slots, pools: &all, vectors: &mut setup.vectors[1..] };
    assert_eq!(setup.port.restore(&plan, with), Err(RestoreError::NoVector(vmdq::VectorIndex::new(0))));
    let with =
        Restore { table: &mut setup.table, slots: &mut slots[..1], pools: &all, vectors: &mut setup.vectors };
    assert_eq!(setup.port.restore(&plan, with), Err(RestoreError::NoSlot));
    // A slot of another port among them.
    let strange = stranger.slots.remove(0);
    let own = slots[0].replace(strange);
    let with =
        Restore { table: &mut setup.table, slots: &mut slots, pools: &all, vectors: &mut setup.vectors };
    assert_eq!(setup.port.restore(&plan, with), Err(RestoreError::OtherPort));
    stranger.slots.extend(std::mem::replace(&mut slots[0], own));
    stranger.finish();
    assert_eq!(setup.table.bindings().count(), 0, "nothing was changed");
    assert!(slots.iter().all(Option::is_some), "nothing was taken");
    setup.slots = slots.into_iter().flatten().collect();
    setup.finish();
}

/// The function is reset by somebody else while the driver runs.
pub(crate) fn a_plan_is_restored_after_a_reset_from_outside<M: Concrete, T: crate::bed::Model>(bed: T) {
    let mut setup = planned::<M, T>(bed);
    let plan = setup.port.plan(&setup.table);
    setup.bed.reset_from_outside();
    setup.bed.inject(&frame(vm(1), 1, 60));
    assert_eq!(setup.bed.settle(), Settled::Blocked { waiting: 1 }, "the receiver is off");
    restored::<M, T>(reset(quiesce(setup)), &plan);
}

pub(crate) fn what_did_not_come_back_is_named<M: Concrete, T: Bed>(bed: T) {
    let setup = planned::<M, T>(bed);
    let Quiet { port, setup: Rest { bed, plan, table, mut slots, mut vectors, mut idle } } = quiesce(setup);
    let (pool, slot, vector) = (idle.remove(1), slots.remove(0), vectors.remove(0));
    let (index, number) = (pool.index(), vector.index());
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let Refused { error, value: (port, mut parts) } = port.reset(parts).expect_err("something is missing");
    assert!(error.pools.contains(index) && error.pools.len() == 1);
    assert!(error.vectors.contains(number) && error.vectors.len() == 1);
    assert_eq!((error.filters, error.table, error.other_port), (1, false, false));
    parts.put(pool).expect("it is this port's");
    parts.put(vector).expect("it is this port's");
    parts.put(slot).expect("it is this port's");
    let port = port.reset(parts).expect("all came back");
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    Setup::enable(bed, port, plan).finish();
}

pub(crate) fn a_device_that_does_not_come_to_rest_keeps_its_memory<M: Concrete, T: crate::bed::Model>(
    mut bed: T,
) {
    bed.never_rests();
    let setup = Setup::<M, _, T>::start(bed, Plan::default());
    let Refused { error, value: port } = setup.port.quiesce().expect_err("it does not come to rest");
    assert!(matches!(error, Fault::TimedOut(_)), "{error:?}");
    // The port is still the one on which VMDq is on: nothing can be recovered with it.
    let _ = port.link();
}
