//! A virtual machine: an igb driver as anybody would write it, on a device that is a model.

use vmdq::igb::I82576;
use vmdq::ring::BufferSize;
use vmdq::switch::InterfaceId;
use vmdq::{Accept, Config, FilterSlot, FilterTable, Idle, MacAddress, Pool, Port, Resources, Vector, Vmdq};
use vmdq_sim::{Emulated, Testbed};

use crate::common::{QueuePair, SimMachine, frame, gather, ready};

/// The address of machine `i`.
pub(crate) const fn address(i: usize) -> MacAddress {
    MacAddress([0x02, 0, 0, 0, 0x0a, i as u8])
}

/// A frame that carries a number.
pub(crate) fn ethernet(to: MacAddress, from: MacAddress, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = frame(to, number, len);
    bytes[6..12].copy_from_slice(&from.0);
    bytes
}

/// The frame with a tag; 4 bytes longer.
pub(crate) fn with_tag(frame: &[u8], control: u16) -> Vec<u8> {
    let [high, low] = control.to_be_bytes();
    [&frame[..12], &[0x81, 0x00, high, low], &frame[12..]].concat()
}

/// What the machine's driver holds while it runs: the default queue is all that it uses.
struct Driver {
    port: Port<I82576, SimMachine, Vmdq>,
    pair: QueuePair<I82576, SimMachine>,
    others: Vec<Pool<I82576, SimMachine, Idle>>,
    slots: Vec<FilterSlot<I82576>>,
    table: FilterTable<I82576, SimMachine>,
    vectors: Vec<Vector<I82576, SimMachine>>,
}

/// A virtual machine and its device.
pub(crate) struct Machine {
    pub(crate) emulated: Emulated,
    pub(crate) config: Config,
    driver: Option<Driver>,
}

impl Machine {
    /// Powers a machine on and starts its driver.
    pub(crate) fn new(interface: InterfaceId, address: MacAddress) -> Self {
        let emulated = Emulated::new(interface, address);
        let config = Config { accept: Accept::BROADCAST | Accept::MULTICAST, ..Config::default() };
        let mut machine = Self { emulated, config, driver: None };
        machine.start();
        assert_eq!(machine.driver().port.address(), address);
        machine
    }

    /// Loads the driver.
    pub(crate) fn start(&mut self) {
        let device = self.emulated.device();
        let port = ready::<I82576, _>(device.platform(), &self.config);
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        let mut others = Vec::from_iter(pools);
        let size = BufferSize::kib(2).expect("a size");
        let pair = QueuePair::start(device, &port, others.remove(0), 64, 126, size);
        let (slots, vectors) = (Vec::from_iter(filters), Vec::from_iter(vectors));
        self.driver = Some(Driver { port, pair, others, slots, table, vectors });
    }

    /// Drops the driver in any state, and resets the device.
    pub(crate) fn reset(&mut self) {
        self.driver = None;
        // SAFETY: an 82576 whose DMA is confined; the driver is gone, and its memory is leaked.
        let port = unsafe { Port::new(I82576, self.emulated.device().platform()) };
        assert!(port.init(&self.config).is_ok());
    }

    fn driver(&mut self) -> &mut Driver {
        self.driver.as_mut().expect("the driver runs")
    }

    /// Has the device interrupt when a frame arrives.
    pub(crate) fn listen(&mut self) {
        let Driver { port, pair, vectors, .. } = self.driver();
        port.route(&mut vectors[2], &pair.pool).expect("both are this port's");
        vectors[2].unmask();
    }

    /// Hands frames to the device.
    pub(crate) fn send(&mut self, frames: &[Vec<u8>]) {
        let pair = &mut self.driver().pair;
        pair.reclaim();
        pair.send(frames);
    }

    /// Takes what has arrived.
    pub(crate) fn receive(&mut self) -> Vec<Vec<u8>> {
        self.driver().pair.receive()
    }

    /// Unloads the driver. Sees that all of its memory comes back and that it did nothing against the
    /// datasheet.
    pub(crate) fn finish(mut self) {
        let Driver { port, pair, mut others, slots, table, vectors } =
            self.driver.take().expect("the driver runs");
        others.insert(0, pair.stop(&table).pool);
        let parts = gather(port.parts(), others, slots, table, vectors);
        assert!(port.disable(parts).is_ok());
        assert_eq!(self.emulated.device().violations(), []);
    }
}
