//! One machine on a model, and frames by hand.

#![allow(dead_code, unreachable_pub)] // Each program uses its own part.

use igb_hal::I82576;
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::time::Instant;
use vmdq_hal::Config;
use vmdq_sim::{Settled, Sim, Testbed};
use vmdq_smoltcp::smoltcp;

use crate::common::{Lab, Pair, Shape, mac};

/// Long and short rings.
pub const LONG: Shape = Shape { descriptors: 64, buffers: 160, config: Config::DEFAULT };
pub const SHORT: Shape = Shape { descriptors: 8, buffers: 24, config: Config::DEFAULT };

/// The station on the wire.
pub const STATION: u8 = 200;

pub type Device82576 = Pair<I82576>;

/// A controller with a default queue, and machine 1 on the next.
pub fn bed(shape: Shape) -> (Lab<I82576>, Device82576, Device82576) {
    let mut lab = Lab::new(Sim::i82576(), shape);
    let default = lab.start(None);
    let device = lab.start(Some(mac(1)));
    (lab, default, device)
}

/// Makes a frame from the station, which its number tells from others.
pub fn frame(to: [u8; 6], number: u16, len: usize) -> Vec<u8> {
    let mut frame = [&to[..], &mac(STATION).0, &[0x88, 0xb5], &number.to_be_bytes()].concat();
    frame.extend((frame.len()..len).map(|at| (at as u16 ^ number) as u8));
    frame
}

/// Frames for machine 1, of many lengths.
pub fn frames(numbers: std::ops::Range<u16>) -> Vec<Vec<u8>> {
    numbers.map(|number| frame(mac(1).0, number, 60 + usize::from(number) * 37 % 1455)).collect()
}

/// Puts frames on the wire, and lets the controller take all of them.
pub fn inject(lab: &mut Lab<I82576>, frames: &[Vec<u8>]) {
    frames.iter().for_each(|frame| lab.sim.inject(frame));
    assert_eq!(lab.sim.settle(), Settled::Idle);
}

/// Lets the controller send; returns what went out.
pub fn sent(lab: &mut Lab<I82576>) -> Vec<Vec<u8>> {
    let _ = lab.sim.settle();
    lab.sim.take_sent().into_iter().map(|frame| frame.bytes).collect()
}

/// Reads one frame as a stack does.
pub fn read(device: &mut impl Device) -> Option<Vec<u8>> {
    let (rx, _tx) = device.receive(Instant::ZERO)?;
    Some(rx.consume(<[u8]>::to_vec))
}

/// Reads all frames that wait.
pub fn read_all(device: &mut impl Device) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| read(device)).collect()
}

/// Sends a frame as a stack does; tells whether there was a token.
pub fn send(device: &mut impl Device, bytes: &[u8]) -> bool {
    let Some(token) = device.transmit(Instant::ZERO) else { return false };
    token.consume(bytes.len(), |room| room.copy_from_slice(bytes));
    true
}
