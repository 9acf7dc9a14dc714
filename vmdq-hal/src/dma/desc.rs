//! The 16-byte advanced descriptors that both families share.
//!
//! Descriptors are ordinary memory that two sides write, so their words are
//! `volatile_register::RW`: read and written exactly once for each access in the source. What the
//! device wrote is read once; decisions rest on that copy.
//!
//! Layout: 82575 manual section "Receive/Transmit descriptor, advanced format"; 82598 datasheet pages 222 to
//! 252. The fields used here are the same on all devices.

#[cfg(not(target_pointer_width = "64"))]
use super::observe;
use volatile_register::RW;

/// Status bits of a receive descriptor as written back, word 2.
pub(crate) mod status {
    /// Descriptor done: the device wrote the descriptor back.
    pub(crate) const DD: u32 = 1 << 0;
    /// End of packet: the descriptor holds the last byte of its frame.
    pub(crate) const EOP: u32 = 1 << 1;
    /// The frame carried an 802.1Q tag, which the device removed.
    pub(crate) const VP: u32 = 1 << 3;
    /// No device is known to set it; software marks frames with errors by it.
    pub(crate) const OURS: u32 = 1 << 15;
}

/// Command bits of a transmit data descriptor, quad word 1.
mod command {
    /// Advanced data descriptor: DTYP = 3, DEXT = 1.
    pub(super) const DATA: u64 = 3 << 20 | 1 << 29;
    /// End of packet.
    pub(super) const EOP: u64 = 1 << 24;
    /// Insert the FCS.
    pub(super) const IFCS: u64 = 1 << 25;
    /// Report status: write the descriptor back.
    pub(super) const RS: u64 = 1 << 27;
    /// Position of the payload length.
    pub(super) const PAYLEN_SHIFT: u32 = 46;
    /// Position of the context index.
    pub(super) const IDX_SHIFT: u32 = 36;
    /// Written back: descriptor done.
    pub(super) const DONE: u64 = 1 << 32;
}

/// A descriptor: two little-endian quad words in memory that the device shares.
#[repr(C, align(16))]
pub(crate) struct Descriptor([RW<u64>; 2]);

/// What the device wrote into a receive descriptor.
#[derive(Clone, Copy)]
pub(crate) struct WriteBack(u64);

impl WriteBack {
    /// Status and error bits.
    #[inline(always)]
    pub(crate) const fn status(self) -> u32 {
        self.0 as u32
    }

    /// Returns the length that the device claims to have written into the buffer.
    #[inline(always)]
    pub(crate) const fn length(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// All of it: status in bits 31:0, length in 47:32, removed tag in 63:48.
    #[inline(always)]
    pub(crate) const fn word(self) -> u64 {
        self.0
    }
}

/// The second quad word of a transmit descriptor: one whole frame.
#[derive(Clone, Copy)]
pub(crate) struct TxWord(u64);

impl TxWord {
    /// Makes the word for frames without a length yet, with this context index.
    pub(crate) const fn new(index: u8) -> Self {
        Self(command::DATA | command::EOP | command::IFCS | (index as u64) << command::IDX_SHIFT)
    }

    /// Requests a report.
    #[inline(always)]
    pub(crate) const fn reporting(self) -> Self {
        Self(self.0 | command::RS)
    }

    /// Adds the length.
    #[inline(always)]
    pub(crate) const fn length(self, length: u16) -> Self {
        // DTALEN and PAYLEN. Sums and a rotation, since that compiles to fewer instructions than the
        // same said by `or` and a shift.
        let length = length as u64;
        Self(self.0.wrapping_add(length).wrapping_add(length.rotate_left(command::PAYLEN_SHIFT)))
    }
}

impl Descriptor {
    /// Prepares the descriptor to receive into the buffer at bus address `buffer`.
    ///
    /// # Safety
    ///
    /// The descriptor does not belong to the device. The device may write the buffer from the moment on that
    /// a tail covers the descriptor, until it has written it back.
    #[inline(always)]
    pub(crate) unsafe fn post(&self, buffer: u64) {
        // SAFETY: the caller's promise. The second word also clears DD of the last round.
        unsafe {
            self.0[0].write(buffer.to_le());
            self.0[1].write(0);
        }
    }

    /// Reads the second quad word once: what the device wrote, if the status in it says done.
    #[inline(always)]
    pub(crate) fn peek(&self) -> WriteBack {
        #[cfg(target_pointer_width = "64")]
        return WriteBack(u64::from_le(self.0[1].read()));
        #[cfg(not(target_pointer_width = "64"))]
        {
            // A 64-bit read is two here, in no given order: what is read after the done bit was
            // seen is whole.
            let first = u64::from_le(self.0[1].read());
            if first as u32 & status::DD == 0 {
                return WriteBack(first);
            }
            observe();
            WriteBack(u64::from_le(self.0[1].read()))
        }
    }

