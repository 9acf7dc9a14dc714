#![no_std]
//! Facade.
