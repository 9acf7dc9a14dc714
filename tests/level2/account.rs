//! What must hold of a world's frames: each is one that was sent, in order, and each is accounted for.

use vmdq::device::HeaderReplication;

use crate::common::{Concrete, number, vm as address};
use crate::vm::{Notified, Undelivered};
use crate::world::{VLAN, World};

impl<M: HeaderReplication + Concrete> World<M> {
    /// A machine reads a frame: it is one that was sent to it, and newer than the one before.
    pub(crate) fn read(&mut self, i: usize, notified: &Notified) {
        let vm = &self.vms[i];
        let mut bytes = vec![0; notified.length as usize];
        if vm.machine.guest.read(notified.range.at, &mut bytes).is_err() || self.lied || !vm.is_honest() {
            return;
        }
        let number = number(&bytes);
        let sent = self.sent.get(number as usize).expect("a frame that was sent");
        assert_eq!(bytes, sent.bytes);
        let flooded = sent.to.0[0] & 1 != 0;
        assert!(sent.to == address(i + 1) || flooded, "machine {i} got a frame for {}", sent.to);
        assert_ne!(sent.from, Some(i), "its own");
        let last = self.last.insert((sent.from, sent.to, i), number);
        assert!(last.is_none_or(|last| last < number), "{last:?}, then {number}");
        // Of the VLAN that it has alone the machine sees no tag.
        let vlan = sent.tag.map_or(0, |tag| tag & 0xfff);
        let expected = if vm.access { None } else { sent.tag.filter(|_| vlan != 0) };
        assert!(
            notified.tag == expected && (!vm.access || vlan == VLAN),
            "{:?} of {:?}",
            notified.tag,
            sent.tag
        );
    }

    /// Frames in = delivered + dropped, at each place and for each interface.
    pub(crate) fn balance(&self) {
        let drops = self.setup.bed.drops();
        assert_eq!((drops.disabled, drops.broken, drops.reset, drops.filtered), (0, 0, 0, 0));
        let ordinary = self.setup.pairs.iter().flatten().map(|pair| pair.rx.counters());
        let targeted = self.vms.iter().filter_map(|vm| Some(vm.targeted.as_ref()?.rx.counters()));
        let rings =
            ordinary.chain(targeted).map(|lost| lost.too_long + lost.malformed).sum::<u64>() + self.dropped;
        let wire = self.switch.interface_counters(self.uplink).expect("it is bound");
        let hardware = drops.no_descriptor + drops.too_long + drops.too_short;
        assert_eq!(self.injected, hardware + rings + wire.received.frames);
        for id in self.vms.iter().map(|vm| vm.id).chain([self.uplink]) {
            let counters = self.switch.interface_counters(id).expect("it is bound");
            let out = counters.forwarded + counters.flooded + counters.dropped.total();
            assert_eq!(counters.received.frames, out);
        }
        for (i, vm) in self.vms.iter().enumerate() {
            let sent_there = self.switch.interface_counters(vm.id).expect("it is bound").delivered.frames;
            let by_copy = vm.interface.counters();
            let Undelivered { no_buffer, not_owned, channel } = vm.undelivered;
            let lost = no_buffer
                + not_owned
                + channel
                + by_copy.no_buffer
                + by_copy.buffer_too_short
                + by_copy.buffer_not_owned
                + by_copy.buffer_malformed
                + by_copy.receive_corrupt;
            assert_eq!(sent_there, vm.notified + by_copy.delivered + lost, "machine {i}");
            let received = self.switch.interface_counters(vm.id).expect("it is bound").received.frames;
            assert_eq!(by_copy.sent, received, "machine {i}");
        }
    }
}
