//! The memory of descriptor rings: descriptors, and beside them software's record of each.
//!
//! Ring memory is `'static` and owned by the ring, so that leaking a ring is safe: nothing is freed
//! while the device may write. The shadow of what was posted lies here too and not in the ring
//! value, which is therefore small enough to be moved and returned freely.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::Buffer;
use crate::dma::Descriptor;

/// What software remembers of a descriptor: the buffer that was handed over.
type Slot = MaybeUninit<Buffer>;

/// Most descriptors of a ring.
const MOST: usize = 4096;

/// Memory of a ring of `N` descriptors, either way: a power of two from 8 to 4096.
///
/// One descriptor always stays empty, so that a ring takes `N - 1` buffers. On a platform with an
/// IOMMU, give it pages of its own: the device sees the whole page of the descriptors.
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::ring::{BufferPool, RingMemory};
/// use vmdq_hal::{Idle, NotStarted, Platform, Pool, Port, Refused, StartError, Started, Vmdq};
///
/// fn start<M: Model, P: Platform>(
///     port: &Port<M, P, Vmdq>,
///     pool: Pool<M, P, Idle>,
///     rx: &'static mut RingMemory<512>,
///     tx: &'static mut RingMemory<256>,
///     buffers: &mut BufferPool,
/// ) -> Result<Started<M, P>, Refused<StartError, NotStarted<M, P>>> {
///     port.start_with(pool, rx, tx, buffers)
/// }
/// ```
#[repr(C, align(128))]
pub struct RingMemory<const N: usize> {
    descriptors: [Descriptor; N],
    slots: [Slot; N],
    /// Transmit: the counters of descriptors that were asked for a report, as a queue. Targeted
    /// receive: the id of each descriptor's buffer.
    notes: [MaybeUninit<u32>; N],
}

/// A place in a ring: a descriptor, and the slot for what software remembers of it.
///
/// Both have the same size, so that one number, the offset in bytes, finds both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(usize);

/// Places of a step of [`Place::walk`].
const STEP: u32 = 4;

impl Place {
    /// The first place.
    pub(crate) const FIRST: Self = Self(0);

    /// Visits `most` places from the first on, in order, until `visit` refuses one; returns how many it
    /// did not refuse.
    ///
    /// Several at a step: the loop itself is a tenth of what there is to do for a frame.
    #[inline(always)]
    pub(crate) fn walk(most: u32, mut visit: impl FnMut(Self) -> bool) -> u32 {
        let (steps, end) = (Self::FIRST.ahead(most - most % STEP), Self::FIRST.ahead(most));
        let mut place = Self::FIRST;
        'run: {
            while place != steps {
                for _ in 0..STEP {
                    if !visit(place) {
                        break 'run;
                    }
                    place = place.next();
                }
            }
            while place != end && visit(place) {
                place = place.next();
            }
        }
        place.since(Self::FIRST)
    }

    /// Returns the place `count` further on, inside a run ([`RingSpace::run`]) or at its end.
    #[inline(always)]
    pub(crate) const fn ahead(self, count: u32) -> Self {
        Self(self.0 + count as usize * size_of::<Descriptor>())
    }

    /// Returns how many places there are from `first`, which lies in the same run, to this one.
    #[inline(always)]
    pub(crate) const fn since(self, first: Self) -> u32 {
        ((self.0 - first.0) / size_of::<Descriptor>()) as u32
    }

    /// Returns the place after this one, inside a run or at its end.
    #[inline(always)]
    pub(crate) const fn next(self) -> Self {
        self.ahead(1)
    }
}

const _: () = assert!(size_of::<Slot>() == size_of::<Descriptor>());

/// A number of descriptors, for the bound on [`RingMemory`].
pub enum Length<const N: usize> {}

/// The lengths that a ring can have: powers of two from 8 to 4096.
///
/// Code that is generic over the length of a ring states `Length<N>: RingLength`.
#[diagnostic::on_unimplemented(
    message = "a ring can't have this many descriptors: `{Self}`",
    label = "not a length of a ring",
    note = "use a power of two from 8 to 4096"
)]
pub trait RingLength {}

macro_rules! lengths {
    ($($n:literal)+) => { $(impl RingLength for Length<$n> {})+ };
}
lengths! { 8 16 32 64 128 256 512 1024 2048 4096 }

const fn check(n: usize) {
    // The device counts in 128 bytes (8 descriptors); the ring counts with a mask.
    assert!(n >= 8 && n <= MOST && n.is_power_of_two(), "a ring holds 8 to 4096 descriptors, a power of two");
}

impl<const N: usize> RingMemory<N> {
    // The second wall, should a length be added to the list that the device can't have.
    const CHECKED: () = check(N);

    /// Makes ring memory.
    #[must_use]
    pub const fn new() -> Self
    where
        Length<N>: RingLength,
    {
        const { Self::CHECKED };
        // SAFETY: descriptors are integers and slots may be uninitialised: zero is a value of each.
        unsafe { core::mem::zeroed() }
    }
}