    /// Tells whether the device wrote the descriptor back.
    #[inline(always)]
    pub(crate) fn is_done(&self) -> bool {
        self.peek().status() & status::DD != 0
    }

    /// Reads what the device wrote, or `None` if it is not done.
    #[inline(always)]
    pub(crate) fn written_back(&self) -> Option<WriteBack> {
        let word = self.peek();
        (word.status() & status::DD != 0).then_some(word)
    }

    /// Prepares the descriptor to send the frame at bus address `buffer`.
    ///
    /// # Safety
    ///
    /// The descriptor does not belong to the device. The device may read the buffer from the moment on that a
    /// tail covers the descriptor, until it has written back this descriptor or a later one.
    #[inline(always)]
    pub(crate) unsafe fn send(&self, buffer: u64, word: TxWord) {
        // SAFETY: the caller's promise.
        unsafe {
            self.0[0].write(buffer.to_le());
            self.0[1].write(word.0.to_le());
        }
    }

    /// Asks for a report on a descriptor that holds this word.
    ///
    /// # Safety
    ///
    /// The descriptor does not belong to the device.
    #[inline(always)]
    pub(crate) unsafe fn report(&self, word: TxWord) {
        // SAFETY: the caller's promise.
        unsafe { self.0[1].write(word.reporting().0.to_le()) };
    }

    /// Asks for a report on a descriptor that holds a word already.
    ///
    /// # Safety
    ///
    /// As for [`report`](Self::report).
    pub(crate) unsafe fn report_placed(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.report(TxWord(u64::from_le(self.0[1].read()))) };
    }

    /// Tells whether the device has written back a transmit descriptor that asked for it.
    #[inline(always)]
    pub(crate) fn sent(&self) -> bool {
        u64::from_le(self.0[1].read()) & command::DONE != 0
    }
}

/// What the device wrote about the header of a frame, in the first quad word of a receive descriptor.
#[derive(Clone, Copy)]
pub(crate) struct HeaderInfo(u32);

impl HeaderInfo {
    /// Tells whether the device found where the header ends (SPH). Replicating, it has written the
    /// beginning of the frame to the header buffer then: as much as fits, no matter what `length` says.
    #[inline(always)]
    pub(crate) const fn found(self) -> bool {
        self.0 & 1 << 31 != 0
    }
}

impl Descriptor {
    /// Prepares the descriptor to receive into the buffer at bus address `buffer`, and the header
    /// into the one at `header`.
    ///
    /// # Safety
    ///
    /// The descriptor does not belong to the device. The device may write both buffers from the moment on that
    /// a tail covers the descriptor, until it has written it back. `header` is even: bit 0 is DD, and
    /// an odd address would read as a descriptor that is done.
    #[inline(always)]
    pub(crate) unsafe fn post_with_header(&self, buffer: u64, header: u64) {
        // SAFETY: the caller's promise. The second word also clears DD of the last round.
        unsafe {
            self.0[0].write(buffer.to_le());
            self.0[1].write(header.to_le());
        }
    }

    /// Reads once what the device wrote about the header.
    ///
    /// Call it only after the descriptor was seen done: until then the word holds the buffer's address.
    #[inline(always)]
    pub(crate) fn header_info(&self) -> HeaderInfo {
        HeaderInfo(u64::from_le(self.0[0].read()) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A descriptor that holds these words.
    fn descriptor(words: [u64; 2]) -> Descriptor {
        // SAFETY: descriptors are integers: zero is a value.
        let descriptor: Descriptor = unsafe { core::mem::zeroed() };
        for (word, value) in descriptor.0.iter().zip(words) {
            // SAFETY: there is no device.
            unsafe { word.write(value.to_le()) };
        }
        descriptor
    }

    #[test]
    fn a_posted_header_buffer_is_not_yet_done() {
        let descriptor = descriptor([7, 1]);
        // SAFETY: there is no device.
        unsafe { descriptor.post_with_header(0x1_2345_6001, 0x2_8000_00fe) };
        assert_eq!(u64::from_le(descriptor.0[0].read()), 0x1_2345_6001);
        assert_eq!(u64::from_le(descriptor.0[1].read()), 0x2_8000_00fe);
        assert!(descriptor.written_back().is_none());
    }

    #[test]
    fn whether_a_header_was_found_stands_beside_types_and_hash() {
        let found = |low| descriptor([low, 1]).header_info().found();
        assert!(found(0xffff_ffff_0000_0000 | 1 << 31 | 0x3ff << 21));
        assert!(!found(0xffff_ffff_7fff_ffff));
    }
}
