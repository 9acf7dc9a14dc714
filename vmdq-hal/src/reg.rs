//! Typed register tokens, and the access that each of them allows.
//!
//! The family crates' generated tables hold one token for each register of each device. A token
//! knows its offset, its fields (a `tock-registers` name) and its access kind; the access kind
//! decides which methods exist:
//!
//! | kind | methods |
//! |---|---|
//! | [`Ro`] | `get`, `is_set`, `read` |
//! | [`Rw`] | those, `set`, `write`, `modify` |
//! | [`Wo`] | `set`, `write` |
//! | [`Rc`] (a read clears) | `take` |
//! | [`W1c`] (writing one clears) | `get`, `is_set`, `read`, `clear` |
//! | [`W1s`] (writing one sets) | `get`, `is_set`, `read`, `raise` |
//! | [`Dma`] (a write gives memory to the device, or lets the device use it) | `get`, `is_set`, `read`; unsafe: `give`, `give_fields`, `change` |
//!
//! A token accesses a register only through an [`Io`], which safe code can't make: this crate does. No reference to
//! device memory is ever formed.

pub(crate) mod io;

/// The crate from which the fields of registers are, in the version that the tokens need.
pub use tock_registers;

use core::marker::PhantomData;

use tock_registers::fields::{Field, FieldValue};
use tock_registers::{LocalRegisterCopy, RegisterLongName};

use crate::bus::{Offset, WINDOW};
use crate::platform::Platform;
use io::Io;

/// Access kind: read only.
pub enum Ro {}
/// Access kind: read and write.
pub enum Rw {}
/// Access kind: write only.
pub enum Wo {}
/// Access kind: a read clears, so every read is a `take`.
pub enum Rc {}
/// Access kind: writing one clears, so read-modify-write would clear too much.
pub enum W1c {}
/// Access kind: writing one sets, zeros change nothing.
pub enum W1s {}
/// Access kind: a write hands memory to the device.
pub enum Dma {}

/// Registers that can be read without a side effect.
#[diagnostic::on_unimplemented(
    message = "a register of access kind `{Self}` cannot be read without a side effect",
    label = "not a plain read",
    note = "a read-to-clear register offers `take()`, a write-only one nothing"
)]
pub trait PureRead {}
impl PureRead for Ro {}
impl PureRead for Rw {}
impl PureRead for W1c {}
impl PureRead for W1s {}
impl PureRead for Dma {}

/// Registers that take plain values.
#[diagnostic::on_unimplemented(
    message = "a register of access kind `{Self}` cannot be written with plain values",
    label = "not a plain write",
    note = "write-one-to-clear registers offer `clear()`, write-one-to-set ones `raise()`, DMA registers the unsafe `give()`; read-only ones nothing"
)]
pub trait PlainWrite {}
impl PlainWrite for Rw {}
impl PlainWrite for Wo {}

/// A register: an offset, fields `T` and access kind `A`.
pub struct Reg<T, A>(Offset, PhantomData<fn() -> (T, A)>);

impl<T, A> Clone for Reg<T, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, A> Copy for Reg<T, A> {}

impl<T, A> Reg<T, A> {
    /// Names the register at `at` bytes from the start of the window.
    ///
    /// # Panics
    ///
    /// As [`Offset::new`].
    #[inline(always)]
    #[must_use]
    pub const fn new(at: u32) -> Self {
        Self(Offset::new(at), PhantomData)
    }

    /// Returns the register's offset.
    #[inline(always)]
    #[must_use]
    pub const fn offset(self) -> Offset {
        self.0
    }

    /// Returns the register of a device.
    #[inline(always)]
    pub fn on<P: Platform>(self, io: Io<'_, P>) -> At<'_, P, T, A> {
        At { io, at: self.0, kind: PhantomData }
    }
}

/// Evenly spaced copies of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    base: u32,
    stride: u32,
    len: u32,
}

impl Window {
    /// Names `len` copies that are `stride` bytes apart, the first at `base`.
    ///
    /// # Panics
    ///
    /// If the copies are not 32-bit aligned or leave the register window.
    #[must_use]
    pub const fn new(base: u32, stride: u32, len: u32) -> Self {
        assert!(
            len > 0 && stride.is_multiple_of(4) && base.is_multiple_of(4),
            "register array is empty or not aligned"
        );
        // In 64 bits, which do not wrap: a wrapped sum would be outside the window.
        let last = base as u64 + stride as u64 * (len as u64 - 1);
        assert!(last < WINDOW as u64, "register array leaves the register window");
        Self { base, stride, len }
    }
}

/// An array of registers, in one or two windows.
pub struct RegArray<T, A>(Window, Option<Window>, PhantomData<fn() -> (T, A)>);

impl<T, A> Clone for RegArray<T, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, A> Copy for RegArray<T, A> {}

// An array of registers is never empty (`Window::new`).
#[allow(clippy::len_without_is_empty)]
impl<T, A> RegArray<T, A> {
    /// Names an array in one window.
    #[must_use]
    pub const fn new(window: Window) -> Self {
        Self(window, None, PhantomData)
    }

