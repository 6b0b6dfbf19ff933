using System.Runtime.InteropServices;

namespace Weft.Linux.Threads;

/// <summary>struct clone_args, as far as it is used; clone(2)'s arguments are brought to it. Source: clone(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArguments
{
    internal const ulong Vm = 0x100, Fs = 0x200, Files = 0x400, SigHand = 0x800, PidFdFlag = 0x1000, Vfork = 0x4000, Parent = 0x8000, Thread = 0x10000,
        NewMounts = 0x20000, SetTls = 0x80000, ParentSetTid = 0x100000, ChildClearTid = 0x200000, Detached = 0x400000, ChildSetTid = 0x1000000,
        NewUsers = 0x10000000, ClearSigHand = 0x100000000, IntoCgroup = 0x200000000, NewNamespaces = 0x7e020080, SignalMask = 0xff;

    internal ulong Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;

    /// <summary>Whether a flag is set.</summary>
    internal readonly bool Has(ulong flag) => (Flags & flag) != 0;
}
