//! The program of a virtual machine that is not hostile: it receives, and sends nothing.

use anyhow::{Context, Result};
use vmdq::channel::{GuestBuffer, Status, VirtualDriver};
use vmdq::{MacAddress, tag};
use vmdq_sim::Snapshot;

use super::layout::{ENTRIES, Layout};
use crate::digest::Account;
use crate::source::destination;

pub(crate) struct Receiver {
    layout: Layout,
    driver: VirtualDriver<'static, ENTRIES>,
    mac: MacAddress,
    account: Account,
    /// How often it was notified when it ran last: it sleeps until there is more.
    notified: u64,
    /// The memory before anything was received.
    before: Snapshot,
    /// What can't be if the hypervisor does its work.
    faults: Vec<String>,
    frame: Vec<u8>,
}

impl Receiver {
    /// Posts every buffer, on a channel that the I/O container laid out.
    pub(crate) fn start(layout: Layout, mac: MacAddress) -> Result<Self> {
        let mut driver = VirtualDriver::new(layout.receive, layout.transmit)?;
        for (id, range) in (0..).zip(&layout.buffers) {
            driver.post(GuestBuffer { id, range: *range })?;
        }
        // Nothing is there yet: it may sleep, and is notified of the first frame.
        driver.receive().may_sleep()?;
        let (before, notified) = (layout.guest.snapshot(), layout.guest.notified());
        let (account, faults, frame) = (Account::EMPTY, Vec::new(), Vec::new());
        Ok(Self { layout, driver, mac, account, notified, before, faults, frame })
    }

    /// Takes what was received, accounts for it, and posts the buffers again; sleeps on if it was not
    /// notified.
    pub(crate) fn work(&mut self) -> Result<()> {
        let before = std::mem::replace(&mut self.notified, self.layout.guest.notified());
        if self.notified == before {
            return Ok(());
        }
        loop {
            while let Some(done) = self.driver.received().context("an honest machine's channel")? {
                if done.status == Status::Done {
                    self.receive(done.buffer, done.length, done.tag)?;
                } else {
                    self.faults.push(format!("{}: an honest buffer came back {:?}", self.mac, done.status));
                }
                self.driver.post(done.buffer)?;
            }
            if self.driver.receive().may_sleep()? {
                return Ok(());
            }
        }
    }

    fn receive(&mut self, buffer: GuestBuffer, length: u32, tag: Option<u16>) -> Result<()> {
        self.frame.resize(length as usize, 0);
        self.layout.guest.read(buffer.range.at, &mut self.frame)?;
        if let Some(tag) = tag {
            put_back(&mut self.frame, tag);
        }
        let flooded = match destination(&self.frame) {
            Some(to) if to == self.mac => false,
            Some(to) if to.is_group() => true,
            to => {
                self.faults.push(format!("{}: received a frame to {to:?}", self.mac));
                return Ok(());
            }
        };
        self.account.add(&self.frame, flooded);
        Ok(())
    }

    /// Returns how many frames the machine can receive until it runs again.
    pub(crate) fn posted(&mut self) -> usize {
        self.driver.receive().posted()
    }

    pub(crate) const fn account(&self) -> Account {
        self.account
    }

    /// Says what went wrong: what it saw itself, and bytes that it did not share and that were
    /// written nevertheless.
    pub(crate) fn faults(&self) -> Vec<String> {
        let written = self.layout.guest.differences(&self.before);
        let foreign = written.into_iter().filter(|range| !self.layout.is_shared(*range));
        let tell = |range| format!("{}: memory that it does not share was written: {range:x?}", self.mac);
        self.faults.iter().cloned().chain(foreign.map(tell)).collect()
    }
}

/// Puts a VLAN tag back where it was on the wire.
fn put_back(frame: &mut Vec<u8>, tag: u16) {
    let at = frame.len().min(tag::AT);
    frame.splice(at..at, tag::bytes(tag));
}

#[cfg(test)]
mod tests {
    use super::put_back;

    #[test]
    fn the_tag_goes_behind_the_addresses() {
        let mut frame: Vec<u8> = (0..16).collect();
        put_back(&mut frame, 0xa005);
        assert_eq!(frame, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x81, 0, 0xa0, 5, 12, 13, 14, 15]);
    }
}