    /// Names an array whose later copies are in a second window.
    #[must_use]
    pub const fn split(first: Window, second: Window) -> Self {
        Self(first, Some(second), PhantomData)
    }

    /// Returns how many copies there are.
    #[inline(always)]
    #[must_use]
    pub const fn len(self) -> usize {
        let second = match self.1 {
            Some(window) => window.len,
            None => 0,
        };
        (self.0.len + second) as usize
    }

    /// Returns copy `i`; the last one if there is no copy `i`.
    ///
    /// Indices come from a port's own resources, so that none is out of range but by a mistake of the driver. A
    /// branch to a panic for it would be in every firmware.
    ///
    /// # Panics
    ///
    /// With debug assertions, if there is no copy `i`.
    #[inline(always)]
    #[must_use]
    pub const fn at(self, i: usize) -> Reg<T, A> {
        debug_assert!(i < self.len(), "register array index out of range");
        let (i, last) = (i as u32, self.len() as u32 - 1);
        let i = if i < last { i } else { last };
        let at = match self.1 {
            Some(second) if i >= self.0.len => second.base + (i - self.0.len) * second.stride,
            _ => self.0.base + i * self.0.stride,
        };
        Reg(Offset::checked_before(at), PhantomData)
    }
}

/// A register of a device.
pub struct At<'p, P, T, A> {
    io: Io<'p, P>,
    at: Offset,
    kind: PhantomData<fn() -> (T, A)>,
}

// The bounds stand on the methods: a bound that fails there gives the reader our message, one on an
// impl gives "trait bounds were not satisfied".
impl<P: Platform, T: RegisterLongName, A> At<'_, P, T, A> {
    /// Reads the whole register.
    #[inline(always)]
    pub fn get(&self) -> u32
    where
        A: PureRead,
    {
        self.io.read32(self.at)
    }

    /// Reads the register and keeps one field.
    #[inline(always)]
    pub fn read(&self, field: Field<u32, T>) -> u32
    where
        A: PureRead,
    {
        field.read(self.get())
    }

    /// Reads the register and tells whether any bit of the field is set.
    #[inline(always)]
    pub fn is_set(&self, field: Field<u32, T>) -> bool
    where
        A: PureRead,
    {
        field.is_set(self.get())
    }

    /// Writes the whole register.
    #[inline(always)]
    pub fn set(&self, value: u32)
    where
        A: PlainWrite,
    {
        self.io.write32(self.at, value);
    }

    /// Writes the given fields, and zero to all others.
    #[inline(always)]
    pub fn write(&self, fields: FieldValue<u32, T>)
    where
        A: PlainWrite,
    {
        self.set(fields.value);
    }

    /// Reads the register and writes it back with the given fields changed.
    #[inline(always)]
    pub fn modify(&self, fields: FieldValue<u32, T>)
    where
        A: PureRead + PlainWrite,
    {
        self.set(fields.modify(self.get()));
    }
}

impl<P: Platform, T: RegisterLongName> At<'_, P, T, Rc> {
    /// Reads the register, which clears it.
    #[must_use = "the read cleared the register: the value is the only copy"]
    #[inline(always)]
    pub fn take(&self) -> LocalRegisterCopy<u32, T> {
        LocalRegisterCopy::new(self.io.read32(self.at))
    }
}

impl<P: Platform, T: RegisterLongName> At<'_, P, T, W1c> {
    /// Clears the given bits and no others.
    #[inline(always)]
    pub fn clear(&self, bits: u32) {
        self.io.write32(self.at, bits);
    }
}

impl<P: Platform, T: RegisterLongName> At<'_, P, T, W1s> {
    /// Sets the given bits and no others.
    #[inline(always)]
    pub fn raise(&self, bits: u32) {
        self.io.write32(self.at, bits);
    }
}

impl<P: Platform, T: RegisterLongName> At<'_, P, T, Dma> {
    /// Writes a value that gives memory to the device, or lets it use memory that it was given.
    ///
    /// # Safety
    ///
    /// The device may read and write the memory that the new value gives it until the ring has
    /// been seen disabled or the device is reset.
    #[inline(always)]
    pub unsafe fn give(&self, value: u32) {
        self.io.write32(self.at, value);
    }

    /// Reads the register and writes it back with the given fields changed.
    ///
    /// # Safety
    ///
    /// As for [`give`](Self::give).
    #[inline(always)]
    pub unsafe fn change(&self, fields: FieldValue<u32, T>) {
        self.io.write32(self.at, fields.modify(self.get()));
    }

    /// Writes the given fields, and zero to all others.
    ///
    /// # Safety
    ///
    /// As for [`give`](Self::give).
    #[inline(always)]
    pub unsafe fn give_fields(&self, fields: FieldValue<u32, T>) {
        self.io.write32(self.at, fields.value);
    }
}
