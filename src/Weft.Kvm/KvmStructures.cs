using System.Runtime.InteropServices;

namespace Weft.Kvm;

/// <summary>struct kvm_regs. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmRegisters
{
#pragma warning disable CS1591 // The fields are the processor's registers, in KVM's order.
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags;
#pragma warning restore CS1591
}

/// <summary>struct kvm_segment. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmSegment
{
#pragma warning disable CS1591 // The fields are a segment descriptor's, in KVM's order.
    public ulong Base;
    public uint Limit;
    public ushort Selector;
    public byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable, Padding;
#pragma warning restore CS1591
}

/// <summary>struct kvm_dtable. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmDescriptorTable
{
    /// <summary>Guest virtual address of the table.</summary>
    public ulong Base;

    /// <summary>Its length in bytes, less one.</summary>
    public ushort Limit;

    private readonly ushort _padding0, _padding1, _padding2;
}

/// <summary>struct kvm_sregs. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmSpecialRegisters
{
#pragma warning disable CS1591 // The fields are the processor's registers, in KVM's order.
    public KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    public KvmDescriptorTable Gdt, Idt;
    public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    public ulong InterruptBitmap0, InterruptBitmap1, InterruptBitmap2, InterruptBitmap3;
#pragma warning restore CS1591
}

/// <summary>Why KVM_RUN returned. Source: linux/include/uapi/linux/kvm.h.</summary>
public enum KvmExitReason : uint
{
#pragma warning disable CS1591 // Names are KVM's.
    Unknown = 0,
    Exception = 1,
    Io = 2,
    Hypercall = 3,
    Debug = 4,
    Halt = 5,
    Mmio = 6,
    IrqWindowOpen = 7,
    Shutdown = 8,
    FailEntry = 9,
    Interrupted = 10,
    InternalError = 17,
    SystemEvent = 24,
    MemoryFault = 39,
#pragma warning restore CS1591
}

/// <summary>What KVM can do beyond its first version (KVM_CAP_*). Source: linux/include/uapi/linux/kvm.h.</summary>
public enum KvmCapability
{
#pragma warning disable CS1591 // Names are KVM's.
    UserMemory = 3,
    NumberOfMemorySlots = 10,
    IoEventFd = 36,
    XSave = 55,
    Xcrs = 56,
    TscControl = 60,
    GetTscKhz = 61,
    MaximumVcpus = 66,
    SyncRegisters = 74,
    ReadOnlyMemory = 81,
    ImmediateExit = 136,
    XSave2 = 208,
#pragma warning restore CS1591
}
