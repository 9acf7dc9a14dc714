//! The table of MSI-X vectors: which message each vector sends, and whether it is masked.
//!
//! An interrupt is a write of 32 bits by the controller to an address of the machine's interrupt
//! controller. The table with addresses and data is in memory of the function (BAR 3 of the controllers that
//! are driven here), 16 bytes for each vector; the PCI capability says where (PCI Local Bus Specification 3.0,
//! section 6.8.2). After a reset all vectors are masked here.
//!
//! This mask is one of two: [`Vector::unmask`](crate::Vector::unmask) is the controller's own, which
//! masks itself with each interrupt. A vector interrupts only if both are open.
//!
//! Trap: address and data may be changed only while the entry is masked.

use core::fmt;
use core::ptr::NonNull;

use crate::bus::{load, store};
use crate::index::VectorIndex;

/// Words of an entry: address, its upper half, data, control.
const WORDS: usize = 4;
const CONTROL: usize = 3;
/// In the control word: the vector is masked.
const MASKED: u32 = 1;

/// A message: what a vector writes, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MsixMessage {
    address: u64,
    data: u32,
}

impl MsixMessage {
    /// Makes the message that writes `data` to the bus address `address`.
    ///
    /// On x86 the address is `0xfee0_0000 | apic_id << 12` and the data are the number of the interrupt vector.
    ///
    /// # Safety
    ///
    /// The controller writes there whenever the vector fires. The address, a multiple of 4, is one of an
    /// interrupt controller and not memory, and the program has a handler for the interrupt that the write
    /// raises there.
    #[must_use]
    pub const unsafe fn new(address: u64, data: u32) -> Self {
        Self { address, data }
    }
}

/// The table of MSI-X vectors of a controller, as it is mapped.
///
/// # Examples
///
/// ```
/// use core::ptr::NonNull;
/// use vmdq_hal::msix::{MsixMessage, MsixTable, NoEntry};
/// use vmdq_hal::{Platform, Vector, device::Model};
///
/// /// Lets a vector raise interrupt 0x40 of the x86 processor with APIC id 0.
/// fn connect<M: Model, P: Platform>(
///     table: NonNull<u32>,
///     entries: u16,
///     vector: &Vector<M, P>,
/// ) -> Result<(), NoEntry> {
///     // SAFETY: the whole table is mapped here as device memory, for this program alone.
///     let mut table = unsafe { MsixTable::new(table, entries) };
///     // SAFETY: the local APIC of processor 0, for which interrupt 0x40 has a handler.
///     let message = unsafe { MsixMessage::new(0xfee0_0000, 0x40) };
///     table.set(vector.index(), message)?;
///     table.unmask(vector.index())?;
///     vector.unmask(); // the controller's own mask, again after each interrupt
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct MsixTable {
    base: NonNull<u32>,
    entries: u16,
}

// SAFETY: the table is mapped for every core (contract of `new`), and there is one handle.
unsafe impl Send for MsixTable {}

impl MsixTable {
    /// Makes the handle of a table with `entries` entries that is mapped at `base`.
    ///
    /// # Safety
    ///
    /// `base` is 4-byte aligned and maps `entries` times 16 bytes of the controller's table as device memory
    /// for as long as the handle lives, and nothing else writes there meanwhile.
    #[must_use]
    pub const unsafe fn new(base: NonNull<u32>, entries: u16) -> Self {
        Self { base, entries }
    }

    /// Returns how many entries the table has.
    #[must_use]
    pub const fn entries(&self) -> u16 {
        self.entries
    }

    /// Sets the message of a vector, which is masked from then on.
    ///
    /// # Errors
    ///
    /// [`NoEntry`], if the table has no such vector.
    pub fn set(&mut self, vector: VectorIndex, message: MsixMessage) -> Result<(), NoEntry> {
        self.mask(vector)?;
        let MsixMessage { address, data } = message;
        for (word, value) in [address as u32, (address >> 32) as u32, data].into_iter().enumerate() {
            let at = self.word(vector, word)?;
            // SAFETY: a word of the table (`word`); what is written is the promise of `MsixMessage::new`.
            unsafe { store(at, value) };
        }
        Ok(())
    }

    /// Lets a vector send its message.
    ///
    /// # Errors
    ///
    /// [`NoEntry`], if the table has no such vector.
    pub fn unmask(&mut self, vector: VectorIndex) -> Result<(), NoEntry> {
        self.set_control(vector, 0)
    }