impl<const N: usize> Default for RingMemory<N>
where
    Length<N>: RingLength,
{
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: through a shared reference nothing of it can be reached: what uses the memory takes it for good, by
// `&'static mut`. So a plain `static` of it compiles, and what is missing is said where it is used.
unsafe impl<const N: usize> Sync for RingMemory<N> {}

/// What a ring can be started on: ring memory that is taken for good, or that of a ring that was stopped.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the memory of a ring",
    label = "needs `&'static mut RingMemory<N>`, or the `RingSpace` of a ring that was stopped",
    note = "the device writes there: nobody else may reach it, so that a shared reference to a plain `static` will not do",
    note = "take it once, out of a `static` of `static_cell::ConstStaticCell` by `take`, or out of a `Box` by `leak`"
)]
pub trait RingSource {
    /// Takes the memory.
    fn into_space(self) -> RingSpace;
}

impl RingSource for RingSpace {
    fn into_space(self) -> RingSpace {
        self
    }
}

impl<const N: usize> RingSource for &'static mut RingMemory<N>
where
    Length<N>: RingLength,
{
    fn into_space(self) -> RingSpace {
        self.into()
    }
}

/// Where descriptors and slots are: a copy to work with, which the compiler keeps in registers.
///
/// Separate from [`RingSpace`], since what is reached through a ring's own fields would be read again
/// after each write to a frame, which for all the compiler knows changes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    descriptors: NonNull<Descriptor>,
    slots: NonNull<Buffer>,
    /// The length, a power of two, less one.
    mask: u32,
}

/// Owns the memory of a stopped ring of any length.
///
/// Made from a `&'static mut` to the memory; comes back when the queue is stopped.
#[must_use = "dropping it loses the ring memory"]
#[derive(Debug)]
pub struct RingSpace {
    pub(crate) places: Places,
    notes: NonNull<u32>,
}

// SAFETY: it owns `'static` memory exclusively.
unsafe impl Send for RingSpace {}
// SAFETY: rings write to it through `&mut` alone.
unsafe impl Sync for RingSpace {}

impl<const N: usize> From<&'static mut RingMemory<N>> for RingSpace
where
    Length<N>: RingLength,
{
    fn from(memory: &'static mut RingMemory<N>) -> Self {
        const { RingMemory::<N>::CHECKED };
        // From here on the memory is reached through raw pointers only: a reference would claim what
        // the device writes for this program alone.
        let at = NonNull::from(memory).as_ptr();
        // SAFETY: the field lies inside the memory that `at` points to.
        let descriptors = unsafe { &raw mut (*at).descriptors };
        // SAFETY: the field lies inside the memory that `at` points to.
        let slots = unsafe { &raw mut (*at).slots };
        // SAFETY: the field lies inside the memory that `at` points to.
        let notes = unsafe { &raw mut (*at).notes };
        let places = Places {
            // SAFETY: inside the memory of a reference, so not null.
            descriptors: unsafe { NonNull::new_unchecked(descriptors.cast()) },
            // SAFETY: inside the memory of a reference, so not null.
            slots: unsafe { NonNull::new_unchecked(slots.cast()) },
            mask: N as u32 - 1,
        };
        // SAFETY: inside the memory of a reference, so not null.
        Self { places, notes: unsafe { NonNull::new_unchecked(notes.cast()) } }
    }
}

impl RingSpace {
    /// Returns how many descriptors the ring has.
    #[inline(always)]
    #[must_use]
    pub const fn descriptors(&self) -> u32 {
        self.places.mask + 1
    }

    /// Points to the note with the number `index`, which runs freely.
    #[inline(always)]
    pub(crate) const fn note(&self, index: u32) -> NonNull<u32> {
        // SAFETY: below the length, a power of two.
        unsafe { self.notes.add((index & self.places.mask) as usize) }
    }

    /// Returns what has to be mapped for the device: the descriptors alone.
    pub(crate) const fn shared(&self) -> (NonNull<u8>, usize) {
        (self.places.descriptors.cast(), self.descriptors() as usize * size_of::<Descriptor>())
    }
}

impl Places {
    /// Returns the place of a counter: counters run freely, places are counters modulo the length.
    #[inline(always)]
    pub(crate) const fn at(&self, counter: u32) -> Place {
        Place((counter & self.mask) as usize * size_of::<Descriptor>())
    }

    /// Returns the run of places that begins at that of a counter, as places from the first on.
    #[inline(always)]
    pub(crate) const fn from(&self, counter: u32) -> Self {
        let Place(skip) = self.at(counter);
        // SAFETY: `at` stays below the length.
        let descriptors = unsafe { self.descriptors.byte_add(skip) };
        // SAFETY: as for the descriptors.
        Self { descriptors, slots: unsafe { self.slots.byte_add(skip) }, mask: self.mask }
    }

    /// Returns how many places from that of a counter on are adjacent.
    #[inline(always)]
    pub(crate) const fn run(&self, counter: u32) -> u32 {
        self.mask - (counter & self.mask) + 1
    }

    /// Reaches the descriptor of a place.
    #[inline(always)]
    pub(crate) const fn descriptor(&self, place: Place) -> &Descriptor {
        // SAFETY: `at` stays below the length, a power of two, and callers that go ahead stay in a run;
        // descriptors are interior-mutable words in `'static` memory.
        unsafe { self.descriptors.byte_add(place.0).as_ref() }
    }

    /// Points to the buffer in the slot of a place, or to where it goes.
    #[inline(always)]
    pub(crate) const fn slot(&self, place: Place) -> NonNull<Buffer> {
        // SAFETY: as for the descriptor.
        unsafe { self.slots.byte_add(place.0) }
    }
}
