#![no_std]
//! Vocabulary of the VMDq crate family.

pub mod bus;
pub mod dma;
pub mod reg;
