//! A virtual machine of a random world: what it shares, what it does against the rules, and what it is
//! notified of frames.

use std::collections::BTreeMap;

use vmdq::FrameLimit;
use vmdq::channel::{BackEnd, GuestBuffer, Posted, Status, VirtualDriver, VirtualInterface, words};
use vmdq::device::HeaderReplication;
use vmdq::switch::InterfaceId;
use vmdq::targeted::ShareState;
use vmdq::vmm::{GuestMemory, GuestRange};
use vmdq_sim::Guests;

use crate::Targeted;
use crate::common::{Concrete, SimMachine};
use crate::hypervisor::Machine;
use crate::targeted_queue::BUFFER;

/// Entries of a channel, and buffers of a machine.
pub(crate) const ENTRIES: usize = 8;
/// Pages of a machine: its channel, its buffers, one to send from, and some that are unused.
const PAGES: usize = 2 + ENTRIES + 1 + 7;
/// Words of one direction of a channel.
const WORDS: usize = words(ENTRIES as u32);

/// What the I/O container could not give a machine, although the switch sent it there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Undelivered {
    /// The machine shared no buffer that a copy could go to.
    pub(crate) no_buffer: u64,
    /// The buffer was not the machine's memory any more.
    pub(crate) not_owned: u64,
    /// The machine broke its channel.
    pub(crate) channel: u64,
}

/// A frame that the machine was notified of.
#[derive(Debug)]
pub(crate) struct Notified {
    pub(crate) range: GuestRange,
    pub(crate) length: u32,
    pub(crate) tag: Option<u16>,
}

/// A machine, and what the I/O container keeps of it.
pub(crate) struct Vm<M: Concrete> {
    pub(crate) machine: Machine,
    // The I/O container's.
    pub(crate) interface: VirtualInterface<'static>,
    pub(crate) id: InterfaceId,
    /// The queue that it can have to itself.
    pub(crate) queue: Option<usize>,
    /// Whether it has one VLAN alone.
    pub(crate) access: bool,
    pub(crate) targeted: Option<Targeted<M, SimMachine>>,
    /// Buffers of the channel that the targeted ring has.
    pub(crate) tokens: [Option<Posted>; ENTRIES],
    pub(crate) notified: u64,
    pub(crate) undelivered: Undelivered,
    // The machine's.
    pub(crate) driver: VirtualDriver<'static, ENTRIES>,
    pub(crate) buffers: Vec<GuestRange>,
    pub(crate) sending: GuestRange,
    spare: GuestRange,
    channel: [GuestRange; 2],
    /// What it posted and did not get back.
    posted: BTreeMap<u16, GuestRange>,
    /// It wrote nonsense into its channel: what it makes of that is its own affair.
    broken: bool,
    /// It wrote into buffers that were posted: it can't expect to find frames in them.
    pub(crate) spoilt: bool,
    /// It posted a buffer twice: one frame may be over another.
    muddled: bool,
    /// It asked to be woken.
    asleep: bool,
}

impl<M: Concrete> Vm<M> {
    pub(crate) fn new(guests: &Guests, id: InterfaceId, queue: Option<usize>, access: bool) -> Self {
        let machine = Machine::new(guests, PAGES);
        let guest = &machine.guest;
        let alloc = |len: usize| guest.alloc(len as u32, 4096).expect("the machine has memory");
        let channel = [0, 1].map(|_| alloc(4 * WORDS));
        let [receive, transmit] = channel.map(|range| guest.words(range).expect("its own memory"));
        let back = |words| BackEnd::new(words, ENTRIES as u32).expect("it fits");
        let limit = FrameLimit::new(1518, 1518).expect("a limit");
        let interface = VirtualInterface::new(guest.vm(), back(receive), back(transmit), limit);
        let driver = VirtualDriver::new(receive, transmit).expect("laid out just now");
        let buffers = Vec::from_iter((0..ENTRIES).map(|_| alloc(BUFFER as usize)));
        let (sending, spare) = (alloc(2048), alloc(4 * 4096));
        Self {
            interface,
            id,
            queue,
            access,
            targeted: None,
            tokens: [const { None }; ENTRIES],
            notified: 0,
            undelivered: Undelivered::default(),
            driver,
            buffers,
            sending,
            spare,
            channel,
            posted: BTreeMap::new(),
            broken: false,
            spoilt: false,
            muddled: false,
            asleep: false,
            machine,
        }
    }

    /// Posts a range under the lowest number that is free, if there is one.
    fn post(&mut self, range: impl Fn(&Self, usize) -> GuestRange) {
        let Some(id) = (0..ENTRIES as u16).find(|id| !self.posted.contains_key(id)) else { return };
        let range = range(self, usize::from(id));
        if self.driver.post(GuestBuffer { id, range }).is_ok() {
            // Two entries for one buffer may both get a frame.
            self.muddled |= self.posted.values().any(|other| other.overlaps(range));
            self.posted.insert(id, range);
        }
    }

    /// Posts `count` buffers correctly.
    pub(crate) fn post_good(&mut self, count: usize) {
        (0..count).for_each(|_| self.post(|vm, id| vm.buffers[id]));
    }

