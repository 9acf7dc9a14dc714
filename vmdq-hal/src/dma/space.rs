//! The controller's access to this program's memory, which a platform implements.

use core::ptr::NonNull;

/// The direction in which the controller moves data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// The controller reads.
    ToDevice,
    /// The controller writes.
    FromDevice,
    /// The controller does both.
    Both,
}

/// Maps memory for DMA.
///
/// One method is required. A platform with an IOMMU, bounce buffers or caches that are not coherent
/// with the controller also implements the others. Descriptor rings are mapped with
/// [`Direction::Both`] and must be coherent (or uncached): descriptors of 16 bytes share cache lines
/// with what the controller writes back, which cache maintenance can't handle.
///
/// # Safety
///
/// While a range is mapped, the bus addresses `[a, a + len)` that `map` returned reach exactly that
/// range from the controller, and reach that range or nothing from every other controller that this
/// program drives: frames travel between ports, so IOMMU domains must not give one address to
/// different memory. An address that was unmapped reaches nothing until it is mapped anew. `for_device`
/// and `for_cpu` do what the platform's caches need, change no byte that a coherent machine would not
/// change, and touch nothing beyond the range. No method panics: they are called while a buffer is
/// between two owners. (Should one panic all the same, rings lose buffers rather than have one twice.)
///
/// # Examples
///
/// A machine whose caches the controller does not see:
///
/// ```
/// use core::ptr::NonNull;
/// use vmdq_hal::dma::{Direction, DmaSpace};
///
/// #[derive(Clone, Copy)]
/// struct Cached;
///
/// // SAFETY: identity paging, no IOMMU; clean and invalidate go over every line of a range and no other.
/// unsafe impl DmaSpace for Cached {
///     fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
///         let bus = at.addr().get() as u64;
///         // This controller reaches only the first 4 GiB.
///         (bus.checked_add(len as u64)? <= 1 << 32).then_some(bus)
///     }
///
///     unsafe fn for_device(&self, at: NonNull<u8>, len: usize) {
///         clean_and_invalidate(at.as_ptr(), len);
///     }
///
///     unsafe fn for_cpu(&self, at: NonNull<u8>, len: usize) {
///         invalidate(at.as_ptr(), len);
///     }
/// }
///
/// fn clean_and_invalidate(at: *const u8, len: usize) {
///     // Such as `dc civac` for each line, then `dsb sy`.
/// #   let _ = (at, len);
/// }
///
/// fn invalidate(at: *const u8, len: usize) {
///     // Such as `dc ivac` for each line, then `dsb sy`.
/// #   let _ = (at, len);
/// }
/// ```
pub unsafe trait DmaSpace: Clone {
    /// Lets the controller reach `len` bytes at `at`; returns their bus address, or `None` if that
    /// is not possible (address mask, boundary, no room in the IOMMU).
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64>;

    /// Unmaps what `map` mapped; the controller no longer reaches the range.
    ///
    /// # Safety
    ///
    /// `map` returned `bus` for `len` bytes and this direction, the range was not unmapped since, and
    /// no controller uses it any more.
    #[inline(always)]
    unsafe fn unmap(&self, bus: u64, len: usize, direction: Direction) {
        let _ = (bus, len, direction);
    }

    /// Makes what the processor wrote visible to the controller (cache clean, bounce copy), and removes the
    /// range from the cache.
    ///
    /// # Safety
    ///
    /// The range is mapped and owned by the caller: no controller has it yet.
    #[inline(always)]
    unsafe fn for_device(&self, at: NonNull<u8>, len: usize) {
        let _ = (at, len);
    }

    /// Makes what the controller wrote visible to the processor (cache invalidate, bounce copy).
    ///
    /// # Safety
    ///
    /// The range is mapped, and the caller owns it: no controller has it any more, and nothing that the
    /// processor wrote there since it was handed over has to stay.
    #[inline(always)]
    unsafe fn for_cpu(&self, at: NonNull<u8>, len: usize) {
        let _ = (at, len);
    }
}

/// A platform on which bus addresses are pointers and caches are coherent.
#[derive(Clone, Copy, Debug)]
pub struct Identity(());

impl Identity {
    /// States that the platform maps memory one to one for the controller.
    ///
    /// # Safety
    ///
    /// Every pointer of the program, as a number, is the bus address of the same memory, and the
    /// controller's accesses are coherent with the processor's caches. True on a PC without an
    /// IOMMU and with identity paging.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

// SAFETY: the contract of `Identity::new`.
unsafe impl DmaSpace for Identity {
    #[inline(always)]
    fn map(&self, at: NonNull<u8>, _: usize, _: Direction) -> Option<u64> {
        Some(at.addr().get() as u64)
    }
}

/// A platform on which a bus address is the pointer plus a constant, and caches are coherent.
#[derive(Clone, Copy, Debug)]
pub struct Shifted(u64);

impl Shifted {
    /// States that bus address = pointer + `by` (wrapping) for all memory that will be mapped.
    ///
    /// # Safety
    ///
    /// As for [`Identity::new`], with the constant added.
    #[must_use]
    pub const unsafe fn new(by: u64) -> Self {
        Self(by)
    }
}

// SAFETY: the contract of `Shifted::new`.
unsafe impl DmaSpace for Shifted {
    #[inline(always)]
    fn map(&self, at: NonNull<u8>, _: usize, _: Direction) -> Option<u64> {
        Some((at.addr().get() as u64).wrapping_add(self.0))
    }
}
