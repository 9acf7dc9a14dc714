//! QEMU's `igb` as a test bed, driven by a raw driver of a few lines: what the bed promises, and
//! where QEMU's controller departs from the datasheet.
//!
//! Where there is no QEMU, these tests are left out, and one line says so; under `CI=true` that is
//! a failure.

mod driver;
mod gone;
mod receive;
mod settle;
mod transmit;
