#![no_std]
//! Gigabit controllers.
