//! What the failing cases leave out, done right; and a case that passes makes the compiler evaluate
//! the assertions of the others.

use vmdq::igb::I82575;
use vmdq::ring::{BufferMemory, Burst, RingMemory};
use vmdq::{Accept, Config, HeaderReplication, MacAddress, Parts, Port, Reset, Resources};
use vmdq_sim::{Settled, Sim, Testbed};

fn main() {
    let mut bed = Sim::i82575();
    let mut delay = bed.delay();
    let port = unsafe { Port::<I82575, _, Reset>::new(bed.bus()) };
    let mut port = port.init(&Config::default(), &mut delay).unwrap();
    assert!(port.bring_link_up(5000, &mut delay).is_up());
    let Resources { mut port, queues: [q0, q1, q2, q3], filters, mut table, vectors } =
        port.enable(&mut delay);
    port.set_accept(Accept::all());
    assert_eq!(q1.largest_header_buffer(), I82575::HEADER_MOST);

    let (rx, tx) = (bed.place(RingMemory::<64>::new()), bed.place(RingMemory::<64>::new()));
    let (mut buffers, lent) = bed.place(BufferMemory::<16, 2>::new()).pool(bed.dma()).unwrap();
    let mut running = q1.start(rx, tx, buffers.size(), bed.dma(), &mut delay).unwrap();
    running.rx.refill(&mut buffers);
    let [slot, rest @ ..] = filters;
    let id = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &running.pool).unwrap();

    let mut frame = [0; 60];
    frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    bed.inject(&frame);
    assert_eq!(bed.settle(), Settled::Idle);
    // Rings are used on another core.
    let (got, mut buffers, running) = std::thread::spawn(move || {
        let mut burst = Burst::<8>::new();
        let got = running.rx.receive(&mut burst);
        burst.drain(..).for_each(|frame| buffers.put(frame).unwrap());
        (got, buffers, running)
    })
    .join()
    .unwrap();
    assert_eq!(got, 1);

    let slot = table.unbind(id).unwrap();
    let put = |frame| buffers.put(frame).unwrap();
    let stopped = running.pool.stop(running.rx, running.tx, &table, &mut delay, put).unwrap();
    lent.release(buffers).unwrap();
    let mut slots = std::iter::once(slot).chain(rest);
    let filters = std::array::from_fn(|_| slots.next().unwrap());
    let parts = Parts { queues: [q0, stopped.queue, q2, q3], filters, table, vectors };
    port.disable(parts, &mut delay).map_err(|(error, _)| error).unwrap();
    assert_eq!(bed.violations(), []);
}