    /// Posts what it should not; `other` is another machine's buffer.
    pub(crate) fn post_garbage(&mut self, kind: u8, other: GuestRange) {
        let memory = self.machine.guest.memory();
        let end = memory.at + u64::from(memory.len);
        self.post(|vm, id| match kind {
            0 => other,
            1 => GuestRange { at: vm.spare.at + 4, len: BUFFER },
            2 => GuestRange { at: vm.spare.at + 8192, len: 100 },
            3 => GuestRange { at: end - 1024, len: BUFFER },
            4 => GuestRange { at: vm.buffers[(id + 1) % ENTRIES].at + 64, len: BUFFER },
            5 => GuestRange { at: u64::MAX - 63, len: BUFFER },
            6 => GuestRange { at: other.at - 64, len: 4 * BUFFER },
            _ => GuestRange { at: vm.spare.at, len: 0 },
        });
    }

    /// Rewrites all its buffers, whoever has them.
    pub(crate) fn rewrite(&mut self, with: &[u8]) {
        for range in &self.buffers {
            // A machine that gave pages up has fewer.
            let _ = self.machine.guest.write(range.at, with);
        }
        self.spoilt = true;
        self.machine.absorb();
    }

    /// Writes a word of its channel.
    pub(crate) fn scribble(&mut self, at: usize, value: u32) {
        let range = self.channel[at / WORDS % 2];
        let _ = self.machine.guest.write(range.at + 4 * (at % WORDS) as u64, &value.to_le_bytes());
        self.broken = true;
        self.machine.absorb();
    }

    /// Tells whether the machine can expect to find the frames that it is notified of.
    pub(crate) const fn is_honest(&self) -> bool {
        !self.broken && !self.spoilt && !self.muddled
    }

    /// Checks that memory which the machine did not share is unchanged.
    pub(crate) fn look(&mut self) {
        let allowed = if self.broken {
            // It may have posted anything that is its own.
            vec![self.machine.guest.memory()]
        } else {
            self.posted.values().chain(&self.channel).copied().collect()
        };
        assert_eq!(self.machine.stray(&allowed), [], "machine {}", self.machine.guest.vm().0);
    }

    /// Takes what came back through the channel, and sleeps; returns the frames. Sees that it was woken,
    /// if it slept and anything came.
    pub(crate) fn drain(&mut self, guests: &Guests) -> Vec<Notified> {
        let before = guests.counters(self.interface.vm()).notified;
        let woken = self.interface.notify_if_needed(guests);
        assert_eq!(guests.counters(self.interface.vm()).notified, before + u64::from(woken));
        let (mut all, mut came) = (Vec::new(), false);
        // A broken channel may have no end.
        for _ in 0..4 * ENTRIES {
            let done = match self.driver.received() {
                Ok(None) => break,
                Ok(Some(done)) => done,
                Err(error) => {
                    assert!(self.broken, "{error}");
                    break;
                }
            };
            came = true;
            let range = self.posted.remove(&done.buffer.id);
            assert!(self.broken || range == Some(done.buffer.range));
            if done.status == Status::Done {
                all.push(Notified { range: done.buffer.range, length: done.length, tag: done.tag });
            }
        }
        while let Ok(Some(_)) = self.driver.reclaim() {
            came = true;
        }
        assert!(woken || !came || !self.asleep || self.broken, "it sleeps on");
        self.asleep = self.driver.may_sleep() == Ok(true);
        all
    }
}

impl<M: HeaderReplication + Concrete> Vm<M> {
    /// Copies a frame to the machine.
    pub(crate) fn copy(&mut self, guests: &Guests, bytes: &[u8], tag: Option<u16>) {
        let Some(pair) = &mut self.targeted else {
            let _ = self.interface.deliver(guests, bytes, tag);
            return;
        };
        let Some((id, range)) = pair.rx.take_held() else {
            self.undelivered.no_buffer += 1;
            return;
        };
        let token = self.tokens[usize::from(id)].take().expect("it was shared");
        let receive = self.interface.receive();
        if guests.write(self.machine.guest.vm(), range.at, bytes).is_err() {
            let _ = receive.give_back(token, Status::Refused);
            pair.rx.unshare(id).expect("it was delivered");
            self.undelivered.not_owned += 1;
        } else if receive.complete(token, bytes.len() as u32, tag).is_err() {
            self.undelivered.channel += 1;
        } else {
            self.notified += 1;
        }
    }

    /// Takes the buffers that the machine posted for targeted receive.
    pub(crate) fn admit(&mut self) {
        let Some(pair) = &mut self.targeted else { return };
        // A machine that breaks its channel may seem to post for ever.
        for _ in 0..2 * ENTRIES {
            let posted = match self.interface.receive().next() {
                None => break,
                Some(Err(_)) => continue,
                Some(Ok(posted)) => posted,
            };
            match share(pair, &posted) {
                Ok(()) => {
                    let id = usize::from(posted.id());
                    self.tokens[id] = Some(posted);
                }
                Err(()) => drop(self.interface.receive().give_back(posted, Status::Refused)),
            }
        }
        pair.rx.refill(&mut pair.headers);
    }
}

/// Shares a posted buffer, or takes it back if the machine returns it.
fn share<M: HeaderReplication + Concrete>(
    pair: &mut Targeted<M, SimMachine>,
    posted: &Posted,
) -> Result<(), ()> {
    let (id, range) = (posted.id(), posted.range());
    match pair.rx.shared(id) {
        Some((before, ShareState::Delivered)) if before == range => {
            return pair.rx.give_back(id).map_err(drop);
        }
        Some((_, ShareState::Delivered)) => pair.rx.unshare(id).map_err(drop)?,
        // One number for two buffers.
        Some(_) => return Err(()),
        None => {}
    }
    pair.rx.share(id, range).map_err(drop)
}
