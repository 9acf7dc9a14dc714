//! The fast path, which most frames take: groups that a filter sorted to a virtual interface.
//!
//! The checks of such a group depend only on its ids and its tag, until an interface is unbound. So an
//! interface remembers the last group that passed all checks: a group like it passes with one comparison, and
//! there is nothing to learn if it has the same source in the same millisecond. Only other groups are checked
//! step by step. The counts of groups that pass are kept separately, and added to both interfaces when these
//! are read or when another kind of group comes.
#![forbid(unsafe_code)]

use super::Switch;
use super::counters::{DropReason, InterfaceCounters, Load};
use super::decision::{Decision, Indication, Origin, Verdict};
use super::header::{self, Address, Header};
use super::interface::{InterfaceId, Kind};
use super::vlan::{Tag, Vlan};

/// The last group that a filter sorted to an interface and that was delivered.
#[derive(Clone, Copy)]
pub(super) struct Sorted {
    way: Way,
    /// The tag that was removed, or [`UNTAGGED`](Self::UNTAGGED).
    tag: u32,
    /// The VLAN that it was found to have.
    vlan: Vlan,
    lesson: Lesson,
    /// How many groups there were, and what was in them; to be settled.
    groups: u64,
    load: Load,
}

/// From which physical interface to which virtual one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    uplink: InterfaceId,
    to: InterfaceId,
}

/// What was learned from a group. There is nothing to learn from the same again: no address was removed
/// since, so this one is in its place, and was seen at that moment.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Lesson {
    source: Address,
    now: u64,
    gone: u64,
}

impl Lesson {
    /// Zero is not a unicast address, so it is never learned.
    const NONE: Self = Self { source: Address(0), now: 0, gone: 0 };
}

impl Sorted {
    /// Like no group.
    pub(super) const NONE: Self = Self {
        way: Way { uplink: InterfaceId::NONE, to: InterfaceId::NONE },
        tag: Self::UNTAGGED,
        vlan: Vlan::UNTAGGED,
        lesson: Lesson::NONE,
        groups: 0,
        load: Load { frames: 0, bytes: 0 },
    };

    /// No tag, as a number.
    const UNTAGGED: u32 = u32::MAX;

    /// Returns a tag as a number.
    #[inline(always)]
    const fn tag(tag: Option<u16>) -> u32 {
        match tag {
            Some(tag) => tag as u32,
            None => Self::UNTAGGED,
        }
    }

    /// Tells whether a group has this tag, and no error.
    #[inline(always)]
    const fn has(&self, group: &Indication) -> bool {
        // By cases, which takes an instruction less than one comparison of numbers.
        !group.error
            && match group.tag {
                None => self.tag == Self::UNTAGGED,
                Some(tag) => self.tag == tag as u32,
            }
    }

    #[inline(always)]
    const fn count(&mut self, load: Load) {
        self.groups = self.groups.wrapping_add(1);
        self.load.add(load);
    }

    /// Adds what is not yet settled to the counters of an interface: of the one that is called `number`,
    /// where this is what was sorted to the one called `to`.
    fn settle_with(&self, counters: &mut InterfaceCounters, number: usize, to: usize) {
        if number == self.way.uplink.number() && self.groups != 0 {
            counters.decisions = counters.decisions.wrapping_add(self.groups);
            counters.received.add(self.load);
            counters.forwarded = counters.forwarded.wrapping_add(self.load.frames);
        }
        if number == to {
            counters.delivered.add(self.load);
            counters.from_wire = counters.from_wire.wrapping_add(self.load.frames);
        }
    }
}

impl<const INTERFACES: usize, const ADDRESSES: usize> Switch<INTERFACES, ADDRESSES> {
    #[inline(always)]
    pub(super) fn forward_matched(
        &mut self,
        uplink: InterfaceId,
        to: InterfaceId,
        group: &Indication,
        load: Load,
        header: &[u8],
        now: u64,
    ) -> Decision {
        let answer = if let Some(slot) = self.slots.get_mut(to.number())
            && slot.sorted.way == (Way { uplink, to })
            && slot.sorted.has(group)
        {
            slot.sorted.count(load);
            let Sorted { vlan, lesson, .. } = slot.sorted;
            if let Some(source) = header::source(header)
                && lesson != (Lesson { source, now, gone: self.learned.gone() })
            {
                self.learn_again(uplink, to, source, now);
            }
            Ok((vlan, Tag::Outside(group.tag.unwrap_or(0))))
        } else {
            // Copied, so that for the others it needs no memory.
            self.ask((uplink, to), *group, load, header, now)
        };
        match answer {
            Ok((vlan, tag)) => Decision { verdict: Verdict::To(to), vlan, tag },
            Err(reason) => Decision::dropped(reason),
        }
    }

