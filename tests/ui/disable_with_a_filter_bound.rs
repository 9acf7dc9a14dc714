//! VMDq goes off when every filter is removed.

use embedded_hal::delay::DelayNs;
use vmdq::bus::Mmio;
use vmdq::igb::I82575;
use vmdq::{MacAddress, Parts, Pool, Resources};

fn bound(resources: Resources<I82575, Mmio>, pool: Pool<I82575, Mmio>, delay: &mut impl DelayNs) {
    let Resources { port, queues, filters, mut table, vectors } = resources;
    let [slot, ..] = filters;
    let _ = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool);
    let _ = port.disable(Parts { queues, filters, table, vectors }, delay);
}

fn main() {}
