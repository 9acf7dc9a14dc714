//! Two ports of one model: their values have the same types, so mixing them is refused while running.
//! Whatever is refused comes back and still works where it belongs.

use vmdq::ring::{BufferPool, PoolMemory};
use vmdq::{BindError, FilterError, OtherPort, Part, Parts, Platform, Refused, Started, StopError};
use vmdq_sim::PlatformOf;

use crate::bed::Bed;
use crate::common::{Concrete, Plan, QueuePair, Setup, frame, limits, pools, ready, vm};

/// Two ports with all queues running, and small rings.
fn two<M: Concrete, T: Bed>(bed: T) -> [Setup<M, PlatformOf<T>, T>; 2] {
    let plan = Plan { descriptors: 8, buffers: 14, ..Plan::default() };
    let other = bed.another();
    let setups = [Setup::<M, _, T>::start(bed, plan), Setup::<M, _, T>::start(other, plan)];
    assert_ne!(setups[0].port.id(), setups[1].port.id());
    setups
}

/// Sees that both ports work, and ends them.
fn finish<M: Concrete, T: Bed>(setups: [Setup<M, PlatformOf<T>, T>; 2]) {
    for (i, mut setup) in setups.into_iter().enumerate() {
        assert_eq!(setup.table.bindings().count(), 0);
        assert_eq!(setup.slots.len(), usize::from(limits::<M>().filters));
        for queue in 0..pools::<M>() {
            let id = setup.bind(vm(queue), queue);
            assert_eq!(setup.lands(&frame(vm(queue), i as u32, 60)), [queue]);
            setup.unbind(id);
        }
        setup.finish();
    }
}

pub(crate) fn slots_of_another_port_are_refused<M: Concrete, T: Bed>(bed: T) {
    let [mut a, mut b] = two::<M, T>(bed);
    let pool = &a.pairs[1].as_ref().expect("the queue runs").pool;
    let Refused { error, value: slot } =
        a.table.bind(b.slots.remove(0), vm(1), pool).expect_err("not this port's slot");
    assert_eq!(error, BindError::OtherPort);
    b.slots.insert(0, slot);
    finish::<M, T>([a, b]);
}

pub(crate) fn pools_of_another_port_are_refused<M: Concrete, T: Bed>(bed: T) {
    let [mut a, mut b] = two::<M, T>(bed);
    let id = a.bind(vm(2), 2);
    let foreign = &b.pairs[1].as_ref().expect("the queue runs").pool;
    let Refused { error, value: slot } =
        a.table.bind(a.slots.remove(0), vm(1), foreign).expect_err("not this port's pool");
    assert_eq!(error, BindError::OtherPort);
    a.slots.insert(0, slot);
    assert_eq!(a.table.move_to(id, foreign), Err(FilterError::OtherPort));
    assert_eq!(a.lands(&frame(vm(2), 0, 60)), [2]);
    assert_eq!(a.port.route(&mut a.vectors[0], foreign), Err(OtherPort));
    let pool = &a.pairs[1].as_ref().expect("the queue runs").pool;
    assert_eq!(a.port.route(&mut b.vectors[0], pool), Err(OtherPort));
    assert_eq!(a.port.route_others(&mut b.vectors[0]), Err(OtherPort));
    a.unbind(id);
    finish::<M, T>([a, b]);
}

/// Tries to stop a queue with these rings, and returns what came back.
fn refused<M: Concrete, T: Bed>(
    running: Started<M, PlatformOf<T>>,
    by: &Setup<M, PlatformOf<T>, T>,
) -> Started<M, PlatformOf<T>> {
    let stopped = running.stop(&by.table, |_| panic!("no buffer may come out"));
    let Err(Refused { error: StopError::OtherPort, value: back }) = stopped else { panic!("{stopped:?}") };
    back
}

/// Tries every mixture of two running queues; all of it comes back.
fn mixtures<M: Concrete, T: Bed>(
    a: Started<M, PlatformOf<T>>,
    b: Started<M, PlatformOf<T>>,
    by: &Setup<M, PlatformOf<T>, T>,
) -> [Started<M, PlatformOf<T>>; 2] {
    let mixed = Started { rx: b.rx, tx: a.tx, pool: a.pool };
    let Started { rx: b_rx, tx: a_tx, pool: a_pool } = refused::<M, T>(mixed, by);
    let mixed = Started { rx: a.rx, tx: b.tx, pool: a_pool };
    let Started { rx: a_rx, tx: b_tx, pool: a_pool } = refused::<M, T>(mixed, by);
    let mixed = Started { rx: a_rx, tx: a_tx, pool: b.pool };
    let Started { rx: a_rx, tx: a_tx, pool: b_pool } = refused::<M, T>(mixed, by);
    [Started { rx: a_rx, tx: a_tx, pool: a_pool }, Started { rx: b_rx, tx: b_tx, pool: b_pool }]
}

