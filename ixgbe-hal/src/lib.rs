#![no_std]
//! Ten-gigabit controllers.