    /// Checks a group that is not like the last one.
    #[inline(never)]
    fn ask(
        &mut self,
        (uplink, to): (InterfaceId, InterfaceId),
        group: Indication,
        load: Load,
        header: &[u8],
        now: u64,
    ) -> Result<(Vlan, Tag), DropReason> {
        let (vlan, tag) = match self.matched(uplink, to, &group, load, header) {
            Ok(found) => found,
            Err(reason) => {
                self.discard(uplink, load, reason);
                return Err(reason);
            }
        };
        let way = Way { uplink, to };
        if self.slots[to.number()].sorted.way != way {
            self.settle(to.number());
        }
        let sorted = &mut self.slots[to.number()].sorted;
        // What was learned holds for other tags of the same VLAN.
        let lesson = if sorted.vlan == vlan { sorted.lesson } else { Lesson::NONE };
        *sorted = Sorted { way, tag: Sorted::tag(group.tag), vlan, lesson, ..*sorted };
        sorted.count(load);
        if self.service_tags && group.tag.is_none() {
            // A tag that is in the bytes can be another one the next time.
            self.settle(to.number());
        }
        if let Some(source) = header::source(header)
            && lesson != (Lesson { source, now, gone: self.learned.gone() })
        {
            self.learn_for((uplink, to), source, vlan, now);
        }
        Ok((vlan, tag))
    }

    fn matched(
        &self,
        uplink: InterfaceId,
        to: InterfaceId,
        group: &Indication,
        load: Load,
        header: &[u8],
    ) -> Result<(Vlan, Tag), DropReason> {
        let slot = self.slot(uplink).map_err(|_| DropReason::NoInterface)?;
        let Kind::Physical(_) = slot.kind else { return Err(DropReason::NoInterface) };
        if group.error {
            return Err(DropReason::Error);
        }
        let mut tag = Tag::Outside(group.tag.unwrap_or(0));
        if self.service_tags && group.tag.is_none() {
            if load.frames > 1 || matches!(group.from, Origin::Targeted { .. }) {
                return Err(DropReason::MixedTags);
            }
            tag = Header::read(header, None, true).ok_or(DropReason::Short)?.tag;
        }
        let vlan = slot.vlans.ingress(tag.control()).ok_or(DropReason::VlanIngress)?;
        let target = self.slot(to).map_err(|_| DropReason::Gone)?;
        let Kind::Virtual(_) = target.kind else { return Err(DropReason::Gone) };
        if !target.vlans.carries(vlan) {
            return Err(DropReason::VlanEgress);
        }
        if !slot.reach.contains(to.number()) {
            return Err(DropReason::NoPath);
        }
        Ok((vlan, tag))
    }

    /// Learns from a group that is like the last one but for its source or its time.
    #[inline(never)]
    fn learn_again(&mut self, uplink: InterfaceId, to: InterfaceId, source: Address, now: u64) {
        // From here, so that those that teach nothing don't look at it.
        let vlan = self.slots[to.number()].sorted.vlan;
        self.learn_for((uplink, to), source, vlan, now);
    }

    /// Learns from a group that was sorted to an interface.
    fn learn_for(&mut self, (uplink, to): (InterfaceId, InterfaceId), source: Address, vlan: Vlan, now: u64) {
        // A source that is none says nothing against the frames behind it.
        if source.is_station() && self.learn_from_wire(uplink, source, vlan, now) {
            self.slots[to.number()].sorted.lesson = Lesson { source, now, gone: self.learned.gone() };
        }
    }

    /// Settles the counts of groups that were sorted to an interface, and forgets what they were like.
    fn settle(&mut self, to: usize) {
        let sorted = core::mem::replace(&mut self.slots[to].sorted, Sorted::NONE);
        if sorted.groups != 0 {
            for number in [sorted.way.uplink.number(), to] {
                sorted.settle_with(&mut self.slots[number].counters, number, to);
            }
        }
    }

    /// Settles all counts, and forgets what sorted groups were like: the answers may be others now.
    pub(super) fn settle_all(&mut self) {
        (0..INTERFACES).for_each(|to| self.settle(to));
    }

    /// Returns the counters of an interface as if all were settled.
    pub(super) fn settled(&self, number: usize) -> InterfaceCounters {
        let mut counters = self.slots[number].counters;
        for (to, slot) in self.slots.iter().enumerate() {
            slot.sorted.settle_with(&mut counters, number, to);
        }
        counters
    }
}
