using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Kvm;

public sealed unsafe partial class KvmVm
{
    /// <summary>Maps guest physical memory on host memory; size 0 deletes the slot. Returns 0 or -errno.</summary>
    public long SetMemorySlot(uint slot, ulong guestPhysicalAddress, ulong sizeBytes, HostAddress host, bool readOnly = false)
    {
        UserMemoryRegion region = new()
        {
            Slot = slot,
            Flags = readOnly ? 2u : 0u,
            GuestPhysicalAddress = guestPhysicalAddress,
            SizeBytes = sizeBytes,
            HostAddress = host.Value,
        };
        return KvmSystem.Ioctl(_descriptor, KvmIoctl.SetUserMemoryRegion, (long)&region);
    }

    /// <summary>
    /// A guest store of any length that begins at the address, where no slot has memory, signals the eventfd instead of
    /// exiting. Returns 0 or -errno. Source: KVM API, 4.59 and KVM_CAP_IOEVENTFD_ANY_LENGTH.
    /// </summary>
    public long AssignIoEventFd(ulong guestPhysicalAddress, int eventDescriptor, bool remove = false)
    {
        const uint deassign = 4;
        IoEventFd request = new()
        {
            Address = guestPhysicalAddress,
            Descriptor = eventDescriptor,
            Flags = remove ? deassign : 0,
        };
        return KvmSystem.Ioctl(_descriptor, KvmIoctl.IoEventFd, (long)&request);
    }

    /// <summary>struct kvm_userspace_memory_region. Source: linux/include/uapi/linux/kvm.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct UserMemoryRegion
    {
        internal uint Slot, Flags;
        internal ulong GuestPhysicalAddress, SizeBytes, HostAddress;
    }

    /// <summary>struct kvm_ioeventfd. Source: linux/include/uapi/linux/kvm.h.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct IoEventFd
    {
        internal ulong DataMatch, Address;
        internal uint LengthBytes;
        internal int Descriptor;
        internal uint Flags;
    }
}
