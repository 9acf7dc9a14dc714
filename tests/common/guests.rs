//! Hypervisors that differ from `Guests` in how they map memory.

/// Implements `GuestMemory` for a type by its field `guests`.
macro_rules! memory_of_guests {
    ($hypervisor:ty) => {
        impl vmdq::vmm::GuestMemory for $hypervisor {
            fn validate(
                &self,
                vm: vmdq::vmm::VmId,
                range: vmdq::vmm::GuestRange,
            ) -> Result<(), vmdq::vmm::NotOwned> {
                self.guests.validate(vm, range)
            }

            fn read(&self, vm: vmdq::vmm::VmId, at: u64, into: &mut [u8]) -> Result<(), vmdq::vmm::NotOwned> {
                self.guests.read(vm, at, into)
            }

            fn write(&self, vm: vmdq::vmm::VmId, at: u64, from: &[u8]) -> Result<(), vmdq::vmm::NotOwned> {
                self.guests.write(vm, at, from)
            }

            fn notify(&self, vm: vmdq::vmm::VmId) {
                self.guests.notify(vm);
            }
        }
    };
}
pub(crate) use memory_of_guests;