    /// Keeps a vector from sending its message; one that is due is sent once it is unmasked.
    ///
    /// # Errors
    ///
    /// [`NoEntry`], if the table has no such vector.
    pub fn mask(&mut self, vector: VectorIndex) -> Result<(), NoEntry> {
        self.set_control(vector, MASKED)
    }

    /// Tells whether a vector is masked.
    ///
    /// # Errors
    ///
    /// [`NoEntry`], if the table has no such vector.
    pub fn is_masked(&self, vector: VectorIndex) -> Result<bool, NoEntry> {
        let at = self.word(vector, CONTROL)?;
        // SAFETY: a word of the table (`word`).
        Ok(unsafe { load(at) } & MASKED != 0)
    }

    fn set_control(&mut self, vector: VectorIndex, mask: u32) -> Result<(), NoEntry> {
        let at = self.word(vector, CONTROL)?;
        // The other bits are reserved, and stay as they are.
        // SAFETY: a word of the table (`word`).
        let control = unsafe { load(at) };
        // SAFETY: as above; the mask names no memory.
        unsafe { store(at, control & !MASKED | mask) };
        // A read does not overtake the write: the mask is in force when it returns.
        // SAFETY: as above.
        let _ = unsafe { load(at) };
        Ok(())
    }

    /// Returns where a word of an entry is.
    fn word(&self, vector: VectorIndex, word: usize) -> Result<NonNull<u32>, NoEntry> {
        if vector.number() >= usize::from(self.entries) {
            return Err(NoEntry { vector, entries: self.entries });
        }
        // SAFETY: inside the table, which is mapped whole (`new`).
        Ok(unsafe { self.base.add(vector.number() * WORDS + word) })
    }
}

/// The MSI-X table has no such vector: use one below its number of entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoEntry {
    /// The vector.
    pub vector: VectorIndex,
    /// How many entries the table has.
    pub entries: u16,
}

impl fmt::Display for NoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the MSI-X table has no vector {}: use one below {}", self.vector, self.entries)
    }
}
impl core::error::Error for NoEntry {}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_of(words: &mut [u32]) -> MsixTable {
        let entries = (words.len() / WORDS) as u16;
        // SAFETY: memory of the test, which is as long and is used by the table alone.
        unsafe { MsixTable::new(NonNull::from(words).cast(), entries) }
    }

    #[test]
    fn an_entry_has_its_message_and_is_masked_until_it_is_unmasked() {
        let mut words = [0xffff_fff1_u32; 3 * WORDS];
        let vector = VectorIndex::new(1);
        // SAFETY: no controller reads the table.
        let message = unsafe { MsixMessage::new(0x1_fee0_1000, 0x40) };
        let mut table = table_of(&mut words);
        assert_eq!(table.entries(), 3);
        table.set(vector, message).unwrap();
        assert_eq!(table.is_masked(vector), Ok(true));
        table.unmask(vector).unwrap();
        assert_eq!(table.is_masked(vector), Ok(false));
        assert_eq!(table.is_masked(VectorIndex::new(0)), Ok(true));
        // Reserved bits of the control word stay, and so does all else.
        assert_eq!(words[4..8], [0xfee0_1000, 1, 0x40, 0xffff_fff0]);
        assert!(words[..4].iter().chain(&words[8..]).all(|&word| word == 0xffff_fff1));
        table_of(&mut words).set(vector, message).unwrap();
        assert_eq!(words[7], 0xffff_fff1, "set masks");
    }

    #[test]
    fn a_vector_beyond_the_table_is_refused() {
        let mut words = [1; 2 * WORDS];
        // SAFETY: no controller reads the table.
        let message = unsafe { MsixMessage::new(0xfee0_0000, 0x40) };
        let mut table = table_of(&mut words[..WORDS]);
        for beyond in [1, 2, 255].map(VectorIndex::new) {
            let error = NoEntry { vector: beyond, entries: 1 };
            assert_eq!(table.set(beyond, message), Err(error));
            assert_eq!((table.mask(beyond), table.unmask(beyond)), (Err(error), Err(error)));
            assert_eq!(table.is_masked(beyond), Err(error));
        }
        assert_eq!(words, [1; 2 * WORDS]);
    }
}
