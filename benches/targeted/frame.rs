//! The frames: for one virtual machine, from one station, each with a number.

use vmdq_core::MacAddress;

/// The virtual machine.
pub(crate) const GUEST: MacAddress = MacAddress([2, 0x1b, 0x21, 0, 0, 1]);
/// Who sends to it.
pub(crate) const STATION: MacAddress = MacAddress([2, 0x1b, 0x21, 0, 0, 2]);
/// Where a frame carries its number.
const NUMBER: usize = 16;
const FILL: u8 = 0x55;

/// Returns how long a frame is: at most `size`, and lengths differ, so that they can be distinguished.
const fn length(number: u64, size: usize) -> usize {
    size - (number % 4) as usize
}

/// Writes a frame at the beginning of `place`, which is as long as the longest; returns its length.
pub(crate) fn write_frame(place: &mut [u8], number: u64) -> usize {
    let length = length(number, place.len());
    let frame = &mut place[..length];
    frame[..6].copy_from_slice(&GUEST.0);
    frame[6..12].copy_from_slice(&STATION.0);
    frame[12..].fill(FILL);
    frame[12..14].copy_from_slice(&[8, 0]);
    frame[NUMBER..NUMBER + 8].copy_from_slice(&number.to_le_bytes());
    frame[length - 1] = number as u8;
    length
}

/// Tells whether these bytes are a frame, all of it, and no more.
pub(crate) fn is_frame(bytes: &[u8], number: u64, size: usize) -> bool {
    let mut expected = vec![0; size];
    let length = write_frame(&mut expected, number);
    bytes == &expected[..length]
}