/// Takes a running queue out of a setup: what the driver made, and what the test keeps.
fn open<M: Concrete, T: Bed>(
    setup: &mut Setup<M, PlatformOf<T>, T>,
    queue: usize,
) -> (Started<M, PlatformOf<T>>, (BufferPool, PoolMemory<&'static mut [u8], T::Dma>)) {
    let QueuePair { rx, tx, pool, buffers, memory } = setup.pairs[queue].take().expect("the queue runs");
    (Started { rx, tx, pool }, (buffers, memory))
}

/// Puts it back.
fn close<M: Concrete, T: Bed>(
    setup: &mut Setup<M, PlatformOf<T>, T>,
    Started { rx, tx, pool }: Started<M, PlatformOf<T>>,
    (buffers, memory): (BufferPool, PoolMemory<&'static mut [u8], T::Dma>),
) {
    let queue = pool.index().number();
    setup.pairs[queue] = Some(QueuePair { rx, tx, pool, buffers, memory });
}

pub(crate) fn rings_of_another_port_are_refused<M: Concrete, T: Bed>(bed: T) {
    let [mut a, mut b] = two::<M, T>(bed);
    let ((one, kept_one), (two, kept_two)) = (open(&mut a, 1), open(&mut b, 1));
    let [one, two] = mixtures(one, two, &a);
    // Rings that belong together, but the table is the other's.
    let one = refused::<M, T>(one, &b);
    close(&mut a, one, kept_one);
    close(&mut b, two, kept_two);
    finish::<M, T>([a, b]);
}

pub(crate) fn rings_of_another_queue_are_refused<M: Concrete, T: Bed>(bed: T) {
    let [mut a, b] = two::<M, T>(bed);
    let ((one, kept_one), (two, kept_two)) = (open(&mut a, 1), open(&mut a, 2));
    let [one, two] = mixtures(one, two, &a);
    close(&mut a, one, kept_one);
    close(&mut a, two, kept_two);
    finish::<M, T>([a, b]);
}

/// Puts the one value that is another port's into a port's parts, and sees it come back.
fn put<M: Concrete, P: Platform, V: Part<M, P>>(
    mut parts: Parts<M, P>,
    mut values: Vec<V>,
    foreign: Option<usize>,
) -> Vec<V> {
    if let Some(at) = foreign {
        let Refused { error: OtherPort, value } = parts.put(values.remove(at)).expect_err("it was taken");
        values.insert(at, value);
    }
    values
}

/// A foreign value among a port's own comes back, and its own are taken all the same.
pub(crate) fn parts_behind_a_foreign_one_are_taken<M: Concrete, T: Bed>(bed: T) {
    let plan = Plan::default();
    let other = bed.another();
    let [mut a, mut b] = [bed, other].map(|bed| {
        let port = ready::<M, _>(bed.platform(), &plan.config);
        Setup::stopped(bed, port, plan)
    });
    a.idle.insert(1, b.idle.remove(1));
    let Setup { bed, port, table, slots, vectors, idle, .. } = a;
    let mut parts = port.parts();
    let Refused { error: OtherPort, value } = parts.put_all(idle).expect_err("one is foreign");
    b.idle.insert(1, value);
    parts.put_all(slots).expect("all are this port's");
    parts.put_all(vectors).expect("all are this port's");
    parts.put(table).expect("it is this port's");
    assert_eq!(parts.check(), Ok(()));
    assert!(port.disable(parts).is_ok());
    assert_eq!(bed.mapped(), []);
    b.finish();
}

pub(crate) fn parts_of_another_port_are_refused<M: Concrete, T: Bed>(bed: T) {
    let plan = Plan::default();
    let other = bed.another();
    let [a, b] = [bed, other].map(|bed| {
        let port = ready::<M, _>(bed.platform(), &plan.config);
        Setup::stopped(bed, port, plan)
    });
    let (mut a, mut b) = (a, b);
    // One value of each kind in turn, exchanged and exchanged back.
    for kind in 0..4 {
        let exchange = |a: &mut Setup<M, PlatformOf<T>, T>, b: &mut Setup<M, PlatformOf<T>, T>| match kind {
            0 => std::mem::swap(&mut a.idle[1], &mut b.idle[1]),
            1 => std::mem::swap(&mut a.slots[1], &mut b.slots[1]),
            2 => std::mem::swap(&mut a.vectors[1], &mut b.vectors[1]),
            _ => std::mem::swap(&mut a.table, &mut b.table),
        };
        exchange(&mut a, &mut b);
        let Setup { bed, delay, kept, plan, port, table, slots, vectors, idle, pairs } = a;
        let (idle, slots, vectors) = (
            put(port.parts(), idle, (kind == 0).then_some(1)),
            put(port.parts(), slots, (kind == 1).then_some(1)),
            put(port.parts(), vectors, (kind == 2).then_some(1)),
        );
        let table = put(port.parts(), vec![table], (kind == 3).then_some(0)).remove(0);
        a = Setup { bed, delay, kept, plan, port, table, slots, vectors, idle, pairs };
        exchange(&mut a, &mut b);
    }
    a.finish();
    b.finish();
}

pub(crate) fn quiescence_of_another_port_is_no_proof<M: Concrete, T: Bed>(bed: T) {
    let [mut a, b] = two::<M, T>(bed);
    let (one, kept) = open(&mut a, 1);
    let quiet = b.port.quiesce().expect("the device comes to rest");
    let stopped = one.recover(&quiet, |_| panic!("no buffer may come out"));
    let Err(Refused { error: OtherPort, value: one }) = stopped else { panic!("{stopped:?}") };
    close(&mut a, one, kept);
    a.bind(vm(1), 1);
    assert_eq!(a.lands(&frame(vm(1), 0, 60)), [1]);
    a.finish();
}

pub(crate) fn a_filter_of_another_port_is_not_touched<M: Concrete, T: Bed>(bed: T) {
    let [mut a, mut b] = two::<M, T>(bed);
    let (of_a, of_b) = (a.bind(vm(1), 1), b.bind(vm(1), 2));
    assert_ne!(of_a, of_b);
    assert_eq!(a.table.unbind(of_b).map(|slot| slot.entry()), Err(FilterError::OtherPort));
    let pool = &a.pairs[3].as_ref().expect("the queue runs").pool;
    assert_eq!(a.table.move_to(of_b, pool), Err(FilterError::OtherPort));
    assert_eq!([a.lands(&frame(vm(1), 0, 60)), b.lands(&frame(vm(1), 0, 60))], [[1], [2]]);
    a.unbind(of_a);
    b.unbind(of_b);
    finish::<M, T>([a, b]);
}
